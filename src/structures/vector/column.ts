/**
 * The columns of a vector: one part of all its elements, side by side.
 *
 * | codec of the part        | an element takes                                     | typed array     |
 * | ------------------------ | ---------------------------------------------------- | --------------- |
 * | u8, u16, u32             | 1, 2, 4 bytes                                        | Uint8Array ...  |
 * | i8, i16, i32             | 1, 2, 4 bytes, two's complement                      | Int8Array ...   |
 * | u64, i64                 | 8 bytes                                              | BigUint64Array, BigInt64Array |
 * | f32, f64                 | 4, 8 bytes, IEEE 754, the quiet NaN without payload  | Float32Array, Float64Array |
 * | date                     | 8 bytes: milliseconds since 1970 as an f64           | Float64Array    |
 * | boolean                  | 1 byte, 0 or 1                                       | Uint8Array      |
 * | any other of fixed width | the bytes of its codec                               | Uint8Array, so many entries an element |
 *
 * Numbers are little-endian, as in the memory of every machine that our runtimes run on.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { malformed, wrongKind } from "../../base/codec_error.ts";
import type { NamedCodec } from "../../base/codec_name.ts";
import type { Codec } from "../../base/key_codec.ts";

/** A typed array of a column of numbers. */
export type NumberArray =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** A typed array of a column of 64-bit integers. */
export type BigintArray = BigUint64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;

/** A typed array of a column. */
export type ColumnArray = NumberArray | BigintArray;

/** Makes typed arrays of one kind. */
export interface ColumnArrayType {
  new (length: number): ColumnArray;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): ColumnArray;
  readonly BYTES_PER_ELEMENT: number;
}

/** How one part of an element is kept. */
export interface Column {
  /** Its typed array. */
  readonly type: ColumnArrayType;
  /** Entries of the typed array that an element takes. */
  readonly stride: number;
  /** Whether entries are the values themselves. */
  readonly direct: boolean;
  /**
   * Whether a value can be kept.
   * @throws {TypeError | RangeError} what its codec throws, if it cannot
   */
  check(value: unknown): void;
  /** Keeps a value, the one that was checked last. */
  write(array: ColumnArray, at: number, value: unknown): void;
  /**
   * The value of an element.
   * @throws {CorruptionError} `CORRUPT_VALUE`
   */
  read(array: ColumnArray, at: number): unknown;
  /** Gives every NaN the same bits. */
  tidy?(array: ColumnArray): void;
}

const scratch = new ByteWriter(16);

/** Integers of 8 to 32 bits. */
class IntegerColumn implements Column {
  readonly type: ColumnArrayType;
  readonly stride = 1;
  readonly direct = true;
  readonly #codec: Codec<unknown>;
  readonly #min: number;
  readonly #max: number;

  constructor(codec: Codec<unknown>, type: ColumnArrayType, signed: boolean) {
    const count = 2 ** (8 * type.BYTES_PER_ELEMENT);
    this.#codec = codec;
    this.type = type;
    this.#min = signed ? -count / 2 : 0;
    this.#max = this.#min + count - 1;
  }

  check(value: unknown): void {
    const fits = typeof value === "number" && value >= this.#min && value <= this.#max &&
      Math.floor(value) === value;
    if (!fits) refuse(this.#codec, value);
  }

  write(array: ColumnArray, at: number, value: unknown): void {
    array[at] = value as number;
  }

  read(array: ColumnArray, at: number): unknown {
    return array[at];
  }
}

/** Integers of 64 bits. */
class BigintColumn implements Column {
  readonly type: ColumnArrayType;
  readonly stride = 1;
  readonly direct = true;
  readonly #codec: Codec<unknown>;
  readonly #signed: boolean;

  constructor(codec: Codec<unknown>, type: ColumnArrayType, signed: boolean) {
    this.#codec = codec;
    this.type = type;
    this.#signed = signed;
  }

