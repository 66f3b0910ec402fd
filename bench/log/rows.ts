/**
 * The rows of logs, what each must reach, and which of our logs a user would pick for it.
 *
 * @module
 */

import process from "node:process";
import type { ReportRow, Target } from "../report.ts";
import { OURS } from "../report.ts";
import type { LogTask } from "./contestant.ts";

/** A length of records. */
export interface Size {
  readonly name: "100 B" | "4 KiB";
  readonly bytes: number;
}

/** Both lengths. */
export const SIZES: readonly Size[] = [
  { name: "100 B", bytes: 100 },
  { name: "4 KiB", bytes: 4096 },
];

/** Our log that stands as `holdfast` in a row; the others of ours have their own columns. */
export const PICKED: Readonly<Record<LogTask, Readonly<Record<Size["name"], string>>>> = {
  append: { "100 B": "block-stream", "4 KiB": "block-stream" },
  synced: { "100 B": "block-stream", "4 KiB": "block-stream" },
  shared: { "100 B": "endless-stream", "4 KiB": "endless-stream" },
  replay: { "100 B": "record-log", "4 KiB": "block-stream" },
};

const SQLITES = ["sqlite", "better-sqlite3", "bun-sqlite"];
const ENGINES = ["lmdb", "level", ...SQLITES];
const isDeno = process.versions.deno !== undefined;

const TARGETS: Readonly<Record<LogTask, Readonly<Record<string, readonly Target[]>>>> = {
  append: {
    "100 B": [
      { against: ["sonic-boom"], ratio: 0.8, stretch: 1.1 },
      { against: ENGINES, ratio: 4, stretch: 6 },
    ],
    "4 KiB": [
      { against: ["sonic-boom"], ratio: 0.8, stretch: 1.1 },
      { against: ENGINES, ratio: 2.5, stretch: 3.5 },
    ],
  },
  synced: {
    "100 B": [
      { against: SQLITES, ratio: 1, stretch: 1.05 },
      { against: ["official-store"], ratio: 4, stretch: 5 },
    ],
  },
  shared: {
    "100 B": [{ against: ["lmdb"], ratio: 2, stretch: 3.5 }],
    "4 KiB": [{ against: ["lmdb"], ratio: isDeno ? 0.85 : 1, stretch: 1.5 }],
  },
  replay: {
    "100 B": [{ against: ["lmdb"], ratio: 4, stretch: 8 }],
    "4 KiB": [{ against: ["lmdb"], ratio: 1.5, stretch: 2 }],
  },
};

const NAMES: Readonly<Record<LogTask, string>> = {
  append: "append without sync",
  synced: "append, one sync per record",
  shared: "append, 64 callers, durable",
  replay: "replay, verified",
};

/** The row of a task: our picked log becomes `holdfast`. */
export function rowOf(task: LogTask, size: Size, figures: Record<string, number[]>): ReportRow {
  const picked = PICKED[task][size.name];
  const { [picked]: ours, ...rest } = figures;
  const targets = TARGETS[task][size.name];
  const isInMegabytes = task === "append" || task === "replay";
  return {
    name: `${NAMES[task]}, ${size.name} (${picked})`,
    unit: isInMegabytes ? "MB/s" : "records/s",
    better: "higher",
    ...targets === undefined ? {} : { targets },
    rounds: ours === undefined ? rest : { [OURS]: ours, ...rest },
  };
}
