import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteReader } from "../../src/base/byte_reader.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { CorruptionError } from "../../src/errors.ts";
import { Generator } from "./generator.ts";

function isCorrupt(error: unknown): boolean {
  return error instanceof CorruptionError && error.code === "CORRUPT_VALUE";
}

test("ByteWriter: fixed widths are little-endian", () => {
  const out = new ByteWriter(0);
  out.u8(0x101);
  out.u16(0x0203);
  out.u32(0xf4050607);
  out.u64(0x0102030405060);
  out.bigU64(0xf102030405060708n);
  assert.deepEqual([...out.toBytes()], [
    ...[0x01, 0x03, 0x02, 0x07, 0x06, 0x05, 0xf4],
    ...[0x60, 0x50, 0x40, 0x30, 0x20, 0x10, 0, 0],
    ...[8, 7, 6, 5, 4, 3, 2, 0xf1],
  ]);
});

test("ByteWriter.varint: shortest LEB128", () => {
  const cases: [number, number[]][] = [
    [0, [0]],
    [127, [127]],
    [128, [0x80, 1]],
    [300, [0xac, 2]],
    [2 ** 31, [0x80, 0x80, 0x80, 0x80, 8]],
    [Number.MAX_SAFE_INTEGER, [255, 255, 255, 255, 255, 255, 255, 15]],
  ];
  for (const [value, expected] of cases) {
    const out = new ByteWriter();
    out.varint(value);
    assert.deepEqual([...out.toBytes()], expected, String(value));
    assert.equal(new ByteReader(out.toBytes()).varint(), value);
  }
});

test("ByteReader: reads back what ByteWriter wrote, in any order and through growth", () => {
  const random = new Generator(11);
  for (let round = 0; round < 300; round++) {
    const out = new ByteWriter(random.below(8));
    const checks: ((reader: ByteReader) => void)[] = [];
    for (let i = 0; i < 40; i++) {
      const exponent = random.below(53);
      const safe = Math.floor((random.u32() / 2 ** 32) * 2 ** exponent) + random.below(2);
      const word = random.u32();
      const big = random.u64();
      const part = random.bytes(random.below(120));
      const begin = random.below(part.length + 1);
      const steps: [() => void, (reader: ByteReader) => void][] = [
        [() => out.u8(word), (reader) => assert.equal(reader.u8(), word & 255)],
        [() => out.u16(word), (reader) => assert.equal(reader.u16(), word & 65535)],
        [() => out.u32(word), (reader) => assert.equal(reader.u32(), word)],
        [() => out.u64(safe), (reader) => assert.equal(reader.u64(), safe)],
        [() => out.bigU64(big), (reader) => assert.equal(reader.bigU64(), big)],
        [() => out.varint(safe), (reader) => assert.equal(reader.varint(), safe)],
        [() => out.raw(part), (reader) => assert.deepEqual(reader.raw(part.length), part)],
        [
          () => out.raw(part, begin, part.length),
          (reader) => assert.deepEqual(reader.raw(part.length - begin), part.subarray(begin)),
        ],
      ];
      const [write, check] = random.pick(steps);
      write();
      checks.push(check);
    }
    const reader = new ByteReader(out.bytes, 0, out.length);
    for (const check of checks) check(reader);
    assert.equal(reader.remaining, 0);
  }
});

test("ByteWriter.reserve: makes room and does not advance", () => {
  const out = new ByteWriter(4);
  out.u16(0x1234);
  assert.equal(out.reserve(1000), 2);
  assert.equal(out.length, 2);
  assert.ok(out.bytes.length >= 1002);
  out.bytes[2] = 9;
  out.length = 3;
  assert.deepEqual([...out.toBytes()], [0x34, 0x12, 9]);
});

test("ByteWriter.reset: keeps the buffer, and steady use allocates none", () => {
  const out = new ByteWriter(16);
  out.raw(new Uint8Array(1000));
  const { bytes } = out;
  for (let round = 0; round < 100; round++) {
    out.reset();
    assert.equal(out.length, 0);
    for (let i = 0; i < 100; i++) out.u64(i);
    assert.equal(out.bytes, bytes);
  }
});

test("ByteWriter: grows by doubling", () => {
  const out = new ByteWriter(1);
  const sizes = new Set<number>();
  for (let i = 0; i < 100_000; i++) {
    out.u8(i);
    sizes.add(out.bytes.length);
  }
  assert.ok(sizes.size <= 13, `${sizes.size} sizes`);
  assert.ok(out.toBytes().every((byte, i) => byte === (i & 255)));
});

test("ByteWriter.raw: may copy from itself while growing", () => {
  const out = new ByteWriter(64);
  for (let i = 0; i < 64; i++) out.u8(i);
  out.raw(out.bytes, 0, 64);
  assert.deepEqual(out.toBytes().subarray(64), out.toBytes().subarray(0, 64));
});

test("ByteWriter: impossible arguments are a RangeError and write nothing", () => {
  const out = new ByteWriter();
  for (const value of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => out.u64(value), RangeError);
    assert.throws(() => out.varint(value), RangeError);
  }
  for (const value of [-1n, 2n ** 64n]) assert.throws(() => out.bigU64(value), RangeError);
  const source = new Uint8Array(8);
  for (const [begin, end] of [[-1, 2], [0, 9], [5, 4], [NaN, 4]] as const) {
    assert.throws(() => out.raw(source, begin, end), RangeError);
    assert.throws(() => new ByteReader(source, begin, end), RangeError);
  }
  assert.equal(out.length, 0);
});

test("ByteReader: reading past the end is CORRUPT_VALUE and moves nothing", () => {
  const reads: [number, (reader: ByteReader) => unknown][] = [
    [1, (reader) => reader.u8()],
    [2, (reader) => reader.u16()],
    [4, (reader) => reader.u32()],
    [8, (reader) => reader.u64()],
    [8, (reader) => reader.bigU64()],
    [3, (reader) => reader.raw(3)],
    [3, (reader) => reader.skip(3)],
    [1, (reader) => reader.varint()],
  ];
  for (const [width, read] of reads) {
    for (let have = 0; have < width; have++) {
      const reader = new ByteReader(new Uint8Array(20), 2, 2 + have);
      assert.throws(() => read(reader), isCorrupt);
      assert.equal(reader.position, 2);
    }
    const enough = new ByteReader(new Uint8Array(20), 2, 2 + width);
    read(enough);
    assert.equal(enough.remaining, 0);
  }
  assert.throws(() => new ByteReader(new Uint8Array(4)).raw(-1), isCorrupt);
});

test("ByteReader: numbers without a valid form are CORRUPT_VALUE", () => {
  const varints = [
    [0x80],
    [0x80, 0x80],
    [0x80, 0],
    [0xff, 0x80, 0],
    [255, 255, 255, 255, 255, 255, 255, 16],
    [255, 255, 255, 255, 255, 255, 255, 255, 1],
    [128, 128, 128, 128, 128, 128, 128, 128, 128, 1],
  ];
  for (const bytes of varints) {
    const reader = new ByteReader(Uint8Array.from(bytes));
    assert.throws(() => reader.varint(), isCorrupt, String(bytes));
    assert.equal(reader.position, 0);
  }
  const tooLarge = new ByteReader(Uint8Array.from([0, 0, 0, 0, 0, 0, 32, 0]));
  assert.throws(() => tooLarge.u64(), isCorrupt);
});

test("ByteReader.raw: is a view", () => {
  const bytes = Uint8Array.from([1, 2, 3]);
  const view = new ByteReader(bytes, 1).raw(2);
  bytes[2] = 9;
  assert.deepEqual([...view], [2, 9]);
});
