/**
 * A cursor over little-endian bytes that never reads past its end.
 *
 * @module
 */

import { CorruptionError } from "../errors.ts";

const TWO_32 = 0x100000000;

/** Joins 8 bytes to a bigint without intermediate bigints. */
const SCRATCH: Uint8Array = new Uint8Array(8);
const SCRATCH_VIEW: DataView = new DataView(SCRATCH.buffer);

/**
 * Reads what {@linkcode ByteWriter} wrote. Every method advances `position`; one that would pass
 * `end`, or meets a number that has no valid form, throws `CorruptionError` `CORRUPT_VALUE` and
 * leaves `position` where the item began.
 *
 * The reader borrows `bytes`: it must not change while the reader or one of its views is in use.
 */
export class ByteReader {
  /** The bytes read from. */
  bytes: Uint8Array;
  /** Offset of the next byte. */
  position: number;
  /** Offset just after the last readable byte. */
  end: number;

  /** Makes a reader over `bytes[begin, end)`. */
  constructor(bytes: Uint8Array, begin: number = 0, end: number = bytes.length) {
    checkRange(bytes, begin, end);
    this.bytes = bytes;
    this.position = begin;
    this.end = end;
  }

  /** Points this reader at `bytes[begin, end)`, to save making another. */
  reset(bytes: Uint8Array, begin: number = 0, end: number = bytes.length): void {
    checkRange(bytes, begin, end);
    this.bytes = bytes;
    this.position = begin;
    this.end = end;
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.end - this.position;
  }

  /** Reads an unsigned 8-bit integer. */
  u8(): number {
    const at = this.position;
    if (at >= this.end) throw pastEnd(this, 1);
    this.position = at + 1;
    return this.bytes[at]!;
  }

  /** Reads an unsigned 16-bit integer. */
  u16(): number {
    const at = this.position;
    if (at + 2 > this.end) throw pastEnd(this, 2);
    this.position = at + 2;
    return this.bytes[at]! | (this.bytes[at + 1]! << 8);
  }

  /** Reads an unsigned 32-bit integer. */
  u32(): number {
    const at = this.position;
    if (at + 4 > this.end) throw pastEnd(this, 4);
    this.position = at + 4;
    return get32(this.bytes, at);
  }

  /** Reads an unsigned 64-bit integer that must not exceed 2^53 - 1. */
  u64(): number {
    const at = this.position;
    if (at + 8 > this.end) throw pastEnd(this, 8);
    const high = get32(this.bytes, at + 4);
    if (high > 0x1fffff) throw tooLarge();
    this.position = at + 8;
    return high * TWO_32 + get32(this.bytes, at);
  }

  /** Reads an unsigned 64-bit integer as a bigint. */
  bigU64(): bigint {
    const at = this.position;
    if (at + 8 > this.end) throw pastEnd(this, 8);
    this.position = at + 8;
    const bytes = this.bytes;
    for (let i = 0; i < 8; i++) SCRATCH[i] = bytes[at + i]!;
    return SCRATCH_VIEW.getBigUint64(0, true);
  }

  /** Reads a varint; any form but the shortest, and a value above 2^53 - 1, is corrupt. */
  varint(): number {
    const first = this.position;
    if (first >= this.end) throw pastEnd(this, 1);
    const byte = this.bytes[first]!;
    if (byte < 128) {
      this.position = first + 1;
      return byte;
    }
    return this.#longVarint(byte & 127);
  }

  #longVarint(low: number): number {
    const bytes = this.bytes;
    let value = low;
    let scale = 128;
    for (let at = this.position + 1; at < this.end; at++) {
      const byte = bytes[at]!;
      value += (byte & 127) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw tooLarge();
      if (byte < 128) {
        if (byte === 0) {
          throw new CorruptionError("CORRUPT_VALUE", "a varint is longer than it must be");
        }
        this.position = at + 1;
        return value;
      }
      scale *= 128;
      if (scale > Number.MAX_SAFE_INTEGER) throw tooLarge();
    }
    throw pastEnd(this, this.remaining + 1);
  }

  /** Passes over `count` bytes and returns the offset in `bytes` where they begin. */
  skip(count: number): number {
    const at = this.position;
    if (!(count >= 0 && at + count <= this.end)) throw pastEnd(this, count);
    this.position = at + count;
    return at;
  }

  /** Reads `count` bytes as a view of the underlying buffer: copy it to keep it. */
  raw(count: number): Uint8Array {
    const at = this.skip(count);
    return this.bytes.subarray(at, at + count);
  }
}

function checkRange(bytes: Uint8Array, begin: number, end: number): void {
  if (!(begin >= 0 && begin <= end && end <= bytes.length)) {
    throw new RangeError(`range ${begin}..${end} is not within ${bytes.length} bytes`);
  }
}

function get32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>>
    0;
}

function pastEnd(reader: ByteReader, count: number): CorruptionError {
  return new CorruptionError(
    "CORRUPT_VALUE",
    `${count} bytes are wanted and ${reader.remaining} are left`,
  );
}

function tooLarge(): CorruptionError {
  return new CorruptionError("CORRUPT_VALUE", "an integer exceeds 2^53 - 1");
}
