import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { chunkEnd, decodeChunk, encodeChunk } from "../../src/streams/chunk.ts";
import { cutRanges, decodeOrigin, encodeOrigin } from "../../src/streams/fork_origin.ts";
import { formatOffset, parseOffset } from "../../src/streams/offset.ts";
import { decodeProducer, encodeProducer } from "../../src/streams/producer.ts";
import { decodeConfig, encodeConfig } from "../../src/streams/stream_config.ts";
import { decodeState, encodeState } from "../../src/streams/stream_state.ts";
import { numberAt, numberKey, pairKey, suffixedKey } from "../../src/streams/table_keys.ts";
import { messages } from "./outcomes.ts";

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Every shorter or longer form, and every other format byte, must be refused. */
function refusesDamage(bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown): void {
  for (let length = 0; length < bytes.length; length++) {
    throws(() => decode(bytes.slice(0, length)), { code: "CORRUPT_VALUE" });
  }
  throws(() => decode(Uint8Array.of(...bytes, 0)), { code: "CORRUPT_VALUE" });
  throws(() => decode(Uint8Array.of(2, ...bytes.slice(1))), { code: "CORRUPT_VALUE" });
}

test("chunk: the bytes are those of the format table", () => {
  const bytes = encodeChunk(messages("skipped", "ab", "", "cde"), 1, 4, 300, 1000);
  strictEqual(hex(bytes), "01" + "ac02" + "e807" + "03" + "02" + "00" + "6162" + "636465");
  deepStrictEqual(decodeChunk(bytes), {
    byte: 300,
    time: 1000,
    messages: messages("ab", "", "cde"),
    buffer: undefined,
  });
  const single = encodeChunk([new Uint8Array(0)], 0, 1, 0, 0);
  strictEqual(hex(single), "01000001");
  deepStrictEqual(decodeChunk(single).messages, [new Uint8Array(0)]);
});

test("chunk: damage of the head is refused", () => {
  const bytes = encodeChunk(messages("ab", "cde"), 0, 2, 300, 1000);
  for (const length of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
    throws(() => decodeChunk(bytes.slice(0, length)), { code: "CORRUPT_VALUE" });
  }
  throws(() => decodeChunk(Uint8Array.of(1, 0, 0, 0)), { code: "CORRUPT_VALUE" });
  throws(() => decodeChunk(Uint8Array.of(9, 0, 0, 1)), { code: "CORRUPT_VALUE" });
  throws(() => decodeChunk(Uint8Array.of(1, 0, 0, 0xff, 0xff, 0x7f)), { code: "CORRUPT_VALUE" });
});

test("chunkEnd: a chunk takes whole messages up to 32 KiB, at least one", () => {
  const sizes = [40_000, 16_384, 16_384, 1, 32_767, 1, 5];
  const all = sizes.map((size) => new Uint8Array(size));
  const ends: number[] = [];
  for (let begin = 0; begin < all.length; begin = ends.at(-1)!) ends.push(chunkEnd(all, begin));
  deepStrictEqual(ends, [1, 3, 5, 7]);
});

test("stream state: the bytes are those of the format table", () => {
  const plain = {
    tail: { message: 2, byte: 300 },
    closed: false,
    removed: false,
    forked: true,
    references: 1,
    lastAccess: 1000,
    sequence: undefined,
    closedBy: undefined,
  };
  strictEqual(hex(encodeState(plain)), "0104" + "02" + "ac02" + "01" + "e807");
  deepStrictEqual(decodeState(encodeState(plain)), plain);
  refusesDamage(encodeState(plain), decodeState);
  const full = {
    ...plain,
    closed: true,
    removed: true,
    sequence: new TextEncoder().encode("9"),
    closedBy: { id: "pé", epoch: 7, seq: 2 ** 53 - 1 },
  };
  const bytes = encodeState(full);
  strictEqual(hex(bytes), "011f02ac0201e807" + "0139" + "0370c3a9" + "07" + "ffffffffffffff0f");
  deepStrictEqual(decodeState(bytes), full);
  refusesDamage(bytes, decodeState);
  throws(() => decodeState(Uint8Array.of(1, 32, 0, 0, 0, 0)), { code: "CORRUPT_VALUE" });
});

