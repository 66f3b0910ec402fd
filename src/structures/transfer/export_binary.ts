/**
 * The binary form of an export: the 8 bytes 89 48 46 58 0d 0a 1a 0a, then frames.
 *
 * | type     | field of a frame                                                        |
 * | -------- | ----------------------------------------------------------------------- |
 * | u32      | length of the payload, at most 1 MiB                                    |
 * | u8       | kind                                                                    |
 * | bytes    | payload                                                                 |
 * | u32      | CRC-32 of kind and payload, continuing from that of the frame before    |
 *
 * | kind | payload                                                                              |
 * | ---- | ------------------------------------------------------------------------------------ |
 * | 1    | header, first and only once: varint version, varint above the numbers of structures  |
 * | 2    | structure: varint number; name and kind, each behind a varint length; format         |
 * | 3    | entries of it, one or more: key and value, each behind a varint length               |
 * | 4    | one entry with a long value: varint length of the value, then the key                |
 * | 5    | piece of that value, not empty; pieces follow until the length is reached            |
 * | 6    | end, last: varint number of structures, varint number of entries                     |
 *
 * Integers are little-endian, text is UTF-8. The CRC of the first frame continues from 0: since each
 * continues from the last, no frame can be missing, doubled or out of place unnoticed. A stream
 * without a frame of kind 6 was cut off.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import type { Checksum } from "../../base/checksum.ts";
import type { RawEntry } from "./entry_form.ts";
import { EXPORT_VERSION, type TransferEncoder, type TransferStructure } from "./transfer_item.ts";

/** The first bytes; line ends and a byte above 127 show a transfer as text. */
export const BINARY_MAGIC: Uint8Array = Uint8Array.of(
  0x89,
  0x48,
  0x46,
  0x58,
  0x0d,
  0x0a,
  0x1a,
  0x0a,
);

/** Kinds of frames. */
export const FRAME = { header: 1, structure: 2, entries: 3, long: 4, piece: 5, end: 6 } as const;

/** Longest payload that is read. */
export const PAYLOAD_BYTES_MAX: number = 1024 * 1024;

/** Entries are gathered up to this length; longer ones have their own frames. */
const FRAME_BYTES: number = 32 * 1024;

const NOTHING: readonly Uint8Array[] = [];
const encoder = new TextEncoder();

/** Writes the binary form. */
export class BinaryEncoder implements TransferEncoder {
  readonly #checksum: Checksum;
  readonly #out = new ByteWriter(2 * FRAME_BYTES);
  readonly #payload = new ByteWriter(2 * FRAME_BYTES);
  #chain = 0;
  #structures = 0;
  #entries = 0;

  /** Begins with the header; the numbers of all structures lie below `numbers`. */
  constructor(checksum: Checksum, numbers: number) {
    this.#checksum = checksum;
    this.#out.raw(BINARY_MAGIC);
    this.#payload.varint(EXPORT_VERSION);
    this.#payload.varint(numbers);
    this.#seal(FRAME.header);
  }

  get ready(): number {
    return this.#out.length;
  }

  take(): Uint8Array {
    const bytes = this.#out.toBytes();
    this.#out.reset();
    return bytes;
  }

  structure({ name, kind, format, number }: TransferStructure): void {
    this.#flush();
    this.#structures++;
    this.#payload.varint(number);
    for (const text of [name, kind]) {
      const bytes = encoder.encode(text);
      this.#payload.varint(bytes.length);
      this.#payload.raw(bytes);
    }
    this.#payload.raw(encoder.encode(format));
    this.#seal(FRAME.structure);
  }

  entry({ key, value }: RawEntry): Iterable<Uint8Array> {
    this.#entries++;
    if (value.length > FRAME_BYTES) return this.#long(key, value);
    this.#payload.varint(key.length);
    this.#payload.raw(key);
    this.#payload.varint(value.length);
    this.#payload.raw(value);
    if (this.#payload.length >= FRAME_BYTES) this.#flush();
    return NOTHING;
  }

  end(): void {
    this.#flush();
    this.#payload.varint(this.#structures);
    this.#payload.varint(this.#entries);
    this.#seal(FRAME.end);
  }

  *#long(key: Uint8Array, value: Uint8Array): Iterable<Uint8Array> {
    this.#flush();
    this.#payload.varint(value.length);
    this.#payload.raw(key);
    this.#seal(FRAME.long);
    for (let at = 0; at < value.length; at += FRAME_BYTES) {
      this.#payload.raw(value, at, Math.min(value.length, at + FRAME_BYTES));
      this.#seal(FRAME.piece);
      yield this.take();
    }
  }

  /** Ends the frame of entries, if one is open. */
  #flush(): void {
    if (this.#payload.length > 0) this.#seal(FRAME.entries);
  }

  #seal(kind: number): void {
    const payload = this.#payload;
    const out = this.#out;
    out.u32(payload.length);
    const begin = out.length;
    out.u8(kind);
    out.raw(payload.bytes, 0, payload.length);
    this.#chain = this.#checksum.of(out.bytes, begin, out.length, this.#chain);
    out.u32(this.#chain);
    payload.reset();
  }
}
