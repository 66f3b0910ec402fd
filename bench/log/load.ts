/**
 * Our logs beside those of others in one interleaved run. See bench/README.md.
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { positiveInteger, runCommand } from "../command_line.ts";
import { interleave } from "../interleave.ts";
import type { ReportRow } from "../report.ts";
import { OURS } from "../report.ts";
import { REPORT_HELP, REPORT_OPTIONS, reportRun } from "../report_run.ts";
import { createFolder, removeFolder } from "../run_folder.ts";
import type { Runner } from "../runners.ts";
import { loadRunners, versionsOf } from "../runners.ts";
import type { LogContestant, LogMode, LogModule, LogTask } from "./contestant.ts";
import type { Size } from "./rows.ts";
import { rowOf, SIZES } from "./rows.ts";
import { appendAll, appendShared, appendSynced, Records, replay, verify } from "./workload.ts";

/** The modules are imported when they take part: some cannot be on every runtime. */
const CONTESTANTS: Readonly<Record<string, () => Promise<LogModule>>> = {
  "endless-stream": async () => (await import("./endless_stream.ts")).load(),
  "block-stream": async () => (await import("./block_stream.ts")).load(),
  "record-log": async () => (await import("./record_log.ts")).load(),
  "raw-file": async () => (await import("./raw_file.ts")).load(),
  "write-stream": async () => (await import("./write_stream.ts")).load(),
  "sonic-boom": async () => (await import("./sonic_boom.ts")).load(),
  lmdb: async () => (await import("./lmdb.ts")).load(),
  sqlite: async () => (await import("./sqlite.ts")).loadNodeSqlite(),
  "better-sqlite3": async () => (await import("./sqlite.ts")).loadBetterSqlite(),
  "bun-sqlite": async () => (await import("./sqlite.ts")).loadBunSqlite(),
  level: async () => (await import("./level.ts")).load(),
  hypercore: async () => (await import("./hypercore.ts")).load(),
  "official-store": async () => (await import("./official_store.ts")).load(),
};

const USAGE = `usage: node --expose-gc bench/log/load.ts [options]
  --megabytes N      megabytes of records without sync and replayed, a round  (100)
  --synced N         records of one caller, synced one by one, a round        (4000)
  --shared N         records of 64 callers a round                            (16000)
  --rounds N         counted rounds                                           (5)
  --contestants A,B  of ${Object.keys(CONTESTANTS).slice(0, 6).join()},
                     ${Object.keys(CONTESTANTS).slice(6).join()}  (all)
${REPORT_HELP}`;

/** Records at the end of a log that are compared after a round; after the warm-up all of them are. */
const TAIL_RECORDS = 1000;
/** The warm-up of the appends has a tenth of the records. */
const WARM_UP_PART = 10;

interface Settings {
  readonly megabytes: number;
  readonly synced: number;
  readonly shared: number;
  readonly rounds: number;
}

/** One suite of rows: a length of records, and where the logs are. */
interface Stage {
  readonly runners: readonly Runner<LogModule>[];
  readonly folder: string;
  readonly size: Size;
  readonly records: Records;
  readonly settings: Settings;
}

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      megabytes: { type: "string", default: "100" },
      synced: { type: "string", default: "4000" },
      shared: { type: "string", default: "16000" },
      rounds: { type: "string", default: "5" },
      contestants: { type: "string", default: Object.keys(CONTESTANTS).join() },
      ...REPORT_OPTIONS,
    },
  });
  if (values.help) return console.log(USAGE);
  const settings: Settings = {
    megabytes: positiveInteger("megabytes", values.megabytes),
    synced: positiveInteger("synced", values.synced),
    shared: positiveInteger("shared", values.shared),
    rounds: positiveInteger("rounds", values.rounds),
  };
  const { runners, absent } = await loadRunners(CONTESTANTS, values.contestants.split(","));
  await reportRun(values, async (folder) => {
    const versions = versionsOf(runners);
    console.log(versions);
    const rows: ReportRow[] = [];
    for (const size of SIZES) {
      const records = new Records(size.bytes);
      const stage: Stage = { runners, folder, size, records, settings };
      rows.push(...await measureUnsynced(stage), await measureDurable(stage, "synced"));
      rows.push(await measureDurable(stage, "shared"));
    }
    const contestants = [OURS, ...runners.map(({ name }) => name)];
    return { title: `Logs: ${versions}`, contestants, rows, notes: absent };
  });
});

/** Appends to a new log each round; the replays read the log of the last round, opened anew. */
async function measureUnsynced(stage: Stage): Promise<ReportRow[]> {
  const { folder, size, records, settings } = stage;
  const count = Math.ceil(settings.megabytes * 1e6 / size.bytes);
  const logs = new Map<Runner<LogModule>, LogContestant>();
  const append = async (runner: Runner<LogModule>, round: number): Promise<number> => {
    const directory = createFolder(folder, runner.name, `${size.bytes}-${round}`);
    const log = await open(runner, directory, "unsynced", size);
    const isWarmUp = round < 0;
    const appended = isWarmUp ? Math.ceil(count / WARM_UP_PART) : count;
    const rate = await appendAll(log, records, appended);
    await verify(log, records, isWarmUp ? 0 : Math.max(0, appended - TAIL_RECORDS), appended);
    await log.close();
    if (round === settings.rounds - 1 && runner.module.tasks.includes("replay")) {
      logs.set(runner, await open(runner, directory, "unsynced", size));
    } else removeFolder(directory);
    return rate;
  };
  const read = async (runner: Runner<LogModule>, round: number): Promise<number> => {
    const log = logs.get(runner)!;
    if (round < 0) await verify(log, records, 0, count);
    return await replay(log, records, count);
  };
  const rows = [
    rowOf("append", size, await turns(stage, "append", append)),
    rowOf("replay", size, await turns(stage, "replay", read)),
  ];
  for (const log of logs.values()) await log.close();
  return rows;
}

/** Appends to one log of each contestant through all rounds. */
async function measureDurable(stage: Stage, task: "synced" | "shared"): Promise<ReportRow> {
  const { folder, size, records, settings } = stage;
  const logs = new Map<Runner<LogModule>, LogContestant>();
  const count = settings[task];
  const figures = await turns(stage, task, async (runner, round) => {
    const directory = createFolder(folder, runner.name, `${size.bytes}-${task}`);
    const log = logs.get(runner) ?? await open(runner, directory, "durable", size);
    logs.set(runner, log);
    const first = (round + 1) * count;
    const measure = task === "synced" ? appendSynced : appendShared;
    const rate = await measure(log, records, first, count);
    await verify(log, records, first, first + count);
    return rate;
  });
  for (const [{ name }, log] of logs) {
    await log.close();
    removeFolder(join(folder, name));
  }
  return rowOf(task, size, figures);
}

/** The rounds of a task, for whoever has it. */
function turns(
  { runners, size, settings }: Stage,
  task: LogTask,
  measure: (runner: Runner<LogModule>, round: number) => Promise<number>,
): Promise<Record<string, number[]>> {
  const able = runners.filter(({ module }) => module.tasks.includes(task));
  return interleave(`${task} ${size.name}`, able, settings.rounds, measure);
}

function open(
  { module }: Runner<LogModule>,
  directory: string,
  mode: LogMode,
  { bytes }: Size,
): Promise<LogContestant> {
  return module.open(directory, { mode, recordBytes: bytes });
}
