import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { together } from "../../bench/callers.ts";

test("together(): each step is taken once, and so many are under way, each waiting for its own", async () => {
  const taken: number[] = [];
  let under = 0;
  let most = 0;
  const rate = await together(4, 10, async (i) => {
    taken.push(i);
    most = Math.max(most, ++under);
    await setImmediate();
    under--;
  });
  assert.deepEqual(taken, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(most, 4);
  assert.equal(under, 0);
  assert.ok(rate > 0 && Number.isFinite(rate));
});

test("together() fails when a step does", async () => {
  await assert.rejects(
    together(2, 10, (i) => i === 5 ? Promise.reject(new RangeError("no 5")) : undefined),
    RangeError,
  );
});
