/**
 * Integers of 64 and 128 bits, as bigints.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { checkWidth, outOfRange, wrongKind } from "./codec_error.ts";
import type { KeyCodec } from "./key_codec.ts";

/** Bytes of 64 bits, of which there are one or two. */
const HALF = 8;

/** Moves 64 bits between a bigint and bytes without intermediate bigints. */
const SCRATCH: Uint8Array = new Uint8Array(HALF);
const VIEW: DataView = new DataView(SCRATCH.buffer);

/** An integer of 64 or 128 bits, big-endian, with the sign bit of a signed one flipped; one form. */
export class BigintCodec implements KeyCodec<bigint> {
  /** Stored in the file. */
  readonly name: string;
  /** Fit for keys. */
  readonly ordered = true;
  readonly #wide: boolean;
  readonly #signed: boolean;
  readonly #width: number;
  readonly #flip: number;

  /** Makes `u64`, `i64`, `u128` or `i128`. */
  constructor(bits: 64 | 128, signed: boolean) {
    this.name = `${signed ? "i" : "u"}${bits}`;
    this.#wide = bits === 128;
    this.#signed = signed;
    this.#width = bits / 8;
    this.#flip = signed ? 0x80 : 0;
  }

  /** Appends the fixed number of bytes. */
  encode(value: bigint, out: ByteWriter): void {
    if (typeof value !== "bigint") throw wrongKind(this.name, "a bigint", value);
    if (this.#held(value) !== value) throw outOfRange(this.name, value);
    const width = this.#width;
    const begin = out.reserve(width);
    const bytes = out.bytes;
    if (this.#wide) put64(bytes, begin, value >> 64n);
    put64(bytes, begin + width - HALF, value);
    bytes[begin]! ^= this.#flip;
    out.length = begin + width;
  }

  /** The integer of a range of the fixed width. */
  decode(bytes: Uint8Array, begin: number, end: number): bigint {
    checkWidth(this.name, this.#width, end - begin);
    return this.#read(bytes, begin);
  }

  /** Appends the fixed number of bytes. */
  encodeElement(value: bigint, out: ByteWriter): void {
    this.encode(value, out);
  }

  /** Reads the fixed number of bytes. */
  decodeElement(reader: ByteReader): bigint {
    return this.#read(reader.bytes, reader.skip(this.#width));
  }

  /** What is left of `value` in this type. Engines have a short way for 64 as a constant. */
  #held(value: bigint): bigint {
    if (this.#wide) return this.#signed ? BigInt.asIntN(128, value) : BigInt.asUintN(128, value);
    return this.#signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
  }

  #read(bytes: Uint8Array, begin: number): bigint {
    load64(bytes, begin);
    SCRATCH[0]! ^= this.#flip;
    const high = this.#signed ? VIEW.getBigInt64(0) : VIEW.getBigUint64(0);
    if (!this.#wide) return high;
    load64(bytes, begin + HALF);
    return (high << 64n) | VIEW.getBigUint64(0);
  }
}

/** Writes the low 64 bits of `value`. */
function put64(bytes: Uint8Array, at: number, value: bigint): void {
  VIEW.setBigUint64(0, value);
  for (let i = 0; i < HALF; i++) bytes[at + i] = SCRATCH[i]!;
}

function load64(bytes: Uint8Array, at: number): void {
  for (let i = 0; i < HALF; i++) SCRATCH[i] = bytes[at + i]!;
}
