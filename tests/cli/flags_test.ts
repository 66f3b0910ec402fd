import assert from "node:assert/strict";
import { test } from "node:test";
import type { Flag } from "../../src/cli/flags.ts";
import {
  choiceFlag,
  describeFlags,
  numberFlag,
  parseFlags,
  UsageError,
} from "../../src/cli/flags.ts";

const FLAGS: Record<string, Flag> = {
  file: { value: "FILE", help: "a file" },
  n: { value: "N", help: "a number" },
  fast: { help: "a switch" },
};

test("parseFlags reads values, switches and operands", () => {
  const parsed = parseFlags(["a", "--file", "x", "--n=5", "--fast", "-", "--", "--b"], FLAGS);
  assert.deepEqual([...parsed.values], [["file", "x"], ["n", "5"], ["fast", "true"]]);
  assert.deepEqual(parsed.operands, ["a", "-", "--b"]);
  for (const word of ["--no-fast", "--fast=false"]) {
    assert.equal(parseFlags([word], FLAGS).values.get("fast"), "false");
  }
  assert.equal(parseFlags(["--file=a=b"], FLAGS).values.get("file"), "a=b");
});

test("parseFlags refuses what it does not know", () => {
  const wrong = ["--x", "-f", "--no-file", "--no-x", "--toString", "--__proto__", "--file", "--="];
  for (const word of wrong) assert.throws(() => parseFlags([word], FLAGS), UsageError, word);
});

test("numberFlag and choiceFlag refuse what is out of range", () => {
  const flags = parseFlags(["--n", "7", "--file", "disk"], FLAGS);
  assert.equal(numberFlag(flags, "n", 1, 10), 7);
  assert.equal(numberFlag(flags, "absent", 1), undefined);
  assert.throws(() => numberFlag(flags, "n", 8), UsageError);
  assert.throws(() => numberFlag(flags, "n", 0, 6), UsageError);
  assert.throws(() => numberFlag(flags, "file", 0), UsageError);
  assert.equal(choiceFlag(flags, "file", ["disk", "os"]), "disk");
  assert.throws(() => choiceFlag(flags, "n", ["disk"]), UsageError);
});

test("describeFlags lists each flag in a line", () => {
  assert.equal(describeFlags(FLAGS).split("\n").length, 3);
  assert.match(describeFlags(FLAGS), /^ {2}--file FILE +a file$/m);
});
