/**
 * Floating-point numbers of 32 and 64 bits in one total order.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { checkWidth, malformed, outOfRange, wrongKind } from "./codec_error.ts";
import type { KeyCodec } from "./key_codec.ts";

const SCRATCH: Uint8Array = new Uint8Array(8);
const VIEW: DataView = new DataView(SCRATCH.buffer);

/**
 * An IEEE 754 number, big-endian, with the sign bit flipped when it is clear and all bits flipped
 * when it is set. The order is -Infinity, finite numbers with -0 before +0, Infinity, NaN. There is
 * one NaN (the quiet one, sign and payload clear). Both forms are the same.
 *
 * `f32` rounds to the nearest number it has; a finite number that would become infinite is refused.
 */
export class FloatCodec implements KeyCodec<number> {
  /** Stored in the file. */
  readonly name: string;
  /** Fit for keys. */
  readonly ordered = true;
  readonly #width: 4 | 8;

  /** Makes `f32` or `f64`; `width` is in bytes. */
  constructor(width: 4 | 8) {
    this.name = width === 4 ? "f32" : "f64";
    this.#width = width;
  }

  /** Appends 4 or 8 bytes. */
  encode(value: number, out: ByteWriter): void {
    if (typeof value !== "number") throw wrongKind(this.name, "a number", value);
    const width = this.#width;
    if (width === 8) {
      VIEW.setFloat64(0, value);
    } else {
      if (!Number.isFinite(Math.fround(value)) && Number.isFinite(value)) {
        throw outOfRange(this.name, value);
      }
      VIEW.setFloat32(0, value);
    }
    if (Number.isNaN(value)) this.#setNaN();
    const flip = SCRATCH[0]! >= 0x80 ? 0xff : 0;
    const begin = out.reserve(width);
    const bytes = out.bytes;
    bytes[begin] = SCRATCH[0]! ^ (flip | 0x80);
    for (let i = 1; i < width; i++) bytes[begin + i] = SCRATCH[i]! ^ flip;
    out.length = begin + width;
  }

  /** Writes the one NaN: what bits the platform gives a NaN is its own affair. */
  #setNaN(): void {
    if (this.#width === 8) {
      VIEW.setUint32(0, 0x7ff80000);
      VIEW.setUint32(4, 0);
    } else {
      VIEW.setUint32(0, 0x7fc00000);
    }
  }

  /** The number of a range of the fixed width. */
  decode(bytes: Uint8Array, begin: number, end: number): number {
    checkWidth(this.name, this.#width, end - begin);
    return this.#read(bytes, begin);
  }

  /** Appends 4 or 8 bytes. */
  encodeElement(value: number, out: ByteWriter): void {
    this.encode(value, out);
  }

  /** Reads 4 or 8 bytes. */
  decodeElement(reader: ByteReader): number {
    const begin = reader.skip(this.#width);
    reader.position = begin;
    const value = this.#read(reader.bytes, begin);
    reader.position = begin + this.#width;
    return value;
  }

  #read(bytes: Uint8Array, begin: number): number {
    const width = this.#width;
    const flip = bytes[begin]! >= 0x80 ? 0 : 0xff;
    SCRATCH[0] = bytes[begin]! ^ (flip | 0x80);
    for (let i = 1; i < width; i++) SCRATCH[i] = bytes[begin + i]! ^ flip;
    const value = width === 8 ? VIEW.getFloat64(0) : VIEW.getFloat32(0);
    if (Number.isNaN(value)) this.#checkNaN();
    return value;
  }

  #checkNaN(): void {
    const canonical = this.#width === 8
      ? VIEW.getUint32(0) === 0x7ff80000 && VIEW.getUint32(4) === 0
      : VIEW.getUint32(0) === 0x7fc00000;
    if (!canonical) throw malformed(this.name, "a NaN that is not the canonical one");
  }
}
