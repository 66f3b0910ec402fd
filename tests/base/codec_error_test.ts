import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteReader } from "../../src/base/byte_reader.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { type Codec, codec, type KeyCodec } from "../../src/base/codec.ts";
import { RecordId } from "../../src/base/record_id.ts";
import { CorruptionError } from "../../src/errors.ts";
import { Generator } from "./generator.ts";

function encoded<T>(of: Codec<T>, value: T): Uint8Array {
  const out = new ByteWriter();
  of.encode(value, out);
  return out.toBytes();
}

function isCorrupt(error: unknown): boolean {
  return error instanceof CorruptionError && error.code === "CORRUPT_VALUE";
}

const UUID = "00112233-4455-6677-8899-aabbccddeeff";

const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));

test("codec: the bytes of each are as documented", () => {
  const element = <T>(of: KeyCodec<T>, value: T): Uint8Array => {
    const out = new ByteWriter();
    of.encodeElement(value, out);
    return out.toBytes();
  };
  const cases: [Uint8Array, string][] = [
    [encoded(codec.bytes, hex("00ff")), "00ff"],
    [element(codec.bytes, hex("00ff")), "00ffff0000"],
    [encoded(codec.string, "a\0é😀"), "6100c3a9f09f9880"],
    [element(codec.string, "a\0"), "6100ff0000"],
    [encoded(codec.boolean, true), "01"],
    [encoded(codec.u16, 258), "0102"],
    [encoded(codec.u64, 258n), "0000000000000102"],
    [encoded(codec.i8, -128), "00"],
    [encoded(codec.i32, -1), "7fffffff"],
    [encoded(codec.i64, 0n), "8000000000000000"],
    [encoded(codec.u128, 2n ** 64n + 258n), "00000000000000010000000000000102"],
    [encoded(codec.i128, 0n), "80000000000000000000000000000000"],
    [encoded(codec.i128, -1n), "7fffffffffffffffffffffffffffffff"],
    [encoded(codec.uuid, UUID), "00112233445566778899aabbccddeeff"],
    [encoded(codec.recordId, new RecordId(258, 2 ** 32 + 3)), "000001020000000100000003"],
    [encoded(codec.struct({ b: codec.string, a: codec.string }), { a: "y", b: "x" }), "78000079"],
    [encoded(codec.struct({ j: codec.json(), k: codec.json() }), { j: 1, k: 2 }), "31000032"],
    [encoded(codec.f64, 1), "bff0000000000000"],
    [encoded(codec.f64, -0), "7fffffffffffffff"],
    [encoded(codec.f64, NaN), "fff8000000000000"],
    [encoded(codec.f32, NaN), "ffc00000"],
    [encoded(codec.date, new Date(-1)), "7fffffffffffffff"],
    [encoded(codec.tuple(codec.string, codec.string), ["a", "b"]), "61000062"],
    [element(codec.tuple(codec.string, codec.string), ["a", "b"]), "610000620000"],
    [encoded(codec.desc(codec.string), "a"), "9effff"],
    [encoded(codec.fixed(2), hex("0001")), "0001"],
    [encoded(codec.json(), { a: "é" }), "7b2261223a22c3a9227d"],
  ];
  for (const [bytes, expected] of cases) assert.deepEqual(bytes, hex(expected), expected);
});

test("codec: names tell codecs apart and spell out their parts", () => {
  const { tuple, desc, fixed, struct, json, ...scalars } = codec;
  for (const [name, of] of Object.entries(scalars)) assert.equal(of.name, name);
  assert.equal(json().name, "json");
  assert.equal(
    tuple(desc(codec.string), fixed(16), tuple(codec.u8)).name,
    "tuple(desc(string),fixed(16),tuple(u8))",
  );
  assert.equal(
    struct({ x: codec.f64, inner: struct({ "a b": json() }) }).name,
    'struct(x:f64,inner:struct("a b":json))',
  );
});

