/**
 * What an endless stream keeps about itself: where it begins, and its named cursors. It is kept in
 * the log, as control records, so that one sync makes it as durable as what it is about:
 *
 * | byte 0 | name   | then                                                                       |
 * | ------ | ------ | -------------------------------------------------------------------------- |
 * | 1      | start  | u64 offset: all records before it are trimmed                              |
 * | 2      | cursor | u64 offset, and the name in UTF-8                                          |
 * | 3      | drop   | the name of a cursor in UTF-8: it is gone                                  |
 *
 * The first batch of each segment begins with all of it, so that the last segment is enough to know
 * it and earlier ones may be released. Offsets only grow: of two records about one thing the larger
 * offset counts, whatever their order.
 *
 * @module
 */

import { ByteReader } from "../../base/byte_reader.ts";
import { ByteWriter } from "../../base/byte_writer.ts";
import { decodeUtf8, encodeUtf8 } from "../../base/utf8.ts";
import { CorruptionError } from "../../errors.ts";
import { RECORD_OVERHEAD_BYTES } from "../stream/stream_record.ts";

const START = 1;
const CURSOR = 2;
const DROP = 3;

/** Longest name of a cursor in bytes of UTF-8. */
export const CURSOR_NAME_BYTES_MAX = 512;

/** The control record that says where the stream begins. */
export function startControl(offset: number): Uint8Array {
  const out = new ByteWriter(16);
  out.u8(START);
  out.u64(offset);
  return out.toBytes();
}

/** The control record of a cursor. */
export function cursorControl(name: string, offset: number): Uint8Array {
  const out = new ByteWriter(64);
  out.u8(CURSOR);
  out.u64(offset);
  encodeUtf8("string", name, out);
  return out.toBytes();
}

/** The control record that drops a cursor. */
export function dropControl(name: string): Uint8Array {
  const out = new ByteWriter(64);
  out.u8(DROP);
  encodeUtf8("string", name, out);
  return out.toBytes();
}

/** The present state. */
export class StreamControls {
  /** All records before it are trimmed. */
  start = 0;
  /** Offset of each cursor. */
  readonly cursors: Map<string, number> = new Map();

  /** Takes note of a control record. @throws {CorruptionError} `CORRUPT_LOG`; never for our own */
  apply(bytes: Uint8Array, begin: number = 0, end: number = bytes.length): void {
    const reader = new ByteReader(bytes, begin, end);
    const kind = reader.u8();
    if (kind === START) {
      this.start = Math.max(this.start, reader.u64());
    } else if (kind === CURSOR) {
      const offset = reader.u64();
      const name = nameIn(reader);
      this.cursors.set(name, Math.max(this.cursors.get(name) ?? 0, offset));
    } else if (kind === DROP) {
      this.cursors.delete(nameIn(reader));
    } else {
      throw new CorruptionError("CORRUPT_LOG", `There is no control record of kind ${kind}`);
    }
  }

  /** The records that the first batch of a segment begins with. */
  snapshot(): Uint8Array[] {
    const records = [startControl(this.start)];
    for (const [name, offset] of this.cursors) records.push(cursorControl(name, offset));
    return records;
  }

  /** Bytes that the snapshot takes, with another cursor if one is named. */
  snapshotBytes(name?: string): number {
    let bytes = 9 + RECORD_OVERHEAD_BYTES;
    const names = new Set(this.cursors.keys());
    if (name !== undefined) names.add(name);
    for (const one of names) bytes += 9 + nameBytes(one) + RECORD_OVERHEAD_BYTES;
    return bytes;
  }
}

/** Bytes of a name. */
export function nameBytes(name: string): number {
  return new TextEncoder().encode(name).length;
}

function nameIn(reader: ByteReader): string {
  const bytes = reader.raw(reader.remaining);
  return decodeUtf8("string", bytes, 0, bytes.length);
}
