import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBase64, encodeBase64 } from "../../src/base/base64.ts";
import { codecOf, readCodecName } from "../../src/base/codec_name.ts";
import { ByteWriter, codec } from "../../mod.ts";
import { CODEC_SAMPLES } from "./codec_samples.ts";
import { Generator } from "./generator.ts";

test("codecOf: the name of every codec gives a codec of that name", () => {
  for (const { codec: of } of CODEC_SAMPLES) assert.equal(codecOf(of.name)?.name, of.name);
});

test("readCodecName: values survive JSON, to the same bytes", () => {
  const random = new Generator(7);
  for (const { codec: of, make } of CODEC_SAMPLES) {
    const found = readCodecName(`(${of.name})`, 1);
    assert.equal(found?.end, of.name.length + 1, of.name);
    for (let i = 0; i < 200; i++) {
      const value = make(random);
      const wanted = new ByteWriter();
      of.encode(value, wanted);
      const text: string = JSON.stringify(found.plain.toPlain(value));
      const out = new ByteWriter();
      found.codec.encode(found.plain.fromPlain(JSON.parse(text)), out);
      assert.deepEqual(out.toBytes(), wanted.toBytes(), `${of.name}: ${text}`);
    }
  }
});

test("codecOf: what is no name of ours is undefined, however deep", () => {
  const wrong = [
    "",
    "u7",
    "string ",
    "tuple()",
    "tuple(json)",
    "tuple(string",
    "desc(u8,u8)",
    "desc()",
    "fixed()",
    "fixed(05)",
    "fixed(65536)",
    "struct()",
    "struct(a)",
    "struct(__proto__:u8)",
    "struct(a:u8,a:u8)",
    'struct("a":u8)',
    'struct("1":u8)',
    'struct("\\x":u8)',
    "constructor",
    "desc(".repeat(100_000),
    "desc(".repeat(50) + "u8" + ")".repeat(50),
  ];
  for (const name of wrong) assert.equal(codecOf(name), undefined, name.slice(0, 40));
});

test("codecOf: codecs of others are undefined", () => {
  const custom = { ...codec.string, name: "my-codec" };
  assert.equal(codecOf(codec.desc(custom).name), undefined);
});

test("readCodecName: forms that no value has are a TypeError or a RangeError", () => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ["bytes", 1],
    ["bytes", "a"],
    ["bytes", "?AAA"],
    ["u64", 1],
    ["u64", "1e3"],
    ["u64", "-1"],
    ["f64", "1"],
    ["date", 1],
    ["date", "yesterday"],
    ["recordId", "1"],
    ["tuple(u8,u8)", [1]],
    ["tuple(u8,u8)", {}],
    ["struct(a:u8)", null],
    ["struct(a:u8)", { a: 1, b: 2 }],
    ["string", "\ud800"],
  ];
  for (const [name, plain] of wrong) {
    const found = readCodecName(name, 0);
    assert.throws(
      () => found?.codec.encode(found.plain.fromPlain(plain), new ByteWriter()),
      (error) => error instanceof TypeError || error instanceof RangeError,
      `${name} ${JSON.stringify(plain)}`,
    );
  }
});

test("encodeBase64, decodeBase64: inverse of each other, one text for the same bytes", () => {
  const random = new Generator(3);
  for (const length of [0, 1, 2, 3, 4, 5, 100, 12_287, 12_288, 12_289, 40_000]) {
    const bytes = random.bytes(length);
    const text = encodeBase64(bytes);
    assert.equal(text, btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")));
    assert.deepEqual(decodeBase64(text), bytes);
  }
  assert.equal(encodeBase64(Uint8Array.of(9, 1, 2, 3, 9), 1, 4), "AQID");
  for (const text of ["A", "AA", "AAA", "=AAA", "AA=A", "AB==", "AAB=", "A===", "====", "AA\n="]) {
    assert.throws(() => decodeBase64(text), RangeError, text);
  }
  assert.throws(() => decodeBase64(undefined), TypeError);
});