test("codec: values out of range are a RangeError", () => {
  const cases: [Codec<unknown>, unknown[]][] = [
    [codec.u8, [-1, 256, 1.5, NaN, Infinity]],
    [codec.u16, [-1, 65536]],
    [codec.u32, [-1, 2 ** 32]],
    [codec.i8, [-129, 128]],
    [codec.i16, [-32769, 32768]],
    [codec.i32, [-(2 ** 31) - 1, 2 ** 31, 0.5]],
    [codec.u64, [-1n, 2n ** 64n]],
    [codec.i64, [-(2n ** 63n) - 1n, 2n ** 63n]],
    [codec.u128, [-1n, 2n ** 128n]],
    [codec.i128, [-(2n ** 127n) - 1n, 2n ** 127n]],
    [codec.uuid, [
      ...["", UUID.slice(1), `${UUID}0`, `{${UUID}}`, UUID.replaceAll("-", ""), `0${UUID}`],
      ...["/", ":", "@", "G", "`", "g", "\u0110", "-", " "].map((bad) => UUID.replace("f", bad)),
      ...[8, 13, 18, 23].map((at) => `${UUID.slice(0, at)}0${UUID.slice(at + 1)}`),
    ]],
    [codec.f32, [1e39, -1e39]],
    [codec.fixed(2), [new Uint8Array(1), new Uint8Array(3)]],
  ];
  for (const [of, values] of cases) {
    for (const value of values) {
      assert.throws(() => encoded(of, value), RangeError, `${of.name} ${String(value)}`);
    }
  }
  for (const width of [-1, 1.5, 65536]) assert.throws(() => codec.fixed(width), RangeError);
});

test("codec: values of the wrong kind are a TypeError", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const pair = codec.tuple(codec.u8, codec.u8);
  const cases: [Codec<unknown>, unknown[]][] = [
    [codec.bytes, ["a", [1], new Uint16Array(1), new ArrayBuffer(1), undefined]],
    [codec.fixed(1), ["a", [1]]],
    [codec.string, [1, null, undefined, new Uint8Array(1)]],
    [codec.boolean, [0, "true", undefined]],
    [codec.u8, ["1", 1n, null, undefined, true]],
    [codec.i32, ["1", 1n, new Date(0)]],
    [codec.u64, [1, "1", null]],
    [codec.i64, [1]],
    [codec.f64, ["1", 1n, undefined]],
    [codec.u128, [1, "1", undefined]],
    [codec.i128, [1, null]],
    [codec.uuid, [1n, null, undefined, new Uint8Array(16)]],
    [codec.recordId, ["1-2", { segment: 1, serial: 2 }, null, undefined]],
    [codec.date, [0, "1970-01-01", new Date(NaN)]],
    [codec.json(), [undefined, () => 0, Symbol("s"), 1n, cyclic]],
    [pair, [1, { 0: 1, 1: 2, length: 2 }, [1], [1, 2, 3], ["1", 2]]],
    [codec.desc(codec.u8), ["1"]],
  ];
  for (const [of, values] of cases) {
    for (const value of values) assert.throws(() => encoded(of, value), TypeError, of.name);
  }
});

test("codec.string: surrogates without a partner are a TypeError, short and long", () => {
  for (const bad of ["\ud800", "\udc00", "a\ud800b", "\udc00\ud800", "\ud800\ud800\udc00"]) {
    for (const padding of ["", "x".repeat(100)]) {
      assert.throws(() => encoded(codec.string, padding + bad), TypeError);
      assert.throws(() => encoded(codec.string, bad + padding), TypeError);
    }
  }
  assert.deepEqual(encoded(codec.json(), "\ud800"), new TextEncoder().encode('"\\ud800"'));
});

test("codec.string: every length to 200 of several alphabets equals the platform's UTF-8", () => {
  const platform = new TextEncoder();
  for (const unit of ["a", "é", "€", "😀", "\0", "ab€"]) {
    for (let count = 0; count <= 200; count++) {
      const text = unit.repeat(count);
      const bytes = encoded(codec.string, text);
      assert.deepEqual(bytes, platform.encode(text), `${unit} x ${count}`);
      assert.equal(codec.string.decode(bytes, 0, bytes.length), text);
    }
  }
});

