import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { type Codec, codec, type KeyCodec } from "../../src/base/codec.ts";
import { RecordId } from "../../src/base/record_id.ts";

function encoded<T>(of: Codec<T>, value: T): Uint8Array {
  const out = new ByteWriter();
  of.encode(value, out);
  return out.toBytes();
}

test("codec.struct: an object with other fields is a TypeError", () => {
  const of = codec.struct({ a: codec.u8, toString: codec.u8 });
  const inherited: unknown = Object.create({ a: 1, toString: 1 });
  const hidden = Object.defineProperty({ a: 1 }, "toString", { value: 1 });
  const values: unknown[] = [
    ...[undefined, null, 1, "ab", () => 0, [], [1, 2], {}, inherited, hidden],
    ...[{ a: 1 }, { a: 1, b: 2 }, { toString: 1 }, { a: 1, toString: 1, b: 1 }],
    ...[{ a: 1, toString: undefined }, { a: "1", toString: 1 }],
    JSON.parse('{"a":1,"__proto__":{"toString":1}}'),
  ];
  for (const [at, value] of values.entries()) {
    assert.throws(() => encoded(of as Codec<unknown>, value), TypeError, `value ${at}`);
  }
  const sized = codec.struct({ length: codec.u8 });
  assert.throws(() => encoded(sized, []), TypeError);
  assert.deepEqual(encoded(sized, { length: 3 }), Uint8Array.of(3));
});

test("codec.struct: fields named as members of Object.prototype are plain fields", () => {
  const of = codec.struct({
    constructor: codec.u8,
    toString: codec.string,
    hasOwnProperty: codec.u8,
  });
  const value = { constructor: 1, toString: "s", hasOwnProperty: 2 };
  const bytes = encoded(of, value);
  const back = of.decode(bytes, 0, bytes.length);
  assert.deepEqual(Object.entries(back), Object.entries(value));
  assert.equal(Object.getPrototypeOf(back), Object.prototype);
});

test("codec.struct: no setter of Object.prototype sees a decoded value", () => {
  const of = codec.struct({ trapped: codec.u8 });
  const bytes = encoded(of, { trapped: 7 });
  Object.defineProperty(Object.prototype, "trapped", {
    configurable: true,
    set: () => assert.fail("the setter ran"),
  });
  try {
    assert.equal(of.decode(bytes, 0, 1).trapped, 7);
  } finally {
    delete (Object.prototype as { trapped?: unknown }).trapped;
  }
});

test("codec.struct: definitions that cannot be kept apart or in order are refused", () => {
  const struct = codec.struct as (fields: unknown) => Codec<unknown>;
  const u8 = codec.u8;
  for (const fields of [{}, JSON.parse('{"__proto__":1}'), { b: u8, 0: u8 }, { "17": u8 }]) {
    assert.throws(() => struct(fields), RangeError);
  }
  const values = [undefined, null, 1, "x", u8, [u8], { a: u8, [Symbol("s")]: u8 }, {
    a: undefined,
  }];
  for (const fields of [...values, { a: u8, __proto__: u8 }, Object.create({ a: u8 })]) {
    assert.throws(() => struct(fields), TypeError);
  }
});

test("codec.struct: two definitions have one name only if they are equal", () => {
  const { u8, string } = codec;
  const names = [
    codec.struct({ a: u8, b: u8 }),
    codec.struct({ b: u8, a: u8 }),
    codec.struct({ "a:u8,b": u8 }),
    codec.struct({ 'a":u8,"b': u8 }),
    codec.struct({ '"a"': u8, b: u8 }),
    codec.struct({ a: codec.struct({ b: u8 }) }),
    codec.struct({ "a:struct(b": u8 }),
    codec.struct({ "": u8 }),
    codec.struct({ "\ud800": u8 }),
    codec.struct({ "\\ud800": u8 }),
    codec.struct({ a: u8, b: string }),
  ].map((of) => of.name);
  assert.equal(new Set(names).size, names.length, names.join(" "));
});

test("codec.struct: the definition is read once", () => {
  const fields: { a: KeyCodec<unknown> } = { a: codec.u8 as KeyCodec<unknown> };
  const of = codec.struct(fields);
  fields.a = codec.string as KeyCodec<unknown>;
  assert.deepEqual(encoded(of, { a: 1 }), Uint8Array.of(1));
});

test("codec.struct: is for keys only if all fields are, and nests either way", () => {
  const note = codec.struct({ text: codec.json<string>(), data: codec.bytes });
  const of = codec.struct({ first: note, id: codec.recordId, json: codec.json<number[]>(), note });
  assert.equal("ordered" in codec.struct({ a: codec.u8 }), true);
  assert.equal("ordered" in note || "encodeElement" in note || "ordered" in of, false);
  interface Note {
    text: string;
    data: Uint8Array;
  }
  const value: { first: Note; id: RecordId; json: number[]; note: Note } = {
    first: { text: "a\0", data: Uint8Array.of(0, 0, 255) },
    id: new RecordId(1, 2),
    json: [1, 2],
    note: { text: "", data: Uint8Array.of(0) },
  };
  const bytes = encoded(of, value);
  const back: typeof value = of.decode(bytes, 0, bytes.length);
  assert.deepEqual(back, value);
});

test("codec.struct: only the last field may be a view, and it says so", () => {
  // A codec for values only whose results are views.
  const viewing: Codec<Uint8Array> = {
    name: "viewing",
    views: true,
    encode: (value, out) => codec.bytes.encode(value, out),
    decode: (bytes, begin, end) => bytes.subarray(begin, end),
  };
  const both = codec.struct({ a: viewing, b: viewing });
  assert.equal(both.views, true);
  assert.notEqual(codec.struct({ a: viewing, b: codec.u8 }).views, true);
  const bytes = encoded(both, { a: Uint8Array.of(1), b: Uint8Array.of(2) });
  const back = both.decode(bytes, 0, bytes.length);
  assert.equal(back.b.buffer, bytes.buffer);
  bytes.fill(9);
  assert.deepEqual(back.a, Uint8Array.of(1));
});
