/**
 * A log of 100 B records: appends. What a round appends is trimmed from the front after it.
 *
 * @module
 */

import { Database, recordLog } from "../../mod.ts";
import { valueOf } from "../compare/workload.ts";
import type { GrowthCounts, GrowthStore, GrowthSubject } from "./subject.ts";
import { BATCH, expectBytes, Stopwatch } from "./subject.ts";

const LOG = recordLog("log");

async function append(database: Database, count: number): Promise<void> {
  await database.update((tx) => {
    const log = tx.open(LOG);
    for (let i = 0; i < count; i++) log.append(valueOf(i));
  });
}

/** Transactions of so many records, each on disk before the next. */
async function appendMany(
  database: Database,
  size: number,
  transactions: number,
  records: number,
): Promise<number> {
  const watch = new Stopwatch();
  const before = database.open(LOG).head();
  await watch.time(async () => {
    for (let i = 0; i < transactions; i++) await append(database, records);
  });
  const head = database.open(LOG).head();
  if (head !== before + transactions * records) throw new Error("an appended record is missing");
  for (let offset = before; offset < head; offset++) {
    expectBytes(database.open(LOG).get(offset), valueOf((offset - before) % records));
  }
  await database.update((tx) => tx.open(LOG).trim(head - size));
  return watch.micros(transactions * records);
}

/** A log. */
export const LOG_RECORDS: GrowthSubject = {
  name: "log",
  of: "entries",
  async fill(
    path: string,
    size: number,
    cacheBytes: number,
    { puts, transactions }: GrowthCounts,
  ): Promise<GrowthStore> {
    const database = await Database.open(path, { cacheBytes });
    for (let from = 0; from < size; from += BATCH) {
      await append(database, Math.min(BATCH, size - from));
    }
    return {
      operations: {
        "durable log append, 1 caller": () => appendMany(database, size, puts, 1),
        "log append in a transaction of 1,000": () =>
          appendMany(database, size, transactions, BATCH),
      },
      close: () => database.close(),
    };
  },
};
