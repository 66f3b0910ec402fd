/**
 * A small seeded generator (sfc32: 128 bits of state, period at least 2^32, passes PractRand; C.
 * Doty-Humphrey). Integer arithmetic only, so every runtime draws the same numbers. Not for
 * secrets.
 *
 * @module
 */

/** One step of the 32-bit finaliser of MurmurHash3: every input bit reaches every output bit. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

/** Seeded pseudo-random numbers, equal on every runtime. */
export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Starts the sequence of `seed`, of which the low 64 bits count; fractions are cut off. */
  constructor(seed: number | bigint) {
    const wide = BigInt.asUintN(64, typeof seed === "bigint" ? seed : BigInt(Math.trunc(seed)));
    this.#a = Number(wide & 0xffffffffn) | 0;
    this.#b = Number(wide >> 32n) | 0;
    this.#c = 0x9e3779b9 | 0;
    this.#warmUp();
  }

  /** The next number: 0 to 2^32 - 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /**
   * The next number below `limit` (1 to 2^32), without bias worth naming (at most limit / 2^32).
   * @throws {RangeError} when `limit` is not an integer in that range.
   */
  below(limit: number): number {
    if (!Number.isInteger(limit) || limit < 1 || limit > 0x100000000) {
      throw new RangeError(`limit must be an integer from 1 to 2^32, not ${limit}`);
    }
    return Math.floor((this.next() / 0x100000000) * limit);
  }

  /** Fills `bytes` from the sequence. */
  fill(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      let word = this.next();
      for (let k = 0; k < 4 && at < bytes.length; k++, word >>>= 8) bytes[at++] = word & 0xff;
    }
  }

  /**
   * An independent generator named `label`. This one does not advance: the same label at the same
   * point gives the same child.
   */
  fork(label: string): Prng {
    let hash = 0x811c9dc5 | 0;
    for (let i = 0; i < label.length; i++) {
      hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
    }
    const child = new Prng(0);
    child.#a = mix(this.#a ^ hash);
    child.#b = mix(this.#b + hash);
    child.#c = mix(this.#c ^ this.#counter);
    child.#warmUp();
    return child;
  }

  #warmUp(): void {
    for (let i = 0; i < 15; i++) this.next();
  }
}
