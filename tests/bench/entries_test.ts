import assert from "node:assert/strict";
import { test } from "node:test";
import { KEY_BYTES, randomBytes, valueOf } from "../../bench/compare/workload.ts";
import { keysOf, Picks, valuesOf, writeKey } from "../../bench/open/entries.ts";

test("writeKey() makes a different key of each number, in no order", () => {
  const numbers = Array.from({ length: 20_000 }, (_, i) => i);
  const texts = keysOf(numbers).map((key) => key.join());
  assert.equal(new Set(texts).size, numbers.length);
  const first = keysOf(numbers).map((key) => key[0]!);
  const rising = first.filter((byte, i) => i > 0 && byte > first[i - 1]!).length;
  assert.ok(Math.abs(rising - 10_000) < 500, `${rising} of 20,000 rise`);
});

test("writeKey() writes all of a key: what was there is gone", () => {
  const key = new Uint8Array(KEY_BYTES).fill(0xff);
  writeKey(7, key);
  assert.deepEqual(key, keysOf([7])[0]);
});

test("valuesOf() are those of the numbers", () => {
  assert.deepEqual(valuesOf([3, 9]), [valueOf(3), valueOf(9)]);
});

test("Picks are below their bound, all over it, equal for equal seeds and else not", () => {
  const take = (seed: number): number[] => {
    const picks = new Picks(seed, 10);
    return Array.from({ length: 200 }, () => picks.next());
  };
  assert.deepEqual([...new Set(take(1))].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(take(1), take(1));
  assert.notDeepEqual(take(1), take(2));
});

test("randomBytes() are equal for equal seeds and else not, and of any length", () => {
  assert.deepEqual(randomBytes(5, 100), randomBytes(5, 100));
  assert.notDeepEqual(randomBytes(5, 100), randomBytes(6, 100));
  assert.deepEqual(randomBytes(5, 100).subarray(0, 7), randomBytes(5, 7));
});
