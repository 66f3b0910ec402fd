/**
 * Booleans.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { checkWidth, malformed, wrongKind } from "./codec_error.ts";
import type { KeyCodec } from "./key_codec.ts";

/** One byte: 0 for false, 1 for true. Both forms are the same. */
export class BooleanCodec implements KeyCodec<boolean> {
  /** Stored in the file. */
  readonly name = "boolean";
  /** Fit for keys. */
  readonly ordered = true;

  /** Appends one byte. */
  encode(value: boolean, out: ByteWriter): void {
    if (typeof value !== "boolean") throw wrongKind(this.name, "a boolean", value);
    out.u8(value ? 1 : 0);
  }

  /** The boolean of one byte. */
  decode(bytes: Uint8Array, begin: number, end: number): boolean {
    checkWidth(this.name, 1, end - begin);
    return this.#read(bytes, begin);
  }

  /** Appends one byte. */
  encodeElement(value: boolean, out: ByteWriter): void {
    this.encode(value, out);
  }

  /** Reads one byte. */
  decodeElement(reader: ByteReader): boolean {
    const begin = reader.skip(1);
    reader.position = begin;
    const value = this.#read(reader.bytes, begin);
    reader.position = begin + 1;
    return value;
  }

  #read(bytes: Uint8Array, at: number): boolean {
    const byte = bytes[at]!;
    if (byte > 1) throw malformed(this.name, `a byte of ${byte}`);
    return byte === 1;
  }
}
