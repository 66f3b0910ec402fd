/**
 * Removing what has expired.
 *
 * @module
 */

import type { Database } from "../../kernel/database.ts";
import type { Definition } from "../../kernel/definition.ts";
import type { ExpiringAccess } from "./expiring_types.ts";

/** Options of `sweepExpired`. */
export interface SweepOptions {
  /** Entries that a transaction removes at most. @default 1000 */
  readonly batch?: number;
  /** Ends it after the transaction under way: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

const BATCH_DEFAULT = 1000;

/**
 * Removes the entries of an index that have expired by now, in transactions of at most `batch`
 * entries, each of which is durable as the database says. Readers see no difference. Costs by what
 * has expired, not by what is there; call it as often as the space is worth it.
 *
 * ```ts
 * import { codec, Database, expiringIndex, sweepExpired } from "@holdfast/holdfast";
 *
 * const codes = expiringIndex("codes", { key: codec.u32, value: codec.string });
 * const db = await Database.memory();
 * await db.update((tx) => tx.open(codes).put(7, "x1y2", { expiresAt: 1 }));
 * console.log(await sweepExpired(db, codes, { batch: 100 })); // 1
 * await db.close();
 * ```
 *
 * @returns how many
 * @throws {RangeError} unless `batch` is a whole number from 1 on
 * @throws {StateError} `CLOSED`, `POISONED`, `READ_ONLY`, `TYPE_MISMATCH`
 * @throws {ConflictError} `IN_DOUBT`: a prepared transaction holds an entry that has expired
 * @throws {IoError} `NO_SPACE`, `IO_*`
 */
export async function sweepExpired<K, V, S>(
  db: Database,
  definition: Definition<ExpiringAccess<K, V, S>>,
  { batch = BATCH_DEFAULT, signal }: SweepOptions = {},
): Promise<number> {
  const options = signal === undefined ? {} : { signal };
  for (let total = 0;;) {
    const removed = await db.update((tx) => tx.open(definition).sweep(batch), options);
    total += removed;
    if (removed < batch) return total;
  }
}