  check(value: unknown): void {
    const fits = typeof value === "bigint" &&
      (this.#signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)) === value;
    if (!fits) refuse(this.#codec, value);
  }

  write(array: ColumnArray, at: number, value: unknown): void {
    (array as BigintArray)[at] = value as bigint;
  }

  read(array: ColumnArray, at: number): unknown {
    return array[at];
  }
}

/** Floating-point numbers. */
class FloatColumn implements Column {
  readonly type: ColumnArrayType;
  readonly stride = 1;
  readonly direct = true;
  readonly #codec: Codec<unknown>;
  readonly #wide: boolean;

  constructor(codec: Codec<unknown>, type: ColumnArrayType) {
    this.#codec = codec;
    this.type = type;
    this.#wide = type.BYTES_PER_ELEMENT === 8;
  }

  check(value: unknown): void {
    const fits = typeof value === "number" &&
      (this.#wide || Number.isFinite(Math.fround(value)) || !Number.isFinite(value));
    if (!fits) refuse(this.#codec, value);
  }

  write(array: ColumnArray, at: number, value: unknown): void {
    array[at] = value as number;
  }

  read(array: ColumnArray, at: number): unknown {
    return array[at];
  }

  tidy(array: ColumnArray): void {
    for (let at = 0; at < array.length; at++) {
      if (!Number.isNaN(array[at])) continue;
      const bits = new DataView(array.buffer, array.byteOffset + at * array.BYTES_PER_ELEMENT);
      if (this.#wide) bits.setBigUint64(0, 0x7ff8000000000000n, true);
      else bits.setUint32(0, 0x7fc00000, true);
    }
  }
}

/** Points in time. */
class DateColumn implements Column {
  readonly type: ColumnArrayType = Float64Array as ColumnArrayType;
  readonly stride = 1;
  readonly direct = false;
  readonly #codec: Codec<unknown>;

  constructor(codec: Codec<unknown>) {
    this.#codec = codec;
  }

  check(value: unknown): void {
    if (!(value instanceof Date) || Number.isNaN(value.getTime())) refuse(this.#codec, value);
  }

  write(array: ColumnArray, at: number, value: unknown): void {
    array[at] = (value as Date).getTime();
  }

  read(array: ColumnArray, at: number): unknown {
    const time = array[at] as number;
    const date = new Date(time);
    if (date.getTime() !== time) throw malformed(this.#codec.name, `no time of a Date: ${time}`);
    return date;
  }
}

/** Booleans. */
class BooleanColumn implements Column {
  readonly type: ColumnArrayType = Uint8Array as ColumnArrayType;
  readonly stride = 1;
  readonly direct = false;
  readonly #codec: Codec<unknown>;

  constructor(codec: Codec<unknown>) {
    this.#codec = codec;
  }

  check(value: unknown): void {
    if (typeof value !== "boolean") throw wrongKind(this.#codec.name, "a boolean", value);
  }

  write(array: ColumnArray, at: number, value: unknown): void {
    array[at] = value ? 1 : 0;
  }

  read(array: ColumnArray, at: number): unknown {
    const byte = array[at] as number;
    if (byte > 1) throw malformed(this.#codec.name, `a byte of ${byte}`);
    return byte === 1;
  }
}

/** The bytes of a codec. */
class BytesColumn implements Column {
  readonly type: ColumnArrayType = Uint8Array as ColumnArrayType;
  readonly stride: number;
  readonly direct = false;
  readonly #codec: Codec<unknown>;
  /** What was checked last. */
  readonly #checked: ByteWriter;

  constructor(codec: Codec<unknown>, width: number) {
    this.#codec = codec;
    this.stride = width;
    this.#checked = new ByteWriter(width);
  }

  check(value: unknown): void {
    this.#checked.reset();
    this.#codec.encode(value, this.#checked);
  }

  write(array: ColumnArray, at: number): void {
    const { bytes } = this.#checked;
    const begin = at * this.stride;
    for (let i = 0; i < this.stride; i++) array[begin + i] = bytes[i]!;
  }

  read(array: ColumnArray, at: number): unknown {
    const begin = at * this.stride;
    // A copy: results may be views of what a codec is given, and the array is written again.
    const bytes = (array as Uint8Array).slice(begin, begin + this.stride);
    return this.#codec.decode(bytes, 0, bytes.length);
  }
}

/** Throws what the codec says of a value that its column does not take. */
function refuse(codec: Codec<unknown>, value: unknown): never {
  scratch.reset();
  codec.encode(value, scratch);
  throw wrongKind(codec.name, "another value", value);
}

const INTEGERS: ReadonlyMap<string, ColumnArrayType> = new Map<string, ColumnArrayType>([
  ["u8", Uint8Array as ColumnArrayType],
  ["u16", Uint16Array as ColumnArrayType],
  ["u32", Uint32Array as ColumnArrayType],
  ["i8", Int8Array as ColumnArrayType],
  ["i16", Int16Array as ColumnArrayType],
  ["i32", Int32Array as ColumnArrayType],
]);

/** The column of a part; `width` is that of its codec. */
export function columnOf({ codec }: NamedCodec, width: number): Column {
  const { name } = codec;
  const integers = INTEGERS.get(name);
  if (integers !== undefined) return new IntegerColumn(codec, integers, name.startsWith("i"));
  switch (name) {
    case "u64":
      return new BigintColumn(codec, BigUint64Array as ColumnArrayType, false);
    case "i64":
      return new BigintColumn(codec, BigInt64Array as ColumnArrayType, true);
    case "f32":
      return new FloatColumn(codec, Float32Array as ColumnArrayType);
    case "f64":
      return new FloatColumn(codec, Float64Array as ColumnArrayType);
    case "date":
      return new DateColumn(codec);
    case "boolean":
      return new BooleanColumn(codec);
    default:
      return new BytesColumn(codec, width);
  }
}
