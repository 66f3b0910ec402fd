/**
 * A yardstick: binary search of a plain sorted array of the same keys, in memory. It makes as many
 * comparisons as the logarithm says; what its cost grows by beyond it are misses of the processor's
 * caches, which a store that looks keys up in memory meets too.
 *
 * @module
 */

import { performance } from "node:perf_hooks";
import { KEY_BYTES, randomBytes, valueOf } from "../compare/workload.ts";
import type { GrowthCounts, GrowthStore, GrowthSubject } from "./subject.ts";
import { picks } from "./subject.ts";

const VALUE_BYTES = valueOf(0).length;
/** The 32-bit words of a key. */
const WORDS = KEY_BYTES / 4;

/** Keys in order, each followed by its number; as words, which compare fast. */
function sortedRows(size: number): Uint32Array {
  const words = new Uint32Array(randomBytes(1, size * KEY_BYTES).buffer, 0, size * WORDS);
  const order = Uint32Array.from({ length: size }, (_, i) => i);
  order.sort((a, b) =>
    words[a * WORDS]! - words[b * WORDS]! || words[a * WORDS + 1]! - words[b * WORDS + 1]!
  );
  const rows = new Uint32Array(size * WORDS);
  order.forEach((from, to) =>
    rows.set(words.subarray(from * WORDS, (from + 1) * WORDS), to * WORDS)
  );
  return rows;
}

/** Where the key is whose first words these are. */
function find(rows: Uint32Array, size: number, head: number, next: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = middle * WORDS;
    const isBelow = rows[at]! < head || (rows[at] === head && rows[at + 1]! < next);
    if (isBelow) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A plain sorted array. */
export const MEMORY: GrowthSubject = {
  name: "memory",
  of: "entries",
  isYardstick: true,
  fill(
    _path: string,
    size: number,
    _cacheBytes: number,
    { gets }: GrowthCounts,
  ): Promise<GrowthStore> {
    const rows = sortedRows(size);
    const values = randomBytes(2, size * VALUE_BYTES);
    return Promise.resolve({
      operations: {
        "yardstick: binary search in memory": (round) => {
          const chosen = picks(round, gets, size);
          let sum = 0;
          const begin = performance.now();
          for (const pick of chosen) {
            const at = find(rows, size, rows[pick * WORDS]!, rows[pick * WORDS + 1]!);
            sum += values.slice(at * VALUE_BYTES, (at + 1) * VALUE_BYTES)[0]!;
          }
          const elapsed = performance.now() - begin;
          const expected = chosen.reduce((all, pick) => all + values[pick * VALUE_BYTES]!, 0);
          if (sum !== expected) throw new Error("the search found other keys");
          return elapsed * 1000 / chosen.length;
        },
      },
      close: () => Promise.resolve(),
    });
  },
};