test("codec.string: accepts and refuses the same bytes as the platform's strict decoder", () => {
  const platform = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const random = new Generator(10);
  const edges = [0, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed]
    .concat([0xef, 0xf0, 0xf4, 0xf5, 0xff]);
  let accepted = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: random.below(12) }, () => random.pick(["a", "é", "€", "😀"]));
    const bytes = new TextEncoder().encode(text.join("")).slice(
      0,
      random.pick([5, 31, 32, 33, 99]),
    );
    if (round % 2 === 0) bytes[random.below(bytes.length + 1)] = random.pick(edges);
    if (round % 8 === 0) bytes.forEach((_, i) => bytes[i] = random.pick(edges));
    let expected: string | undefined;
    try {
      expected = platform.decode(bytes);
      accepted++;
    } catch (error) {
      assert.ok(error instanceof TypeError);
    }
    if (expected === undefined) {
      assert.throws(() => codec.string.decode(bytes, 0, bytes.length), isCorrupt, String(bytes));
    } else {
      assert.equal(codec.string.decode(bytes, 0, bytes.length), expected, String(bytes));
    }
  }
  assert.ok(accepted > 5_000 && accepted < 18_000, `${accepted} accepted`);
});

test("codec.string: a byte order mark is a character like others", () => {
  const bytes = encoded(codec.string, "\ufeffa");
  assert.equal(codec.string.decode(bytes, 0, bytes.length), "\ufeffa");
});

test("codec: malformed bytes are CORRUPT_VALUE", () => {
  const cases: [Codec<unknown>, string[]][] = [
    [codec.string, ["80", "c3", "c0af", "eda080", "f4908080", "61ff", "ff".repeat(50)]],
    [codec.json(), ["", "7b", "6162", "22c322", "3120 32".replace(" ", "")]],
    [codec.boolean, ["", "02", "0001"]],
    [codec.u8, ["", "0000"]],
    [codec.i16, ["00", "000000"]],
    [codec.u32, ["000000", "0000000000"]],
    [codec.u64, ["00", "00".repeat(9)]],
    [codec.f32, ["000000", "00".repeat(5), "ffffffff", "00000000", "ffc00001"]],
    [codec.f64, ["00", "00".repeat(9), "ff".repeat(8), "00".repeat(8), "fff8000000000001"]],
    [codec.date, ["00", "00".repeat(8), "ff".repeat(8), "80".repeat(9), "801eb208c2dc0001"]],
    [codec.u128, ["00".repeat(15), "00".repeat(17)]],
    [codec.i128, ["", "00".repeat(8)]],
    [codec.uuid, ["00".repeat(15), "00".repeat(17)]],
    [codec.recordId, ["00".repeat(11), "00".repeat(13), "000000000020000000000000"]],
    [codec.struct({ a: codec.bytes, b: codec.u8 }), ["", "61", "610061", "6100000102", "610000"]],
    [codec.struct({ a: codec.json(), b: codec.u8 }), ["", "31", "31000102", "7b000001", "310000"]],
    [codec.fixed(2), ["00", "000000"]],
    [codec.tuple(codec.bytes, codec.u8), ["", "61", "610061", "6100000102", "610000", "6100"]],
    [codec.tuple(codec.u8), ["", "0000"]],
    [codec.desc(codec.bytes), ["", "9e", "9eff", "9efffe", "9effff00"]],
    [codec.desc(codec.u8), ["", "0000"]],
  ];
  for (const [of, inputs] of cases) {
    for (const input of inputs) {
      const bytes = hex(input);
      assert.throws(() => of.decode(bytes, 0, bytes.length), isCorrupt, `${of.name} ${input}`);
    }
  }
});

