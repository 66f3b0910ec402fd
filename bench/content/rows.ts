/**
 * The rows of content stores, and what each must reach: first those with targets, then those that show
 * what one caller and many get without batches.
 *
 * @module
 */

import { CALLERS } from "../callers.ts";
import type { ReportRow, Target } from "../report.ts";

/** A length of blobs. */
export interface Size {
  readonly name: string;
  readonly bytes: number;
  /** How many there are of each blob of 1 KiB. */
  readonly part: number;
  /** Blobs of a batch. */
  readonly batch: number;
}

/** All lengths. */
export const SIZES: readonly Size[] = [
  { name: "1 KiB", bytes: 1024, part: 1, batch: 64 },
  { name: "64 KiB", bytes: 64 * 1024, part: 1 / 8, batch: 64 },
  { name: "1 MiB", bytes: 1024 * 1024, part: 1 / 80, batch: 16 },
];

/** A kind of row. */
export type ContentTask = "putBatch" | "get" | "put" | "putShared" | "getShared";

/** In the order of the table. A get reads what the put before it has left. */
export const TASKS: readonly ContentTask[] = ["putBatch", "get", "put", "putShared", "getShared"];

/** Rows without a target have fewer blobs by this factor. */
const UNTARGETED_PART = 1 / 8;

const LMDB = ["lmdb"];
const CACACHE = ["cacache"];

/** By task, and by the name of the length. */
export const TARGETS: Readonly<
  Partial<Record<ContentTask, Readonly<Record<string, readonly Target[]>>>>
> = {
  putBatch: {
    "1 KiB": [{ against: LMDB, ratio: 3, stretch: 5 }, { against: CACACHE, ratio: 100 }],
    "64 KiB": [{ against: LMDB, ratio: 0.9, stretch: 1.1 }, { against: CACACHE, ratio: 50 }],
    "1 MiB": [{ against: LMDB, ratio: 0.9, stretch: 1.1 }, { against: CACACHE, ratio: 5 }],
  },
  get: {
    "1 KiB": [{ against: CACACHE, ratio: 15, stretch: 25 }],
    "64 KiB": [{ against: CACACHE, ratio: 2.5, stretch: 3.5 }],
    "1 MiB": [{ against: CACACHE, ratio: 1.3, stretch: 1.7 }],
  },
};

const NAMES: Readonly<Record<ContentTask, (size: Size) => string>> = {
  putBatch: ({ name, batch }) => `put ${name}, durable by batches of ${batch}`,
  get: ({ name }) => `get ${name}, verified`,
  put: ({ name }) => `put ${name}, 1 caller`,
  putShared: ({ name }) => `put ${name}, ${CALLERS} callers`,
  getShared: ({ name }) => `get ${name}, verified, ${CALLERS} callers`,
};

/** The name of a row. */
export function rowName(task: ContentTask, size: Size): string {
  return NAMES[task](size);
}

/** Blobs of a row: whole batches of what was asked for of the shortest. */
export function blobsOf(task: ContentTask, { part, batch }: Size, blobs: number): number {
  const share = TARGETS[task] === undefined ? UNTARGETED_PART : 1;
  return Math.ceil(blobs * part * share / batch) * batch;
}

/** The row of a task. */
export function rowOf(task: ContentTask, size: Size, rounds: Record<string, number[]>): ReportRow {
  const targets = TARGETS[task]?.[size.name];
  return {
    name: rowName(task, size),
    unit: "blobs/s",
    better: "higher",
    ...targets === undefined ? {} : { targets },
    rounds,
  };
}
