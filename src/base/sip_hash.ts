/**
 * SipHash-2-4 with 64 bits of output: a hash that nobody can predict or steer who does not know its
 * key (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
 *
 * @module
 */

/** The words v0 to v3, each as two halves: low, high. */
const V: Uint32Array = new Uint32Array(8);

/** What v0 to v3 begin with, before the key: "somepseudorandomlygeneratedbytes". */
const START: readonly number[] = [
  0x70736575,
  0x736f6d65,
  0x6e646f6d,
  0x646f7261,
  0x6e657261,
  0x6c796765,
  0x79746573,
  0x74656462,
];

/** The hash of `bytes[begin, end)` under a key of 16 bytes, as an unsigned 64-bit integer. */
export function sipHash(
  key: Uint8Array,
  bytes: Uint8Array,
  begin: number = 0,
  end: number = bytes.length,
): bigint {
  for (let half = 0; half < 8; half++) V[half] = START[half]! ^ word(key, (half & 3) * 4);
  const whole = end - (end - begin) % 8;
  for (let at = begin; at < whole; at += 8) absorb(word(bytes, at), word(bytes, at + 4));
  let low = 0;
  let high = 0;
  for (let at = whole; at < end; at++) {
    const shift = (at - whole & 3) * 8;
    if (at - whole < 4) low |= bytes[at]! << shift;
    else high |= bytes[at]! << shift;
  }
  absorb(low, high | (end - begin) << 24);
  V[4] = V[4]! ^ 0xff;
  for (let round = 0; round < 4; round++) mix();
  const sumHigh = (V[1]! ^ V[3]! ^ V[5]! ^ V[7]!) >>> 0;
  const sumLow = (V[0]! ^ V[2]! ^ V[4]! ^ V[6]!) >>> 0;
  return BigInt(sumHigh) << 32n | BigInt(sumLow);
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
}

function absorb(low: number, high: number): void {
  V[6] = V[6]! ^ low;
  V[7] = V[7]! ^ high;
  mix();
  mix();
  V[0] = V[0]! ^ low;
  V[1] = V[1]! ^ high;
}

/** One SipRound. */
function mix(): void {
  add(0, 2);
  add(4, 6);
  turn(2, 13, 0);
  turn(6, 16, 4);
  swap(0);
  add(4, 2);
  add(0, 6);
  turn(2, 17, 4);
  turn(6, 21, 0);
  swap(4);
}

/** Word `to` += word `from`, modulo 2^64. */
function add(to: number, from: number): void {
  const low = V[to]! + V[from]!;
  V[to] = low;
  V[to + 1] = V[to + 1]! + V[from + 1]! + (low > 0xffff_ffff ? 1 : 0);
}

/** Word `at` is turned left by less than 32 bits and changed by word `other`. */
function turn(at: number, bits: number, other: number): void {
  const low = V[at]!;
  const high = V[at + 1]!;
  V[at] = (low << bits | high >>> 32 - bits) ^ V[other]!;
  V[at + 1] = (high << bits | low >>> 32 - bits) ^ V[other + 1]!;
}

/** Word `at` is turned by 32 bits. */
function swap(at: number): void {
  const low = V[at]!;
  V[at] = V[at + 1]!;
  V[at + 1] = low;
}
