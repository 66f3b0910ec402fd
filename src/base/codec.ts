/**
 * The codecs that come with Holdfast.
 *
 * ```ts
 * import { ByteWriter } from "./byte_writer.ts";
 * import { codec } from "./codec.ts";
 *
 * const byCityNewestFirst = codec.tuple(codec.string, codec.desc(codec.date));
 * const out = new ByteWriter();
 * byCityNewestFirst.encode(["Bern", new Date(0)], out);
 * const [city, at] = byCityNewestFirst.decode(out.bytes, 0, out.length);
 * console.log(city, at.getTime(), byCityNewestFirst.name); // Bern 0 tuple(string,desc(date))
 * ```
 *
 * @module
 */

import { BigintCodec } from "./codec_bigint.ts";
import { BooleanCodec } from "./codec_boolean.ts";
import { BytesCodec, FixedCodec } from "./codec_bytes.ts";
import { DateCodec } from "./codec_date.ts";
import { DescCodec } from "./codec_desc.ts";
import { FloatCodec } from "./codec_float.ts";
import { IntegerCodec } from "./codec_integer.ts";
import { JsonCodec } from "./codec_json.ts";
import { RecordIdCodec } from "./codec_record_id.ts";
import { StringCodec } from "./codec_string.ts";
import { type FieldCodecs, type KeyFieldCodecs, structCodec } from "./codec_struct.ts";
import { type ElementCodecs, TupleCodec } from "./codec_tuple.ts";
import { UuidCodec } from "./codec_uuid.ts";
import type { Codec, KeyCodec } from "./key_codec.ts";
import type { RecordId } from "./record_id.ts";

export type { Codec, KeyCodec } from "./key_codec.ts";
export type { FieldCodecs, KeyFieldCodecs } from "./codec_struct.ts";
export type { ElementCodecs } from "./codec_tuple.ts";

const JSON_CODEC: Codec<unknown> = new JsonCodec<unknown>();

/** The type of {@linkcode codec}. */
export interface Codecs {
  /** `Uint8Array`, ordered bytewise, a prefix before what it begins. Results are copies. */
  readonly bytes: KeyCodec<Uint8Array>;
  /** A string without lone surrogates (TypeError), ordered by code points. */
  readonly string: KeyCodec<string>;
  /** Anything JSON can express, as UTF-8 JSON text. For values; not for keys. */
  json<T>(): Codec<T>;
  /** false before true. */
  readonly boolean: KeyCodec<boolean>;
  /** An integer from 0 to 255. */
  readonly u8: KeyCodec<number>;
  /** An integer from 0 to 65535. */
  readonly u16: KeyCodec<number>;
  /** An integer from 0 to 2^32 - 1. */
  readonly u32: KeyCodec<number>;
  /** A bigint from 0 to 2^64 - 1. */
  readonly u64: KeyCodec<bigint>;
  /** A bigint from 0 to 2^128 - 1. */
  readonly u128: KeyCodec<bigint>;
  /** An integer from -128 to 127. */
  readonly i8: KeyCodec<number>;
  /** An integer from -32768 to 32767. */
  readonly i16: KeyCodec<number>;
  /** An integer from -2^31 to 2^31 - 1. */
  readonly i32: KeyCodec<number>;
  /** A bigint from -2^63 to 2^63 - 1. */
  readonly i64: KeyCodec<bigint>;
  /** A bigint from -2^127 to 2^127 - 1. */
  readonly i128: KeyCodec<bigint>;
  /** A number rounded to 32 bits: -0 before +0, one NaN last; overflow is a RangeError. */
  readonly f32: KeyCodec<number>;
  /** Any number: -0 before +0, one NaN last. */
  readonly f64: KeyCodec<number>;
  /** A valid `Date` (else TypeError), to the millisecond. */
  readonly date: KeyCodec<Date>;
  /**
   * A UUID of any version as text of 8-4-4-4-12 hexadecimal digits (else RangeError), in 16 bytes
   * that order it. Upper case is taken; results are in lower case.
   */
  readonly uuid: KeyCodec<string>;
  /** The name of a record of a segment, ordered by segment, then by serial. */
  readonly recordId: KeyCodec<RecordId>;
  /** Elements in their order, the first most significant; all tuples of one codec are as long. */
  tuple<T extends readonly [unknown, ...unknown[]]>(...codecs: ElementCodecs<T>): KeyCodec<T>;
  /** The values of `inner` in the opposite order. */
  desc<T>(inner: KeyCodec<T>): KeyCodec<T>;
  /** A `Uint8Array` of exactly `width` bytes (else RangeError), 0 to 65535. */
  fixed(width: number): KeyCodec<Uint8Array>;
  /**
   * Objects of exactly these fields (else TypeError), stored as the tuple of their values in the
   * order of the definition. Fit for keys if all fields are.
   *
   * Fields are the own enumerable properties that are not named by symbols; results are plain
   * objects. A definition with other names or another order is another codec.
   *
   * ```ts
   * import { ByteWriter } from "./byte_writer.ts";
   * import { codec } from "./codec.ts";
   *
   * const place = codec.struct({ x: codec.f64, y: codec.f64, tag: codec.string });
   * const out = new ByteWriter();
   * place.encode({ x: 7.4, y: 46.9, tag: "Bern" }, out);
   * console.log(place.decode(out.bytes, 0, out.length).tag); // Bern
   * console.log(place.name); // struct(x:f64,y:f64,tag:string)
   * ```
   *
   * @throws {TypeError} if `fields` is not a plain object, or names a field by a symbol
   * @throws {RangeError} if it has no field, or one named `__proto__` or like a number: objects
   *   enumerate numbers first, so the order written is lost
   */
  struct<T extends object>(fields: KeyFieldCodecs<T>): KeyCodec<T>;
  /** As above, for values; not for keys, since some fields are not. */
  struct<T extends object>(fields: FieldCodecs<T>): Codec<T>;
}

/**
 * Codecs for keys and values. All but `json`, and a `struct` that has a field
 * of it, keep the order of their values in their bytes, and so are fit for keys. They hold no state
 * between calls.
 */
export const codec: Codecs = Object.freeze({
  bytes: new BytesCodec(),
  string: new StringCodec(),
  json: <T>(): Codec<T> => JSON_CODEC as Codec<T>,
  boolean: new BooleanCodec(),
  u8: new IntegerCodec(1, false),
  u16: new IntegerCodec(2, false),
  u32: new IntegerCodec(4, false),
  u64: new BigintCodec(64, false),
  u128: new BigintCodec(128, false),
  i8: new IntegerCodec(1, true),
  i16: new IntegerCodec(2, true),
  i32: new IntegerCodec(4, true),
  i64: new BigintCodec(64, true),
  i128: new BigintCodec(128, true),
  f32: new FloatCodec(4),
  f64: new FloatCodec(8),
  date: new DateCodec(),
  uuid: new UuidCodec(),
  recordId: new RecordIdCodec(),
  tuple: <T extends readonly [unknown, ...unknown[]]>(
    ...codecs: ElementCodecs<T>
  ): KeyCodec<T> => new TupleCodec<T>(codecs),
  desc: <T>(inner: KeyCodec<T>): KeyCodec<T> => new DescCodec(inner),
  fixed: (width: number): KeyCodec<Uint8Array> => new FixedCodec(width),
  struct: structCodec as Codecs["struct"],
});
