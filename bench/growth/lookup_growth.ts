/**
 * Lookups in a once map, and in a content store of blobs of 100 B, which verifies what it gives out.
 *
 * @module
 */

import { performance } from "node:perf_hooks";
import { codec, ContentId, contentStore, Database, onceMap } from "../../mod.ts";
import { randomBytes, valueOf } from "../compare/workload.ts";
import type { GrowthCounts, GrowthStore, GrowthSubject } from "./subject.ts";
import { BATCH, expectBytes, Keys, picks } from "./subject.ts";

const ONCE = onceMap("once", { key: codec.bytes, value: codec.bytes });
const BLOBS = contentStore("blobs");
const BLOB_BYTES = 100;
const DIGEST_BYTES = 32;

/** Gets so many values one after the other, and then compares the last. */
function lookUp<K>(
  get: (key: K) => Uint8Array | undefined,
  keys: readonly K[],
  lastValue: Uint8Array,
): number {
  let found = 0;
  const begin = performance.now();
  for (const key of keys) found += get(key)!.length;
  const elapsed = performance.now() - begin;
  if (found !== keys.length * lastValue.length) throw new Error("a value has another length");
  expectBytes(get(keys.at(-1)!), lastValue);
  return elapsed * 1000 / keys.length;
}

/** A once map. */
export const ONCE_MAP: GrowthSubject = {
  name: "once map",
  of: "entries",
  async fill(
    path: string,
    size: number,
    cacheBytes: number,
    { gets }: GrowthCounts,
  ): Promise<GrowthStore> {
    const database = await Database.open(path, { cacheBytes });
    const keys = new Keys(3, size);
    for (let from = 0; from < size; from += BATCH) {
      await database.update((tx) => {
        const once = tx.open(ONCE);
        for (let i = from; i < Math.min(size, from + BATCH); i++) {
          once.putIfAbsent(keys.at(i), valueOf(i));
        }
      });
    }
    const reader = database.open(ONCE);
    return {
      operations: {
        "random get of a once map": (round) => {
          const chosen = [...picks(round, gets, size)];
          const wanted = chosen.map((pick) => keys.at(pick));
          return lookUp((key) => reader.get(key), wanted, valueOf(chosen.at(-1)!));
        },
      },
      close: () => database.close(),
    };
  },
};

/** A content store. */
export const CONTENT: GrowthSubject = {
  name: "content",
  of: "entries",
  most: 1_000_000,
  async fill(
    path: string,
    size: number,
    cacheBytes: number,
    { gets }: GrowthCounts,
  ): Promise<GrowthStore> {
    const database = await Database.open(path, { cacheBytes });
    const bytes = randomBytes(5, size * BLOB_BYTES);
    const blob = (i: number): Uint8Array => bytes.subarray(i * BLOB_BYTES, (i + 1) * BLOB_BYTES);
    const digests = new Uint8Array(size * DIGEST_BYTES);
    for (let from = 0; from < size; from += BATCH) {
      await database.update((tx) => {
        const blobs = tx.open(BLOBS);
        for (let i = from; i < Math.min(size, from + BATCH); i++) {
          digests.set(blobs.put(blob(i)).bytes, i * DIGEST_BYTES);
        }
      });
    }
    const idOf = (i: number): ContentId =>
      new ContentId("sha256", digests.subarray(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES));
    const reader = database.open(BLOBS);
    return {
      operations: {
        "verified get of 100 B of content": (round) => {
          const chosen = [...picks(round, Math.ceil(gets / 10), size)];
          return lookUp((id) => reader.get(id), chosen.map(idOf), blob(chosen.at(-1)!));
        },
      },
      close: () => database.close(),
    };
  },
};
