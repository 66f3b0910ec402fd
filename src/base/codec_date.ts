/**
 * Points in time.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { checkWidth, malformed, wrongKind } from "./codec_error.ts";
import { get32, put32, TWO_32 } from "./codec_word.ts";
import type { KeyCodec } from "./key_codec.ts";

const SIGN = 0x80000000;
const WIDTH = 8;

/** A `Date` reaches this many milliseconds to either side of 1970 (ECMA-262, time range). */
const TIME_MAX = 8.64e15;

/** A valid `Date`: milliseconds since 1970-01-01T00:00Z in the form of `i64`; one form. */
export class DateCodec implements KeyCodec<Date> {
  /** Stored in the file. */
  readonly name = "date";
  /** Fit for keys. */
  readonly ordered = true;

  /** Appends 8 bytes. */
  encode(value: Date, out: ByteWriter): void {
    if (!(value instanceof Date)) throw wrongKind(this.name, "a Date", value);
    const time = value.getTime();
    if (Number.isNaN(time)) throw new TypeError("codec date takes a valid Date");
    const high = Math.floor(time / TWO_32);
    const at = out.reserve(WIDTH);
    put32(out.bytes, at, high + SIGN);
    put32(out.bytes, at + 4, time - high * TWO_32);
    out.length = at + WIDTH;
  }

  /** The date of a range of 8 bytes. */
  decode(bytes: Uint8Array, begin: number, end: number): Date {
    checkWidth(this.name, WIDTH, end - begin);
    return this.#read(bytes, begin);
  }

  /** Appends 8 bytes. */
  encodeElement(value: Date, out: ByteWriter): void {
    this.encode(value, out);
  }

  /** Reads 8 bytes. */
  decodeElement(reader: ByteReader): Date {
    const begin = reader.skip(WIDTH);
    reader.position = begin;
    const value = this.#read(reader.bytes, begin);
    reader.position = begin + WIDTH;
    return value;
  }

  #read(bytes: Uint8Array, at: number): Date {
    const time = (get32(bytes, at) - SIGN) * TWO_32 + get32(bytes, at + 4);
    if (Math.abs(time) > TIME_MAX) throw malformed(this.name, "a time outside the range of Date");
    return new Date(time);
  }
}
