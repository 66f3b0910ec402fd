/**
 * The entries of a store by number. They are computed, so that a process whose memory is measured
 * need not hold them.
 *
 * @module
 */

import { KEY_BYTES, valueOf } from "../compare/workload.ts";

/** Writes the key of an entry: 16 bytes in no order, different for each number. */
export function writeKey(number: number, key: Uint8Array): void {
  let word = number + 0x6d2b79f5;
  for (let i = 0; i < KEY_BYTES; i += 4) {
    word = mix(word + i * 0x9e3779b1);
    key[i] = word >>> 24;
    key[i + 1] = word >>> 16;
    key[i + 2] = word >>> 8;
    key[i + 3] = word;
  }
}

/** The keys of entries, each in memory of its own. */
export function keysOf(numbers: readonly number[]): Uint8Array[] {
  return numbers.map((number) => {
    const key = new Uint8Array(KEY_BYTES);
    writeKey(number, key);
    return key;
  });
}

/** The values of entries. */
export function valuesOf(numbers: readonly number[]): Uint8Array[] {
  return numbers.map(valueOf);
}

/** Numbers below a bound, in no order, equal for equal seeds. */
export class Picks {
  readonly #bound: number;
  #state: number;

  constructor(seed: number, bound: number) {
    this.#bound = bound;
    this.#state = mix(seed + 1) | 1;
  }

  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % this.#bound;
  }
}

/** The finalizer of MurmurHash3: one-to-one, so numbers differ in the first word already. */
function mix(word: number): number {
  let x = word | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
