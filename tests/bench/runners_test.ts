import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../bench/command_line.ts";
import { importPeer, NotHereError, requireThat } from "../../bench/compare/peer.ts";
import { loadRunners, versionsOf } from "../../bench/runners.ts";

const LOADERS = {
  here: () => Promise.resolve({ version: "1.2" }),
  other: () => Promise.resolve({ version: "3" }),
  absent: () => Promise.reject(new NotHereError("only the moon has it")),
  broken: () => Promise.reject(new TypeError("a mistake")),
};

test("loadRunners() loads in the order asked for, and says who is not here and why", async () => {
  const { runners, absent } = await loadRunners(LOADERS, ["other", "absent", "here"]);
  assert.equal(versionsOf(runners), "other 3, here 1.2");
  assert.deepEqual(absent, ["absent: not here, only the moon has it"]);
});

test("loadRunners() refuses a name that nobody has, and hides no mistake", async () => {
  await assert.rejects(loadRunners(LOADERS, ["nobody"]), UsageError);
  await assert.rejects(loadRunners(LOADERS, ["toString"]), UsageError);
  await assert.rejects(loadRunners(LOADERS, ["broken"]), TypeError);
});

test("a peer that cannot be loaded or made is not here", async () => {
  await assert.rejects(importPeer("no-package-has-this-name"), NotHereError);
  const fail = (): never => {
    throw new Error("no addon");
  };
  assert.throws(() => requireThat(fail, "its addon is missing"), NotHereError);
  assert.equal(requireThat(() => 7, "never"), 7);
});
