/**
 * The durable rows as the counting of syncs runs them: few operations each, in a store of its own.
 *
 * @module
 */

import { CALLERS } from "../callers.ts";
import type { Contestant } from "./contestant.ts";
import { MixedWorkload, OPERATIONS_PER_PUT } from "./mixed.ts";
import * as workload from "./workload.ts";

/** Entries of the store that the 80/20 operations change. */
const MIXED_ENTRIES = 1000;

/** A sync an operation, and a hundredth for a checkpoint that falls among those counted. */
const ONE_EACH = 1.01;

/** What is run, and how many syncs it takes. */
export interface SyncRow {
  /** The folder of its store below that of the run. */
  readonly folder: string;
  readonly name: string;
  /** One operation stands for so many steps of the count that a run is given. */
  readonly steps: number;
  /** Who syncs less than once in so many operations loses some of them in a power cut. */
  readonly operationsPerSync: number;
  /** The syncs per operation that ours may make at most. */
  readonly most?: number;
  run(store: Contestant, operations: number): Promise<unknown>;
}

/** The durable rows. */
export const SYNC_ROWS: readonly SyncRow[] = [
  {
    folder: "put",
    name: "durable put, 1 caller",
    steps: 1,
    operationsPerSync: 1,
    most: ONE_EACH,
    run: (store, operations) => workload.putOne(store, 1, operations),
  },
  {
    folder: "put64",
    name: "durable put, 64 callers",
    steps: 1,
    operationsPerSync: CALLERS,
    most: 1 / 8,
    run: (store, operations) => workload.putShared(store, 2, operations),
  },
  {
    folder: "append64",
    name: "durable append 100 B, 64 callers",
    steps: 1,
    operationsPerSync: CALLERS,
    most: 1 / 8,
    run: (store, operations) => workload.appendShared(store, operations),
  },
  {
    folder: "load",
    name: "durable transaction of 1,000",
    steps: 64,
    operationsPerSync: 1,
    run(store, operations) {
      const bytes = operations * workload.BATCH * workload.KEY_BYTES;
      return workload.load(store, workload.randomBytes(3, bytes));
    },
  },
  {
    folder: "mixed",
    name: "80/20 read-modify-write, durable",
    steps: 1,
    operationsPerSync: OPERATIONS_PER_PUT,
    async run(store, operations) {
      const keyBytes = workload.randomBytes(4, MIXED_ENTRIES * workload.KEY_BYTES);
      await workload.load(store, keyBytes);
      await new MixedWorkload(keyBytes).run(store, 5, operations);
    },
  },
];
