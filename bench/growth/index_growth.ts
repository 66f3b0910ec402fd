/**
 * An index of 16 B random keys and 100 B values: puts, gets, ranges and removals.
 *
 * @module
 */

import { performance } from "node:perf_hooks";
import { codec, Database, index } from "../../mod.ts";
import { valueOf } from "../compare/workload.ts";
import type { GrowthCounts, GrowthStore, GrowthSubject } from "./subject.ts";
import { BATCH, expectBytes, Keys, picks, Stopwatch } from "./subject.ts";

const ENTRIES = index("entries", { key: codec.bytes, value: codec.bytes });
const RANGE = 100;
/** Keys whose first byte is below it have more than {@link RANGE} others after them. */
const RANGE_BELOW = 0xc0;

async function put(database: Database, keys: Keys, from: number, to: number): Promise<void> {
  await database.update((tx) => {
    const entries = tx.open(ENTRIES);
    for (let i = from; i < to; i++) entries.put(keys.at(i), valueOf(i));
  });
}

async function remove(database: Database, keys: Keys): Promise<void> {
  await database.update((tx) => {
    const entries = tx.open(ENTRIES);
    for (let i = 0; i < keys.size; i++) entries.remove(keys.at(i));
  });
}

/** New keys, each put and on disk before the next. */
async function putOne(database: Database, round: number, count: number): Promise<number> {
  const keys = new Keys(1000 + round, count);
  const watch = new Stopwatch();
  await watch.time(async () => {
    for (let i = 0; i < count; i++) await put(database, keys, i, i + 1);
  });
  const reader = database.open(ENTRIES);
  for (let i = 0; i < count; i++) expectBytes(reader.get(keys.at(i)), valueOf(i));
  await remove(database, keys);
  return watch.micros(count);
}

/** Transactions that put new keys, and as many that remove them; the clock runs for one of the two. */
async function changeMany(
  database: Database,
  timed: "put" | "delete",
  round: number,
  transactions: number,
): Promise<number> {
  const watch = new Stopwatch();
  const size = database.open(ENTRIES).count();
  for (let i = 0; i < transactions; i++) {
    const keys = new Keys(2000 + round * transactions + i, BATCH);
    const putAll = (): Promise<void> => put(database, keys, 0, BATCH);
    const removeAll = (): Promise<void> => remove(database, keys);
    await (timed === "put" ? watch.time(putAll) : putAll());
    if (database.open(ENTRIES).count() !== size + BATCH) throw new Error("a put went missing");
    await (timed === "delete" ? watch.time(removeAll) : removeAll());
    if (database.open(ENTRIES).count() !== size) throw new Error("a removed key is still there");
  }
  return watch.micros(transactions * BATCH);
}

/** Gets of keys that are there. */
function get(database: Database, keys: Keys, round: number, count: number): number {
  const chosen = picks(round, count, keys.size);
  const wanted = [...chosen].map((pick) => keys.at(pick));
  const expected = chosen.reduce((sum, pick) => sum + valueOf(pick)[0]!, 0);
  const reader = database.open(ENTRIES);
  let sum = 0;
  const begin = performance.now();
  for (const key of wanted) {
    const value = reader.get(key);
    if (value !== undefined) sum += value[0]!;
  }
  const elapsed = performance.now() - begin;
  if (sum !== expected) throw new Error("gets returned other values than were put");
  return elapsed * 1000 / count;
}

/** Ranges of 100 entries from a key that is there; every key and value is read. */
function range(database: Database, keys: Keys, round: number, count: number): number {
  const starts = [...picks(round, count * 2, keys.size)].map((pick) => keys.at(pick))
    .filter((key) => key[0]! < RANGE_BELOW).slice(0, count);
  const reader = database.open(ENTRIES);
  let seen = 0;
  let bytes = 0;
  const begin = performance.now();
  for (const gte of starts) {
    for (const [key, value] of reader.range({ gte, limit: RANGE })) {
      seen++;
      bytes += key.length + value.length;
    }
  }
  const elapsed = performance.now() - begin;
  if (seen !== starts.length * RANGE || bytes !== seen * (16 + 100)) {
    throw new Error("a range has other entries than were put");
  }
  return elapsed * 1000 / starts.length;
}

/** An index. */
export const INDEX: GrowthSubject = {
  name: "index",
  of: "entries",
  async fill(
    path: string,
    size: number,
    cacheBytes: number,
    { puts, transactions, gets }: GrowthCounts,
  ): Promise<GrowthStore> {
    const database = await Database.open(path, { cacheBytes });
    const keys = new Keys(1, size);
    for (let from = 0; from < size; from += BATCH) {
      await put(database, keys, from, Math.min(size, from + BATCH));
    }
    return {
      operations: {
        "durable put, 1 caller": (round) => putOne(database, round, puts),
        "put in a transaction of 1,000": (round) =>
          changeMany(database, "put", round, transactions),
        "delete in a transaction of 1,000": (round) =>
          changeMany(database, "delete", round, transactions),
        "random get": (round) => get(database, keys, round, gets),
        "range of 100": (round) => range(database, keys, round, Math.ceil(gets / 100)),
      },
      close: () => database.close(),
    };
  },
};
