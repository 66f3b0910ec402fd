/** Digests against those of the packages and platforms that people trust. */

import { blake3 as nobleBlake3 } from "@noble/hashes/blake3.js";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { blake3, type Digest, digestNamed, sha256 } from "../../src/base/digest.ts";
import { Prng } from "../../src/base/prng.ts";

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function digestOf(digest: Digest, ...parts: Uint8Array[]): string {
  const state = digest.create();
  for (const part of parts) state.update(part);
  return hex(state.digest());
}

function randomBytes(random: Prng, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  random.fill(bytes);
  return bytes;
}

const trusted: readonly [Digest, (bytes: Uint8Array) => string][] = [
  [sha256, (bytes) => createHash("sha256").update(bytes).digest("hex")],
  [blake3, (bytes) => hex(nobleBlake3(bytes))],
];

/** Lengths around every border: of blocks, of padding, of chunks, of subtrees. */
const LENGTHS = [
  ...Array.from({ length: 131 }, (_, length) => length),
  ...[1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17].flatMap((n) => [n * 1024 - 1, n * 1024, n * 1024 + 1]),
];

for (const [digest, expected] of trusted) {
  test(`digest ${digest.name}: every length equals the trusted one`, () => {
    const bytes = randomBytes(new Prng(1), 20_000);
    for (const length of LENGTHS) {
      const part = bytes.subarray(0, length);
      assert.equal(digestOf(digest, part), expected(part), `${length} bytes`);
    }
  });

  test(`digest ${digest.name}: the parts it comes in do not matter`, () => {
    const random = new Prng(2);
    const bytes = randomBytes(random, 9_000);
    for (let run = 0; run < 50; run++) {
      const parts: Uint8Array[] = [];
      for (let at = 0; at < bytes.length;) {
        const end = at + random.below(run % 2 === 0 ? 200 : 3_000);
        parts.push(bytes.subarray(at, end));
        at = end;
      }
      assert.equal(digestOf(digest, ...parts), expected(bytes));
    }
  });
}

test("digest: published values of nothing and of abc", () => {
  const abc = new TextEncoder().encode("abc");
  assert.equal(
    digestOf(sha256, abc),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  assert.equal(
    digestOf(blake3, new Uint8Array(0)),
    "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
  );
});

test("digestNamed: names without a function are a RangeError", () => {
  assert.equal(digestNamed("sha256"), sha256);
  for (const name of ["md5", "toString", "__proto__"]) {
    assert.throws(() => digestNamed(name), RangeError);
  }
});