test("codec: a broken element is CORRUPT_VALUE and leaves the reader where it was", () => {
  const cases: [KeyCodec<unknown>, string[]][] = [
    [codec.bytes, ["", "61", "6100", "610001", "00ff", "00ff00", "00fe0000"]],
    [codec.string, ["", "ff0000", "6100"]],
    [codec.u32, ["", "000000"]],
    [codec.i64, ["00"]],
    [codec.i128, ["00".repeat(15)]],
    [codec.uuid, ["00".repeat(15)]],
    [codec.recordId, ["00".repeat(11), "000000000020000000000000"]],
    [codec.struct({ a: codec.u8, b: codec.boolean }), ["01", "0102"]],
    [codec.f64, ["00", "ff".repeat(8)]],
    [codec.boolean, ["", "02"]],
    [codec.date, ["00", "ff".repeat(8)]],
    [codec.fixed(2), ["00"]],
    [codec.tuple(codec.u8, codec.bytes), ["01", "0161", "016100"]],
    [codec.desc(codec.tuple(codec.u8, codec.bytes)), ["01", "019eff"]],
  ];
  for (const [of, inputs] of cases) {
    for (const input of inputs) {
      const reader = new ByteReader(hex(`aa${input}`), 1);
      assert.throws(() => of.decodeElement(reader), isCorrupt, `${of.name} ${input}`);
      assert.equal(reader.position, 1, `${of.name} ${input}`);
    }
  }
});

test("codec: random bytes decode to what encodes to them, or are CORRUPT_VALUE", () => {
  const random = new Generator(9);
  const kinds: Codec<unknown>[] = [
    codec.string,
    codec.boolean,
    codec.u8,
    codec.i32,
    codec.u64,
    codec.f32,
    codec.f64,
    codec.date,
    codec.fixed(4),
    codec.struct({ b: codec.bytes, a: codec.boolean }),
    codec.tuple(codec.bytes, codec.bytes),
    codec.tuple(codec.desc(codec.bytes), codec.i8),
  ];
  for (let round = 0; round < 30_000; round++) {
    const of = random.pick(kinds);
    const bytes = random.bytes(random.below(10));
    let value: unknown;
    try {
      value = of.decode(bytes, 0, bytes.length);
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      continue;
    }
    assert.deepEqual(encoded(of, value), bytes, of.name);
  }
});

test("codec.bytes: decode gives a view and says so; elements are copies", () => {
  const source = new Uint8Array([1, 2, 0, 0]);
  assert.equal(codec.bytes.views, true);
  assert.equal(codec.bytes.decode(source, 0, 2).buffer, source.buffer);
  assert.equal(codec.fixed(2).decode(source, 0, 2).buffer, source.buffer);
  const element = codec.bytes.decodeElement(new ByteReader(source));
  source.fill(9);
  assert.deepEqual(element, new Uint8Array([1, 2]));
});

test("codec.json: what comes back is what JSON keeps", () => {
  const value = { text: "é\u2028\0", list: [1, null, true, -1.5e300], "__proto__x": {} };
  const of = codec.json<typeof value>();
  const bytes = encoded(of, value);
  assert.deepEqual(of.decode(bytes, 0, bytes.length), value);
});

test("codec.tuple: without elements is a RangeError", () => {
  const empty = codec.tuple as unknown as () => unknown;
  assert.throws(() => empty(), RangeError);
});

test("codec.uuid: upper case is taken and comes back in lower case", () => {
  const bytes = encoded(codec.uuid, UUID.toUpperCase());
  assert.deepEqual(bytes, encoded(codec.uuid, UUID));
  assert.equal(codec.uuid.decode(bytes, 0, bytes.length), UUID);
});

test("codec.uuid, u128, i128, recordId: random bytes that are valid decode to what made them", () => {
  const random = new Generator(11);
  for (let round = 0; round < 5_000; round++) {
    const bytes = random.bytes(16);
    for (const each of [codec.uuid, codec.u128, codec.i128] as Codec<unknown>[]) {
      assert.deepEqual(encoded(each, each.decode(bytes, 0, 16)), bytes, each.name);
    }
    bytes[4] = 0;
    bytes[5]! &= 0x1f;
    const id = codec.recordId.decode(bytes, 0, 12);
    assert.deepEqual(encoded(codec.recordId, id), bytes.slice(0, 12));
  }
});
