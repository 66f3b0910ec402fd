/**
 * The parts that keys of the stream store's trees are made of. All numbers in keys are 8 bytes,
 * big-endian, so that the order of keys is that of numbers.
 *
 * @module
 */

/** A key of one number. */
export function numberKey(value: number): Uint8Array {
  const key = new Uint8Array(8);
  putNumber(key, 0, value);
  return key;
}

/** A key of two numbers. */
export function pairKey(first: number, second: number): Uint8Array {
  const key = new Uint8Array(16);
  putNumber(key, 0, first);
  putNumber(key, 8, second);
  return key;
}

/** A key of a number and bytes. */
export function suffixedKey(value: number, suffix: Uint8Array): Uint8Array {
  const key = new Uint8Array(8 + suffix.length);
  putNumber(key, 0, value);
  key.set(suffix, 8);
  return key;
}

/** The number at `at` of a key: exact up to 2^53 - 1. */
export function numberAt(key: Uint8Array, at: number): number {
  const view = new DataView(key.buffer, key.byteOffset + at, 8);
  return view.getUint32(0) * 0x1_0000_0000 + view.getUint32(4);
}

function putNumber(key: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  key[at] = high >>> 24;
  key[at + 1] = high >>> 16;
  key[at + 2] = high >>> 8;
  key[at + 3] = high;
  key[at + 4] = value / 0x100_0000;
  key[at + 5] = value / 0x1_0000;
  key[at + 6] = value / 0x100;
  key[at + 7] = value;
}
