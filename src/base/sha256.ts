/**
 * SHA-256 as FIPS 180-4 defines it (sections 4.1.2, 5 and 6.2), for platforms without a native one.
 *
 * @module
 */

import type { DigestState } from "./digest.ts";

const BLOCK_BYTES = 64;

/** The first 64 primes, of whose roots the constants are made. */
const PRIMES: readonly number[] = primes(64);

/** First 32 bits of the fractions of the cube roots of the first 64 primes (4.2.2). */
const ROUND_CONSTANTS: Int32Array = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));

/** First 32 bits of the fractions of the square roots of the first 8 primes (5.3.3). */
export const INITIAL_WORDS: Int32Array = Int32Array.from(
  PRIMES.slice(0, 8),
  (prime) => fraction(Math.sqrt(prime)),
);

/** The schedule of the block in work; a block is done before anything else runs. */
const words = new Int32Array(64);

/** A SHA-256 that is being made. */
export class Sha256State implements DigestState {
  readonly #hash = INITIAL_WORDS.slice();
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #filled = 0;
  #length = 0;

  update(bytes: Uint8Array): this {
    let at = 0;
    this.#length += bytes.length;
    if (this.#filled > 0) {
      at = Math.min(BLOCK_BYTES - this.#filled, bytes.length);
      this.#block.set(bytes.subarray(0, at), this.#filled);
      this.#filled += at;
      if (this.#filled < BLOCK_BYTES) return this;
      addBlock(this.#hash, this.#block, 0);
    }
    for (; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) addBlock(this.#hash, bytes, at);
    this.#block.set(bytes.subarray(at));
    this.#filled = bytes.length - at;
    return this;
  }

  digest(): Uint8Array {
    const block = this.#block;
    block.fill(0, this.#filled);
    block[this.#filled] = 0x80;
    if (this.#filled >= BLOCK_BYTES - 8) {
      addBlock(this.#hash, block, 0);
      block.fill(0);
    }
    const view = new DataView(block.buffer);
    // The length in bits, as 64 bits.
    view.setUint32(56, Math.floor(this.#length / 0x2000_0000));
    view.setUint32(60, this.#length * 8 % 0x1_0000_0000);
    addBlock(this.#hash, block, 0);
    const digest = new Uint8Array(32);
    const out = new DataView(digest.buffer);
    this.#hash.forEach((word, i) => out.setInt32(4 * i, word));
    return digest;
  }
}

function addBlock(hash: Int32Array, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i++, at += 4) {
    words[i] = bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!;
  }
  for (let i = 16; i < 64; i++) {
    const w15 = words[i - 15]!;
    const w2 = words[i - 2]!;
    const s0 = (w15 >>> 7 | w15 << 25) ^ (w15 >>> 18 | w15 << 14) ^ w15 >>> 3;
    const s1 = (w2 >>> 17 | w2 << 15) ^ (w2 >>> 19 | w2 << 13) ^ w2 >>> 10;
    words[i] = s1 + words[i - 7]! + s0 + words[i - 16]!;
  }
  let a = hash[0]!, b = hash[1]!, c = hash[2]!, d = hash[3]!;
  let e = hash[4]!, f = hash[5]!, g = hash[6]!, h = hash[7]!;
  for (let i = 0; i < 64; i++) {
    const s1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
    const t1 = h + s1 + (e & f ^ ~e & g) + ROUND_CONSTANTS[i]! + words[i]! | 0;
    const s0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10);
    const t2 = s0 + (a & b ^ a & c ^ b & c) | 0;
    h = g;
    g = f;
    f = e;
    e = d + t1 | 0;
    d = c;
    c = b;
    b = a;
    a = t1 + t2 | 0;
  }
  hash[0]! += a;
  hash[1]! += b;
  hash[2]! += c;
  hash[3]! += d;
  hash[4]! += e;
  hash[5]! += f;
  hash[6]! += g;
  hash[7]! += h;
}

/** The first 32 bits behind the point. */
function fraction(root: number): number {
  return (root - Math.floor(root)) * 0x1_0000_0000 | 0;
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) {
    if (found.every((prime) => n % prime !== 0)) found.push(n);
  }
  return found;
}
