/**
 * A codec of every kind, with a maker of random values.
 *
 * @module
 */

import { type Codec, codec, type KeyCodec, RecordId } from "../../mod.ts";
import type { Generator } from "./generator.ts";

/** A codec and a maker of its values. */
export interface CodecSample {
  readonly codec: Codec<unknown>;
  readonly isKey: boolean;
  readonly make: (random: Generator) => unknown;
}

const TEXTS = ["", "a", "nul\0nul", "\u{1f600}", '"quoted" \\', "line\nline", "\u00e9\u4e00"];
const FLOATS = [0, -0, 1.5, -2, Number.NaN, Infinity, -Infinity];

const text = (random: Generator): string => random.pick(TEXTS) + random.below(1000);
const bytes = (random: Generator): Uint8Array => random.bytes(random.below(20));
const float = (random: Generator): number => random.pick(FLOATS);
const date = (random: Generator): Date => new Date((random.u32() - 2 ** 31) * 1000);
const id = (random: Generator): RecordId => new RecordId(random.u32(), random.u32());
const uuid = (random: Generator): string => {
  const hex = [...random.bytes(16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
};
const json = (random: Generator): unknown =>
  random.pick<unknown>([null, 1, "x", [1, { a: "b" }], JSON.parse('{"__proto__":{"a":1}}')]);

function key<T>(of: KeyCodec<T>, make: (random: Generator) => T): CodecSample {
  return { codec: of as Codec<unknown>, isKey: true, make };
}

/** Samples of all codecs. */
export const CODEC_SAMPLES: readonly CodecSample[] = [
  key(codec.bytes, bytes),
  key(codec.string, text),
  { codec: codec.json<unknown>(), isKey: false, make: json },
  key(codec.boolean, (random) => random.below(2) === 0),
  key(codec.u8, (random) => random.below(256)),
  key(codec.u16, (random) => random.below(65_536)),
  key(codec.u32, (random) => random.u32()),
  key(codec.u64, (random) => random.u64()),
  key(codec.u128, (random) => (random.u64() << 64n) | random.u64()),
  key(codec.i8, (random) => random.below(256) - 128),
  key(codec.i16, (random) => random.below(65_536) - 32_768),
  key(codec.i32, (random) => random.u32() | 0),
  key(codec.i64, (random) => BigInt.asIntN(64, random.u64())),
  key(codec.i128, (random) => BigInt.asIntN(128, (random.u64() << 64n) | random.u64())),
  key(codec.f32, float),
  key(codec.f64, (random) => random.below(2) === 0 ? float(random) : random.u32() / 7),
  key(codec.date, date),
  key(codec.uuid, uuid),
  key(codec.recordId, id),
  key(codec.fixed(5), (random) => random.bytes(5)),
  key(codec.desc(codec.string), text),
  key(
    codec.tuple(codec.string, codec.desc(codec.date), codec.u64),
    (random): [string, Date, bigint] => [text(random), date(random), random.u64()],
  ),
  key(
    codec.struct({ x: codec.f64, "odd name, (x)": codec.bytes, who: codec.tuple(codec.recordId) }),
    (random) => ({
      x: float(random),
      "odd name, (x)": bytes(random),
      who: [id(random)] as [RecordId],
    }),
  ),
  {
    codec: codec.struct({ a: codec.json<unknown>(), b: codec.i64 }) as Codec<unknown>,
    isKey: false,
    make: (random) => ({ a: json(random), b: BigInt.asIntN(64, random.u64()) }),
  },
];
