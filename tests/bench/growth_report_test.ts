import assert from "node:assert/strict";
import { test } from "node:test";
import type { GrowthSeries } from "../../bench/growth/growth_report.ts";
import { allowedGrowth, judgeGrowth } from "../../bench/growth/growth_report.ts";

/** Costs at 100, 10,000 and 1,000,000 entries: twice and three times the logarithm. */
function series(...costs: readonly number[]): GrowthSeries {
  const points = costs.map((cost, i) => ({ size: 100 ** (i + 1), rounds: [cost, cost, cost * 9] }));
  return { name: "get", of: "entries", isYardstick: false, points };
}

test("allowedGrowth() is that of the logarithm and half as much again; small sizes count as 100", () => {
  assert.equal(allowedGrowth(100, 10_000), 3);
  assert.equal(allowedGrowth(1, 100), 1.5);
  assert.equal(allowedGrowth(1000, 1000), 1.5);
});

test("judgeGrowth() is met up to what is allowed, by medians", () => {
  const { growth, allowed, step, met } = judgeGrowth(series(10, 20, 44));
  assert.deepEqual({ growth, step, met }, { growth: 4.4, step: undefined, met: true });
  assert.ok(Math.abs(allowed - 4.5) < 1e-9);
});

test("judgeGrowth() finds the first step between neighbours, though the ends are as allowed", () => {
  const verdict = judgeGrowth(series(10, 31, 40));
  assert.deepEqual(verdict.step, [100, 10_000]);
  assert.equal(verdict.growth, 4);
  assert.equal(verdict.met, false);
});

test("judgeGrowth() misses when all steps are small, and together too much", () => {
  const verdict = judgeGrowth(series(10, 29, 60));
  assert.equal(verdict.step, undefined);
  assert.equal(verdict.met, false);
});
