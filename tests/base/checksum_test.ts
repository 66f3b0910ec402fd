import assert from "node:assert/strict";
import { test } from "node:test";
import * as zlib from "node:zlib";
import { Checksum, crc32 } from "../../src/base/checksum.ts";
import { Generator } from "./generator.ts";

const ASCII = new TextEncoder();

function noise(length: number, seed: number): Uint8Array {
  return new Generator(seed).bytes(length);
}

function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) * 0xedb88320);
  }
  return ~crc >>> 0;
}

test("crc32: published check values", () => {
  const values: [string, number][] = [
    ["", 0],
    ["a", 0xe8b7be43],
    ["abc", 0x352441c2],
    ["123456789", 0xcbf43926],
    ["The quick brown fox jumps over the lazy dog", 0x414fa339],
  ];
  for (const [text, expected] of values) {
    const bytes = ASCII.encode(text);
    assert.equal(crc32(bytes, 0, bytes.length), expected, text);
  }
});

test("crc32: equals the definition bit by bit for every length to 100", () => {
  const bytes = noise(100, 7);
  for (let length = 0; length <= 100; length++) {
    assert.equal(crc32(bytes, 0, length), bitwise(bytes.subarray(0, length)), `${length} bytes`);
  }
});

test("crc32: equals zlib at random lengths, offsets and seeds", () => {
  const bytes = noise(10_000, 1);
  const random = new Generator(2);
  for (let round = 0; round < 3_000; round++) {
    const begin = random.below(5_000);
    const end = begin + random.below(round % 2 === 0 ? 70 : 5_000);
    const seed = round % 3 === 0 ? 0 : random.u32();
    assert.equal(
      crc32(bytes, begin, end, seed),
      zlib.crc32(bytes.subarray(begin, end), seed),
      `${begin}..${end} from ${seed}`,
    );
  }
});

test("crc32: a seed continues the checksum of what came before", () => {
  const bytes = noise(300, 3);
  const whole = crc32(bytes, 10, 290);
  for (let cut = 10; cut <= 290; cut++) {
    assert.equal(crc32(bytes, cut, 290, crc32(bytes, 10, cut)), whole);
  }
});

test("crc32: a range outside the bytes is a RangeError", () => {
  const bytes = noise(32, 4);
  for (const [begin, end] of [[-1, 4], [0, 33], [20, 10], [0, NaN]] as const) {
    assert.throws(() => crc32(bytes, begin, end), RangeError);
    assert.throws(() => new Checksum(zlib.crc32, 0).of(bytes, begin, end), RangeError);
  }
});

test("Checksum: native and portable agree, and each is used on its side of the limit", () => {
  const bytes = noise(4_096, 5);
  const lengths: number[] = [];
  const checksum = new Checksum((part, value) => {
    lengths.push(part.length);
    return zlib.crc32(part, value);
  }, 100);
  const portable = new Checksum();
  for (const [begin, end] of [[0, 99], [1, 101], [0, 4_096], [5, 104], [3, 4_001]] as const) {
    for (const seed of [0, 1, 0xffffffff]) {
      assert.equal(checksum.of(bytes, begin, end, seed), crc32(bytes, begin, end, seed));
      assert.equal(portable.of(bytes, begin, end, seed), crc32(bytes, begin, end, seed));
    }
  }
  assert.deepEqual([...new Set(lengths)], [100, 4_096, 3_998]);
});

test("Checksum: the native one begins at 512 bytes unless told", () => {
  const bytes = noise(512, 6);
  const lengths: number[] = [];
  const checksum = new Checksum((part, value) => {
    lengths.push(part.length);
    return zlib.crc32(part, value);
  });
  checksum.of(bytes, 0, 511);
  checksum.of(bytes, 0, 512);
  assert.deepEqual(lengths, [512]);
});
