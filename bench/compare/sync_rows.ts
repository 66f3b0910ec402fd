/**
 * Durability proved by counting: a row of syncs and one of writes per operation for each durable
 * row. Each contestant runs twice in a process of its own under strace; the difference of the two
 * counts leaves out what opening and closing do.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { scriptWords } from "../own_runtime.ts";
import type { ReportRow } from "../report.ts";
import { OURS } from "../report.ts";
import { createFolder, removeFolder } from "../run_folder.ts";
import type { Runner } from "./contestants.ts";
import { runnersOf } from "./contestants.ts";
import type { CallCount } from "./sync_trace.ts";
import { readTrace, TRACED_CALLS } from "./sync_trace.ts";
import type { SyncRow } from "./sync_workload.ts";
import { SYNC_ROWS } from "./sync_workload.ts";

/**
 * Multiples of 64, so that whole groups of 64 callers are counted; the first few thousand steps are
 * not, because the logs of new stores still grow there.
 */
const FEW_STEPS = 2304;
const MANY_STEPS = 3328;

const PROBE = fileURLToPath(new URL("./sync_probe.ts", import.meta.url));
/** What was counted. */
export interface SyncReport {
  readonly rows: readonly ReportRow[];
  /** A sentence about each contestant that syncs less often than durability needs, or ours more. */
  readonly faults: readonly string[];
  /** Why nothing was counted, if so. */
  readonly skipped?: string;
}

/** Counts the syncs of every contestant that claims to be durable. */
export function measureSyncs(all: readonly Runner[], folder: string): SyncReport {
  const skipped = straceProblem();
  if (skipped !== undefined) return { rows: [], faults: [], skipped };
  const faults: string[] = [];
  const syncs = SYNC_ROWS.map((): Record<string, number[]> => ({}));
  const writes = SYNC_ROWS.map((): Record<string, number[]> => ({}));
  for (const { name } of runnersOf(all, "disk")) {
    const few = runProbe(name, FEW_STEPS, folder);
    const many = runProbe(name, MANY_STEPS, folder);
    SYNC_ROWS.forEach((row, i) => {
      const operations = (MANY_STEPS - FEW_STEPS) / row.steps;
      const counted = difference(many.get(row.folder), few.get(row.folder));
      syncs[i]![name] = [(counted.syncs + counted.syncedWrites) / operations];
      writes[i]![name] = [counted.writes / operations];
      faults.push(...faultsOf(name, row, counted, operations));
    });
    console.error(`syncs: ${name}`);
  }
  const rows = SYNC_ROWS.flatMap((row, i): ReportRow[] => {
    const targets = row.most === undefined ? {} : { targets: [{ figure: row.most }] };
    const better = "lower";
    return [
      { name: `syncs: ${row.name}`, unit: "syncs/op", better, ...targets, rounds: syncs[i]! },
      { name: `writes: ${row.name}`, unit: "writes/op", better, rounds: writes[i]! },
    ];
  });
  return { rows, faults };
}

/** What a report says of them below its table. */
export function syncNotes({ faults, skipped }: SyncReport): string[] {
  const notes = faults.map((fault) => `FAILED ${fault}`);
  return skipped === undefined ? notes : [...notes, `syncs were not counted: ${skipped}`];
}

/** Why nothing can be traced here. */
function straceProblem(): string | undefined {
  if (process.platform !== "linux") return "strace is for Linux only";
  const { error, status } = spawnSync("strace", ["-f", "-o", "/dev/null", "true"]);
  if (error !== undefined) return "strace is not installed";
  return status === 0 ? undefined : "strace may not trace here";
}

/** The calls of one process that runs every durable row, by the folder of the row. */
function runProbe(name: string, steps: number, folder: string): Map<string, CallCount> {
  const data = realpathSync(createFolder(folder, "syncs"));
  const trace = join(folder, "syncs.trace");
  const result = spawnSync("strace", [
    ...["-f", "-y", "--seccomp-bpf", "-s", "0", "-e", `trace=${TRACED_CALLS}`, "-o", trace],
    ...[process.execPath, ...scriptWords(PROBE, name, String(steps), data)],
  ], { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  if (result.status !== 0) throw new Error(`${name} failed under strace:\n${result.stderr}`);
  const counts = readTrace(readFileSync(trace, "utf8"), data);
  removeFolder(data);
  removeFolder(trace);
  return counts;
}

function difference(many: CallCount | undefined, few: CallCount | undefined): CallCount {
  return {
    syncs: (many?.syncs ?? 0) - (few?.syncs ?? 0),
    writes: (many?.writes ?? 0) - (few?.writes ?? 0),
    syncedWrites: (many?.syncedWrites ?? 0) - (few?.syncedWrites ?? 0),
  };
}

/**
 * A write that is synced itself does not sync the others, so alone it proves nothing. Where callers
 * share syncs, one less is that of a group which was not full.
 */
function faultsOf(name: string, row: SyncRow, counted: CallCount, operations: number): string[] {
  const { syncs, writes, syncedWrites } = counted;
  const least = operations / row.operationsPerSync;
  const slack = row.operationsPerSync === 1 ? 0 : 1;
  const proving = syncedWrites === writes ? syncs + syncedWrites : syncs;
  const all = syncs + syncedWrites;
  const found = `${name}: ${all} syncs for ${operations} operations, ${row.name}`;
  if (proving + slack < least) return [`${found}: not durable, needs ${least}`];
  if (name !== OURS || row.most === undefined || all <= operations * row.most) return [];
  return [`${found}: more than ${operations * row.most}`];
}
