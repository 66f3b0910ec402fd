import assert from "node:assert/strict";
import { test } from "node:test";
import { median } from "../../bench/median.ts";
import { percentile } from "../../bench/streams/percentile.ts";

test("median() is the middle one by size, or the mean of the two in the middle", () => {
  assert.equal(median([7]), 7);
  assert.equal(median([9, 100, 8]), 9);
  assert.equal(median([10, 1, 4, 100]), 7);
  assert.throws(() => median([]), RangeError);
});

test("median() leaves the rounds in their order", () => {
  const rounds = [3, 1, 2];
  median(rounds);
  assert.deepEqual(rounds, [3, 1, 2]);
});

test("percentile() is the least value that so many do not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(percentile(hundred, 0), 1);
  assert.equal(percentile(hundred, 0.5), 50);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile(hundred, 0.991), 100);
  assert.equal(percentile(hundred, 1), 100);
  assert.equal(percentile([5], 0.99), 5);
  assert.throws(() => percentile([], 0.5), RangeError);
});
