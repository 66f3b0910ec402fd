/**
 * Inputs: arbitrary bytes, and valid ones with a few changes.
 */

import { joined } from "../block/test_blocks.ts";
import type { Prng } from "../../src/base/prng.ts";

/** Numbers at which lengths and places go wrong. */
const NUMBERS = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x100n,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x1fffffffffffffn,
  0x20000000000000n,
  0x7fffffffffffffffn,
  0xffffffffffffffffn,
];

/** Changes bytes; most of them are still what they were. */
type Change = (bytes: Uint8Array, random: Prng, seeds: readonly Uint8Array[]) => Uint8Array;

const flip: Change = (bytes, random) => {
  const at = random.below(bytes.length);
  bytes[at] = bytes[at]! ^ 1 << random.below(8);
  return bytes;
};

const replace: Change = (bytes, random) => {
  bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
};

const number: Change = (bytes, random) => {
  const width = [1, 2, 4, 8][random.below(4)]!;
  let value = NUMBERS[random.below(NUMBERS.length)]!;
  const isLittle = random.below(2) === 0;
  const at = random.below(bytes.length);
  for (let i = 0; i < width; i++, value >>= 8n) {
    const place = at + (isLittle ? i : width - 1 - i);
    if (place < bytes.length) bytes[place] = Number(value & 255n);
  }
  return bytes;
};

/** The longest form of a varint, or one that never ends. */
const varint: Change = (bytes, random) => {
  const at = random.below(bytes.length);
  bytes.fill(0xff, at, at + 1 + random.below(10));
  return bytes;
};

const remove: Change = (bytes, random) => {
  const at = random.below(bytes.length);
  return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8)));
};

const repeat: Change = (bytes, random) => {
  const at = random.below(bytes.length);
  const part = bytes.subarray(at, at + 1 + random.below(16));
  return joined(bytes.subarray(0, at), part, bytes.subarray(at));
};

const insert: Change = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  const part = new Uint8Array(1 + random.below(8));
  random.fill(part);
  return joined(bytes.subarray(0, at), part, bytes.subarray(at));
};

const cut: Change = (bytes, random) => bytes.slice(0, random.below(bytes.length + 1));

const clear: Change = (bytes, random) => {
  const at = random.below(bytes.length);
  return bytes.fill(0, at, at + 1 + random.below(32));
};

const splice: Change = (bytes, random, seeds) => {
  const other = seeds[random.below(seeds.length)]!;
  return joined(
    bytes.subarray(0, random.below(bytes.length + 1)),
    other.subarray(random.below(other.length + 1)),
  );
};

const CHANGES = [flip, replace, number, varint, remove, repeat, insert, cut, clear, splice];

/** One input. */
export function changed(seeds: readonly Uint8Array[], random: Prng): Uint8Array {
  if (seeds.length === 0 || random.below(5) === 0) {
    const bytes = new Uint8Array(random.below(65));
    random.fill(bytes);
    // Small numbers are lengths, kinds and flags.
    if (random.below(2) === 0) { for (const [at, byte] of bytes.entries()) bytes[at] = byte & 15; }
    return bytes;
  }
  let bytes: Uint8Array = seeds[random.below(seeds.length)]!.slice();
  for (let left = 1 + random.below(4); left > 0 && bytes.length > 0; left--) {
    bytes = CHANGES[random.below(CHANGES.length)]!(bytes, random, seeds);
  }
  return bytes;
}
