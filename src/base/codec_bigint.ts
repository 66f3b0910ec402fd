/**
 * Integers of 64 bits, as bigints.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { checkWidth, outOfRange, wrongKind } from "./codec_error.ts";
import type { KeyCodec } from "./key_codec.ts";

const WIDTH = 8;

/** Moves 64 bits between a bigint and bytes without intermediate bigints. */
const SCRATCH: Uint8Array = new Uint8Array(WIDTH);
const VIEW: DataView = new DataView(SCRATCH.buffer);

/** A 64-bit integer, big-endian, with the sign bit of a signed one flipped; one form. */
export class BigintCodec implements KeyCodec<bigint> {
  /** Stored in the file. */
  readonly name: string;
  /** Fit for keys. */
  readonly ordered = true;
  readonly #signed: boolean;
  readonly #flip: number;

  /** Makes `i64` or `u64`. */
  constructor(signed: boolean) {
    this.name = signed ? "i64" : "u64";
    this.#signed = signed;
    this.#flip = signed ? 0x80 : 0;
  }

  /** Appends 8 bytes. */
  encode(value: bigint, out: ByteWriter): void {
    if (typeof value !== "bigint") throw wrongKind(this.name, "a bigint", value);
    const held = this.#signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
    if (held !== value) throw outOfRange(this.name, value);
    VIEW.setBigUint64(0, value);
    const begin = out.reserve(WIDTH);
    const bytes = out.bytes;
    for (let i = 0; i < WIDTH; i++) bytes[begin + i] = SCRATCH[i]!;
    bytes[begin] = SCRATCH[0]! ^ this.#flip;
    out.length = begin + WIDTH;
  }

  /** The integer of a range of 8 bytes. */
  decode(bytes: Uint8Array, begin: number, end: number): bigint {
    checkWidth(this.name, WIDTH, end - begin);
    return this.#read(bytes, begin);
  }

  /** Appends 8 bytes. */
  encodeElement(value: bigint, out: ByteWriter): void {
    this.encode(value, out);
  }

  /** Reads 8 bytes. */
  decodeElement(reader: ByteReader): bigint {
    return this.#read(reader.bytes, reader.skip(WIDTH));
  }

  #read(bytes: Uint8Array, begin: number): bigint {
    for (let i = 0; i < WIDTH; i++) SCRATCH[i] = bytes[begin + i]!;
    SCRATCH[0]! ^= this.#flip;
    return this.#signed ? VIEW.getBigInt64(0) : VIEW.getBigUint64(0);
  }
}
