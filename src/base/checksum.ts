/**
 * CRC-32 as zlib, gzip and PNG compute it (IEEE 802.3): reflected polynomial 0xEDB88320, start and
 * final value all ones. One definition for records and pages on every runtime; check value of the
 * ASCII text "123456789" is 0xCBF43926.
 *
 * @module
 */

const POLYNOMIAL = 0xedb88320;

/** `TABLE[256 * k + b]` is the remainder of byte `b` followed by `k` zero bytes. */
const TABLE: Int32Array = buildTable();

function buildTable(): Int32Array {
  const table = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) {
      remainder = (remainder & 1) === 0 ? remainder >>> 1 : (remainder >>> 1) ^ POLYNOMIAL;
    }
    table[byte] = remainder;
  }
  for (let at = 256; at < table.length; at++) {
    const previous = table[at - 256]!;
    table[at] = table[previous & 255]! ^ (previous >>> 8);
  }
  return table;
}

/**
 * The CRC-32 of `bytes[begin, end)`, unsigned. Portable: 16 table look-ups per 16 bytes, no demand
 * on alignment, no allocation.
 *
 * `seed` is the checksum of the bytes that came before, so that
 * `crc32(b, m, e, crc32(b, s, m)) === crc32(b, s, e)`.
 *
 * @throws {RangeError} if the range is not within `bytes`
 */
export function crc32(bytes: Uint8Array, begin: number, end: number, seed: number = 0): number {
  checkRange(bytes, begin, end);
  const t = TABLE;
  let crc = ~seed;
  let at = begin;
  for (const last = end - 16; at <= last; at += 16) {
    crc = t[3840 + ((crc ^ bytes[at]!) & 255)]! ^
      t[3584 + (((crc >>> 8) ^ bytes[at + 1]!) & 255)]! ^
      t[3328 + (((crc >>> 16) ^ bytes[at + 2]!) & 255)]! ^
      t[3072 + ((crc >>> 24) ^ bytes[at + 3]!)]! ^
      t[2816 + bytes[at + 4]!]! ^
      t[2560 + bytes[at + 5]!]! ^
      t[2304 + bytes[at + 6]!]! ^
      t[2048 + bytes[at + 7]!]! ^
      t[1792 + bytes[at + 8]!]! ^
      t[1536 + bytes[at + 9]!]! ^
      t[1280 + bytes[at + 10]!]! ^
      t[1024 + bytes[at + 11]!]! ^
      t[768 + bytes[at + 12]!]! ^
      t[512 + bytes[at + 13]!]! ^
      t[256 + bytes[at + 14]!]! ^
      t[bytes[at + 15]!]!;
  }
  for (const last = end - 4; at <= last; at += 4) {
    crc = t[768 + ((crc ^ bytes[at]!) & 255)]! ^
      t[512 + (((crc >>> 8) ^ bytes[at + 1]!) & 255)]! ^
      t[256 + (((crc >>> 16) ^ bytes[at + 2]!) & 255)]! ^
      t[(crc >>> 24) ^ bytes[at + 3]!]!;
  }
  for (; at < end; at++) crc = t[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Without this, a range past the end would read `undefined` as 0 and still yield a number. */
function checkRange(bytes: Uint8Array, begin: number, end: number): void {
  if (!(begin >= 0 && begin <= end && end <= bytes.length)) {
    throw new RangeError(`checksum range ${begin}..${end} is not within ${bytes.length} bytes`);
  }
}

/** A platform's own CRC-32 over a whole array, continuing from `value`; unsigned result. */
export type NativeChecksum = (bytes: Uint8Array, value?: number) => number;

/**
 * {@linkcode crc32}, by the platform's implementation where that is the faster one. Both give the
 * same number for the same bytes, so files move between runtimes.
 */
export class Checksum {
  readonly #native: NativeChecksum | undefined;
  readonly #nativeFrom: number;

  /**
   * @param native the platform's CRC-32 (IEEE), such as `crc32` of `node:zlib`
   * @param nativeFrom the length in bytes from which `native` is used
   */
  constructor(native?: NativeChecksum, nativeFrom: number = 512) {
    this.#native = native;
    this.#nativeFrom = nativeFrom;
  }

  /**
   * The CRC-32 of `bytes[begin, end)`, unsigned, continuing from `seed`.
   *
   * @throws {RangeError} if the range is not within `bytes`
   */
  of(bytes: Uint8Array, begin: number, end: number, seed: number = 0): number {
    const native = this.#native;
    if (native === undefined || end - begin < this.#nativeFrom) {
      return crc32(bytes, begin, end, seed);
    }
    checkRange(bytes, begin, end);
    const whole = begin === 0 && end === bytes.length;
    return native(whole ? bytes : bytes.subarray(begin, end), seed);
  }
}
