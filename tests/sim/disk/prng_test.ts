/** The seeded generator. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { Prng } from "../../../src/base/prng.ts";

test("Prng: known numbers, the same on every runtime", () => {
  const random = new Prng(42n);
  assert.deepEqual([random.next(), random.next(), random.below(6)], [3893884377, 145076852, 4]);
  assert.notEqual(random.fork("a").next(), random.fork("b").next());
  assert.equal(random.fork("a").next(), random.fork("a").next());
  assert.notEqual(new Prng(1n << 32n).next(), new Prng(0).next());
  assert.throws(() => random.below(0), RangeError);
});
