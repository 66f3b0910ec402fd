import assert from "node:assert/strict";
import { test } from "node:test";
import { isAtLeast } from "../tools/runtimes.ts";
import { testCounts } from "../tools/test_counts.ts";

test("testCounts() reads the closing lines of each runner", () => {
  const counts = { passed: 12, failed: 1, skipped: 2 };
  const deno =
    "running 15 tests\nFAILED | 12 passed (3 steps) | 1 failed (1 step) | 2 ignored (5ms)\n";
  assert.deepEqual(testCounts("deno", deno), counts);
  assert.deepEqual(testCounts("bun", "\n 12 pass\n 2 skip\n 1 fail\nRan 15 tests"), counts);
  const node = "\u2139 tests 15\n\u2139 pass 12\n\u2139 fail 1\n\u2139 skipped 2\n";
  assert.deepEqual(testCounts("node", node), counts);
  assert.deepEqual(testCounts("node", "# pass 12\n# fail 1\n# skipped 2\n"), counts);
});

test("testCounts() has nothing to say about a runner that died", () => {
  assert.equal(testCounts("bun", "panic: out of memory"), undefined);
});

test("isAtLeast() compares numbers, not letters", () => {
  assert.equal(isAtLeast("22.18.0", "22.18.0"), true);
  assert.equal(isAtLeast("22.9.0", "22.18.0"), false);
  assert.equal(isAtLeast("24.0.0", "22.18.0"), true);
});