test("stream config: the bytes are those of the format table", () => {
  const plain = {
    number: 5,
    createdAt: 1000,
    contentType: "a/b",
    lifetime: {},
    indexedDeadline: 0,
  };
  strictEqual(hex(encodeConfig(plain)), "010005e80703612f62");
  deepStrictEqual(decodeConfig(encodeConfig(plain)), plain);
  refusesDamage(encodeConfig(plain), decodeConfig);
  const mortal = { ...plain, lifetime: { ttlSeconds: 1 }, indexedDeadline: 2000 };
  strictEqual(hex(encodeConfig(mortal)), "010105e80703612f62" + "01" + "d00f");
  deepStrictEqual(decodeConfig(encodeConfig(mortal)), mortal);
  const dated = { ...plain, lifetime: { expiresAt: 3000 }, indexedDeadline: 3000 };
  deepStrictEqual(decodeConfig(encodeConfig(dated)), dated);
  refusesDamage(encodeConfig(dated), decodeConfig);
});

test("fork origin: the bytes are those of the format table", () => {
  const origin = {
    sourceNumber: 3,
    sourceName: "s",
    offset: { message: 4, byte: 9 },
    subOffset: 1,
    inheritedLifetime: true,
    ranges: [{ number: 1, begin: 0, end: 2 }, { number: 3, begin: 2, end: 5 }],
  };
  strictEqual(
    hex(encodeOrigin(origin)),
    "010303" + "0173" + "0409" + "01" + "02" + "0102" + "0303",
  );
  deepStrictEqual(decodeOrigin(encodeOrigin(origin)), origin);
  refusesDamage(encodeOrigin(origin), decodeOrigin);
  const tail = { ...origin, offset: undefined, inheritedLifetime: false, ranges: [] };
  deepStrictEqual(decodeOrigin(encodeOrigin(tail)), tail);
  deepStrictEqual(cutRanges(origin.ranges, 0), []);
  deepStrictEqual(cutRanges(origin.ranges, 2), [origin.ranges[0]]);
  deepStrictEqual(cutRanges(origin.ranges, 3)[1], { number: 3, begin: 2, end: 3 });
  deepStrictEqual(cutRanges(origin.ranges, 9), origin.ranges);
});

test("producer: the bytes are those of the format table", () => {
  const bytes = encodeProducer({ epoch: 1, seq: 300 });
  strictEqual(hex(bytes), "0101ac02");
  deepStrictEqual(decodeProducer(bytes), { epoch: 1, seq: 300 });
  refusesDamage(bytes, decodeProducer);
});

test("keys: their order is that of numbers", () => {
  const numbers = [0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
  deepStrictEqual(numbers.map((number) => numberAt(numberKey(number), 0)), numbers);
  deepStrictEqual(numbers.map((number) => numberAt(pairKey(7, number), 8)), numbers);
  const keys = [...numbers.map((number) => pairKey(7, number)), pairKey(8, 0)];
  keys.push(suffixedKey(9, Uint8Array.of(1)), suffixedKey(9, Uint8Array.of(1, 0)), numberKey(10));
  deepStrictEqual(keys.map(hex).toSorted(), keys.map(hex));
});

test("offset: text and position belong together", () => {
  const position = { message: 12, byte: 345 };
  strictEqual(formatOffset(position), "0000000000000012_0000000000000345");
  deepStrictEqual(parseOffset(formatOffset(position)), position);
  const largest = { message: 2 ** 53 - 1, byte: 2 ** 53 - 1 };
  deepStrictEqual(parseOffset(formatOffset(largest)), largest);
  for (const text of ["", "-1", "now", "0_0", "9007199254740992_0000000000000000"]) {
    strictEqual(parseOffset(text), undefined);
  }
});
