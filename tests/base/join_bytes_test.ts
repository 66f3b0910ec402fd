import assert from "node:assert/strict";
import { test } from "node:test";
import { joinBytes } from "../../src/base/join_bytes.ts";

test("joinBytes() puts parts one after the other, empty ones too, and copies what it joins", () => {
  const first = Uint8Array.of(1, 2);
  const parts = [first, new Uint8Array(0), Uint8Array.of(3)];
  const whole = joinBytes(parts);
  first[0] = 9;
  assert.deepEqual(whole, Uint8Array.of(1, 2, 3));
  assert.deepEqual(joinBytes([]), new Uint8Array(0));
});

test("joinBytes() of one part is that part", () => {
  const part = Uint8Array.of(1);
  assert.equal(joinBytes([part]), part);
});
