/**
 * Integers of 8 to 32 bits, as numbers.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { checkWidth, outOfRange, wrongKind } from "./codec_error.ts";
import type { KeyCodec } from "./key_codec.ts";

/**
 * An integer as its distance from the least one, big-endian: for signed types that is two's
 * complement with the sign bit flipped. Both forms are the same. -0 is stored as 0.
 */
export class IntegerCodec implements KeyCodec<number> {
  /** Stored in the file. */
  readonly name: string;
  /** Fit for keys. */
  readonly ordered = true;
  readonly #width: number;
  readonly #min: number;
  readonly #max: number;

  /** Makes the codec of an integer type; `width` is in bytes, 1 to 4. */
  constructor(width: number, signed: boolean) {
    const count = 2 ** (width * 8);
    this.name = `${signed ? "i" : "u"}${width * 8}`;
    this.#width = width;
    this.#min = signed ? -count / 2 : 0;
    this.#max = this.#min + count - 1;
  }

  /** Appends the fixed number of bytes. */
  encode(value: number, out: ByteWriter): void {
    if (typeof value !== "number") throw wrongKind(this.name, "a number", value);
    if (!(value >= this.#min && value <= this.#max) || Math.floor(value) !== value) {
      throw outOfRange(this.name, value);
    }
    const width = this.#width;
    const begin = out.reserve(width);
    const bytes = out.bytes;
    let rest = (value - this.#min) >>> 0;
    for (let at = begin + width - 1; at >= begin; at--) {
      bytes[at] = rest;
      rest >>>= 8;
    }
    out.length = begin + width;
  }

  /** The integer of a range of the fixed width. */
  decode(bytes: Uint8Array, begin: number, end: number): number {
    checkWidth(this.name, this.#width, end - begin);
    return this.#read(bytes, begin);
  }

  /** Appends the fixed number of bytes. */
  encodeElement(value: number, out: ByteWriter): void {
    this.encode(value, out);
  }

  /** Reads the fixed number of bytes. */
  decodeElement(reader: ByteReader): number {
    return this.#read(reader.bytes, reader.skip(this.#width));
  }

  #read(bytes: Uint8Array, begin: number): number {
    let distance = 0;
    for (let at = begin, end = begin + this.#width; at < end; at++) {
      distance = (distance << 8) | bytes[at]!;
    }
    return (distance >>> 0) + this.#min;
  }
}
