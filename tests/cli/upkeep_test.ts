import assert from "node:assert/strict";
import { test } from "node:test";
import { Upkeep } from "../../src/cli/upkeep.ts";
import { IoError, StateError } from "../../src/errors.ts";
import { openStore } from "../http/open_store.ts";

test("Upkeep: goes on sweeping after a full disk, until the store takes no changes any more", async () => {
  const { store, close } = await openStore(() => Date.now());
  const full = new IoError("NO_SPACE", "full");
  const poisoned = new StateError("POISONED", "failed");
  const errors = [full, undefined, full, poisoned, full];
  let sweeps = 0;
  store.sweep = async () => {
    const error = errors[sweeps++];
    if (error !== undefined) throw error;
    return { expired: 0, freed: 0, more: false };
  };
  const told: unknown[] = [];
  const isOver = new Promise<void>((resolve) => {
    const upkeep = new Upkeep(store, (error) => {
      told.push(error);
      if (error !== poisoned) return;
      // Any further sweep would have begun by then.
      setTimeout(() => void upkeep.stop().then(resolve), 20);
    }, { sweepMs: 1, retryMs: 1 });
  });
  await isOver;
  assert.deepEqual(told, [full, full, poisoned]);
  assert.equal(sweeps, 4);
  await close();
});
