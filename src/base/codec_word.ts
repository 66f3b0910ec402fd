/**
 * Words of 32 bits, big-endian, for codecs made of several.
 *
 * @module
 */

/** 2^32, to split a safe integer into a high and a low word and join it again. */
export const TWO_32 = 0x100000000;

/** Writes the low 32 bits of a safe integer at `at`. */
export function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value >>> 0;
}

/** The word at `at`, unsigned. */
export function get32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>>
    0;
}
