/**
 * The 80/20 workload: of five operations four read a random entry, and one reads it, changes it and
 * puts it back before the next one begins.
 *
 * @module
 */

import { performance } from "node:perf_hooks";
import type { Contestant } from "./contestant.ts";
import {
  expectEntries,
  KEY_BYTES,
  keyAt,
  perSecond,
  randomBytes,
  VALUE_BYTES,
  valueOf,
} from "./workload.ts";

/** Of so many operations one changes its entry. */
export const OPERATIONS_PER_PUT = 5;

/** The entries of one store, and how often each was changed. */
export class MixedWorkload {
  readonly #keyBytes: Uint8Array;
  /** Changes of each entry, modulo 256: a change adds one to the second byte of the value. */
  readonly #changes: Uint8Array;

  /** For a store that holds {@link valueOf} its index for each of the keys. */
  constructor(keyBytes: Uint8Array) {
    this.#keyBytes = keyBytes;
    this.#changes = new Uint8Array(keyBytes.length / KEY_BYTES);
  }

  /** One caller. @returns operations per second */
  async run(store: Contestant, seed: number, count: number): Promise<number> {
    if (store.rows !== undefined) return await store.rows.mixed(this.#keyBytes, seed, count);
    const picks = new Uint32Array(randomBytes(seed, count * 4).buffer);
    const keys: Uint8Array[] = [];
    let expected = 0;
    for (let i = 0; i < count; i++) {
      picks[i] = picks[i]! % this.#changes.length;
      keys.push(keyAt(this.#keyBytes, picks[i]!));
      expected += VALUE_BYTES + valueOf(picks[i]!)[0]!;
    }
    let sum = 0;
    const begin = performance.now();
    for (let i = 0; i < count; i++) {
      const key = keys[i]!;
      const found = store.get(key);
      const value = found instanceof Promise ? await found : found;
      if (value === undefined) throw new Error("an entry is missing");
      sum += value.length + value[0]!;
      if (!changes(i)) continue;
      value[1]!++;
      const pending = store.put(key, value);
      if (pending !== undefined) await pending;
    }
    const rate = perSecond(count, begin);
    if (sum !== expected) throw new Error("gets returned other values than were put");
    await this.#expectChanges(store, picks, keys);
    return rate;
  }

  async #expectChanges(
    store: Contestant,
    picks: Uint32Array,
    keys: readonly Uint8Array[],
  ): Promise<void> {
    picks.forEach((pick, i) => {
      if (changes(i)) this.#changes[pick]!++;
    });
    await expectEntries(store, keys, (i) => {
      const value = valueOf(picks[i]!).slice();
      value[1]! += this.#changes[picks[i]!]!;
      return value;
    });
  }
}

/** Whether the i-th operation changes its entry. */
function changes(i: number): boolean {
  return i % OPERATIONS_PER_PUT === OPERATIONS_PER_PUT - 1;
}
