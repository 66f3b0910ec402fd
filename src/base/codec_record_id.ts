/**
 * Names of records.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { checkWidth, malformed, wrongKind } from "./codec_error.ts";
import { get32, put32, TWO_32 } from "./codec_word.ts";
import type { KeyCodec } from "./key_codec.ts";
import { RecordId } from "./record_id.ts";

const WIDTH = 12;

/** The high word of 2^53 - 1, the largest serial. */
const HIGH_MAX = 0x1fffff;

/** A {@linkcode RecordId}: segment as `u32`, serial as `u64`, both big-endian; one form. */
export class RecordIdCodec implements KeyCodec<RecordId> {
  /** Stored in the file. */
  readonly name = "recordId";
  /** Fit for keys. */
  readonly ordered = true;

  /** Appends 12 bytes. */
  encode(value: RecordId, out: ByteWriter): void {
    if (!(value instanceof RecordId)) throw wrongKind(this.name, "a RecordId", value);
    const { segment, serial } = value;
    const at = out.reserve(WIDTH);
    const bytes = out.bytes;
    put32(bytes, at, segment);
    put32(bytes, at + 4, Math.floor(serial / TWO_32));
    put32(bytes, at + 8, serial);
    out.length = at + WIDTH;
  }

  /** The id of a range of 12 bytes. */
  decode(bytes: Uint8Array, begin: number, end: number): RecordId {
    checkWidth(this.name, WIDTH, end - begin);
    return this.#read(bytes, begin);
  }

  /** Appends 12 bytes. */
  encodeElement(value: RecordId, out: ByteWriter): void {
    this.encode(value, out);
  }

  /** Reads 12 bytes. */
  decodeElement(reader: ByteReader): RecordId {
    const begin = reader.skip(WIDTH);
    reader.position = begin;
    const value = this.#read(reader.bytes, begin);
    reader.position = begin + WIDTH;
    return value;
  }

  #read(bytes: Uint8Array, at: number): RecordId {
    const high = get32(bytes, at + 4);
    if (high > HIGH_MAX) throw malformed(this.name, "a serial exceeds 2^53 - 1");
    return new RecordId(get32(bytes, at), high * TWO_32 + get32(bytes, at + 8));
  }
}
