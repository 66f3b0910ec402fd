/**
 * Reports with figures that are easy to reckon with.
 *
 * @module
 */

import type { Machine } from "../../bench/machine.ts";
import type { Report, ReportRow } from "../../bench/report.ts";

const MACHINE: Machine = {
  cpu: "a processor",
  cores: 2,
  memoryGb: 8,
  kernel: "Linux 6 x64",
  runtime: "Node 24",
  fileSystem: "ext4",
  writeMicros: 1,
  overwriteSyncMicros: 100,
  extendSyncMicros: 200,
};

/** A row of which higher is better, in puts/s. */
export function sampleRow(more: Partial<ReportRow> = {}): ReportRow {
  return {
    name: "put",
    unit: "puts/s",
    better: "higher",
    rounds: { holdfast: [300, 100, 200], lmdb: [100], level: [50] },
    ...more,
  };
}

/** A report of some rows on a runtime. */
export function sampleReport(rows: readonly ReportRow[], runtime: string = "Node 24"): Report {
  return {
    title: "Kernel: holdfast 0.1.0",
    date: "2026-01-02T03:04:05.000Z",
    command: "node bench/compare/kernel.ts",
    machine: { ...MACHINE, runtime },
    machineLine: `2 x a processor, ${runtime}`,
    contestants: ["holdfast", "lmdb", "level"],
    rows,
  };
}
