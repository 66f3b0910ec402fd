/**
 * A growing little-endian byte buffer, kept and reused by its owner so that encoding allocates
 * nothing once it has grown to the size needed.
 *
 * @module
 */

const TWO_32 = 0x100000000;

/** Moves a 64-bit integer between a bigint and bytes without intermediate bigints. */
const SCRATCH: Uint8Array = new Uint8Array(8);
const SCRATCH_VIEW: DataView = new DataView(SCRATCH.buffer);

/** Room that {@linkcode ByteWriter.shrink} leaves alone. */
const SHRINK_ABOVE = 1024 * 1024;

/** Up to this many bytes a loop is cheaper than the view that `set()` needs for a part. */
const LOOP_COPY_MAX = 48;

/**
 * Appends fixed-width integers (little-endian), varints and raw bytes.
 *
 * `bytes[0, length)` is what was written; the rest of `bytes` is room. Growth replaces `bytes`, so
 * read the field again after any call that may write. A caller may lower `length` to take back what
 * it wrote, or raise it over room got from {@linkcode ByteWriter.reserve}.
 */
export class ByteWriter {
  /** The buffer; replaced by a larger one when it grows. */
  bytes: Uint8Array<ArrayBuffer>;
  /** How many bytes are written. */
  length: number;

  /** Makes an empty writer with room for `capacity` bytes. */
  constructor(capacity: number = 256) {
    this.bytes = new Uint8Array(capacity);
    this.length = 0;
  }

  /** Gives large room back, so that one large value does not stay in memory. */
  shrink(): void {
    if (this.bytes.length <= SHRINK_ABOVE) return;
    this.bytes = new Uint8Array(256);
    this.length = 0;
  }

  /** Forgets what was written and keeps the room. */
  reset(): void {
    this.length = 0;
  }

  /**
   * Ensures room for `count` more bytes and returns the offset where they go, which is the present
   * `length`. Does not advance: fill `bytes` from that offset, then raise `length`. The room holds
   * whatever was there before, not zeros.
   */
  reserve(count: number): number {
    const at = this.length;
    if (at + count > this.bytes.length) this.#grow(at + count);
    return at;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2, 64));
    grown.set(this.length === this.bytes.length ? this.bytes : this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** Appends the low 8 bits of `value`. */
  u8(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
    this.length = at + 1;
  }

  /** Appends the low 16 bits of `value`. */
  u16(value: number): void {
    const at = this.reserve(2);
    const bytes = this.bytes;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    this.length = at + 2;
  }

  /** Appends the low 32 bits of `value`. */
  u32(value: number): void {
    const at = this.reserve(4);
    this.#put32(at, value);
    this.length = at + 4;
  }

  #put32(at: number, value: number): void {
    const bytes = this.bytes;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  }

  /**
   * Appends a non-negative safe integer in 8 bytes.
   *
   * @throws {RangeError} if `value` is not an integer from 0 to 2^53 - 1
   */
  u64(value: number): void {
    checkSafe(value);
    const at = this.reserve(8);
    this.#put32(at, value);
    this.#put32(at + 4, (value / TWO_32) >>> 0);
    this.length = at + 8;
  }

  /**
   * Appends an unsigned 64-bit bigint in 8 bytes.
   *
   * @throws {RangeError} if `value` is not from 0 to 2^64 - 1
   */
  bigU64(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) throw new RangeError(`${value} is not a u64`);
    const at = this.reserve(8);
    SCRATCH_VIEW.setBigUint64(0, value, true);
    const bytes = this.bytes;
    for (let i = 0; i < 8; i++) bytes[at + i] = SCRATCH[i]!;
    this.length = at + 8;
  }

  /**
   * Appends a non-negative safe integer in 1 to 8 bytes: 7 bits a byte, lowest first, the high bit
   * set on every byte but the last (LEB128). Each number has one form, the shortest.
   *
   * @throws {RangeError} if `value` is not an integer from 0 to 2^53 - 1
   */
  varint(value: number): void {
    checkSafe(value);
    let at = this.reserve(8);
    const bytes = this.bytes;
    let rest = value;
    while (rest >= 0x80000000) {
      bytes[at++] = (rest & 127) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 128) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.length = at;
  }

  /** Appends a copy of `source[begin, end)`. */
  raw(source: Uint8Array, begin: number = 0, end: number = source.length): void {
    if (!(begin >= 0 && begin <= end && end <= source.length)) {
      throw new RangeError(`range ${begin}..${end} is not within ${source.length} bytes`);
    }
    const count = end - begin;
    const at = this.reserve(count);
    const bytes = this.bytes;
    if (count <= LOOP_COPY_MAX) {
      for (let i = 0; i < count; i++) bytes[at + i] = source[begin + i]!;
    } else {
      bytes.set(count === source.length ? source : source.subarray(begin, end), at);
    }
    this.length = at + count;
  }

  /** A copy of what was written, owned by the caller. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }
}

function checkSafe(value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${value} is not an integer from 0 to 2^53 - 1`);
  }
}
