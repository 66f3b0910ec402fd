/**
 * Opening a store and living with it: how long opening takes, what a checkpoint costs those who
 * commit, and how much memory reads take. See bench/README.md.
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { positiveInteger, runCommand } from "../command_line.ts";
import { countText } from "../figure_text.ts";
import { interleave } from "../interleave.ts";
import type { ReportRow } from "../report.ts";
import { REPORT_HELP, REPORT_OPTIONS, reportRun } from "../report_run.ts";
import { copyFolder, createFolder, removeFolder } from "../run_folder.ts";
import type { Runner } from "../runners.ts";
import { loadRunners, versionsOf } from "../runners.ts";
import { bareResident, runKilled, runTask } from "./child_process.ts";
import type { StoreModule } from "./contestant.ts";
import { STORES } from "./contestant.ts";

const USAGE = `usage: node bench/open/load.ts [options]
  --entries N        entries of each store                               (1000000)
  --reads N          random reads before memory is measured              (1000000)
  --cache-mb N       cache budget of these reads; less than the entries  (64)
  --seconds N        how long the writer runs, or until a checkpoint     (4)
  --rounds N         counted rounds                                      (5)
  --contestants A,B  of ${Object.keys(STORES).join()}                  (all)
${REPORT_HELP}`;

const MIB = 1024 * 1024;
/** The warm-up of what takes seconds is a tenth of it: each measurement is a process of its own. */
const WARM_UP_PART = 10;
/**
 * Cache of a process that is killed, and of those that open what it left. A full log has 131,072
 * puts of ours, and each can change a page of 4 KiB, 512 MiB in all; a checkpoint begins when three
 * quarters of the cache are changed, which is to be the log's affair here.
 */
const KILLED_CACHE_BYTES = 1024 * MIB;

interface Settings {
  readonly entries: number;
  readonly reads: number;
  readonly cacheBytes: number;
  readonly millis: number;
  readonly rounds: number;
}

/** The contestants, each with a store that was filled and closed. */
interface Stage {
  readonly runners: readonly Runner<StoreModule>[];
  readonly folder: string;
  readonly settings: Settings;
}

/** A row, and what the killed processes left. */
interface Reopening {
  readonly row: ReportRow;
  readonly notes: readonly string[];
}

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      entries: { type: "string", default: "1000000" },
      reads: { type: "string", default: "1000000" },
      "cache-mb": { type: "string", default: "64" },
      seconds: { type: "string", default: "4" },
      rounds: { type: "string", default: "5" },
      contestants: { type: "string", default: Object.keys(STORES).join() },
      ...REPORT_OPTIONS,
    },
  });
  if (values.help) return console.log(USAGE);
  const settings: Settings = {
    entries: positiveInteger("entries", values.entries),
    reads: positiveInteger("reads", values.reads),
    cacheBytes: positiveInteger("cache-mb", values["cache-mb"]) * MIB,
    millis: positiveInteger("seconds", values.seconds) * 1000,
    rounds: positiveInteger("rounds", values.rounds),
  };
  const { runners, absent } = await loadRunners(STORES, values.contestants.split(","));
  await reportRun(values, async (folder) => {
    const versions = versionsOf(runners);
    console.log(versions);
    const stage: Stage = { runners, folder, settings };
    for (const { name } of runners) {
      const directory = createFolder(folder, name, "filled");
      await runTask(name, "fill", { directory, entries: settings.entries });
      console.error(`fill: ${name}`);
    }
    const openings = await measureOpening(stage);
    const memory = await measureMemory(stage);
    const reopening = await measureReopening(stage);
    const stalls = await measureStalls(stage);
    return {
      title: `Opening and living: ${versions}`,
      contestants: runners.map(({ name }) => name),
      rows: [...openings, memory, reopening.row, ...stalls],
      notes: [...absent, ...reopening.notes],
    };
  });
});

async function measureOpening({ runners, folder, settings }: Stage): Promise<ReportRow[]> {
  const { entries, rounds } = settings;
  const again: Record<string, number[]> = {};
  const first = await interleave("open", runners, rounds, async ({ name }, round) => {
    const directory = join(folder, name, "filled");
    const result = await runTask(name, "open", {
      directory,
      entries,
      seed: round,
      acknowledged: 0,
    });
    if (round >= 0) (again[name] ??= []).push(result.againMillis!);
    return result.millis!;
  });
  const name = `open after a clean close, ${entries.toLocaleString("en")} entries`;
  const targets = [{ figure: 5, stretch: 2 }];
  return [
    { name: `${name}, first of a process`, unit: "ms", better: "lower", targets, rounds: first },
    { name: `${name}, not the first`, unit: "ms", better: "lower", targets, rounds: again },
  ];
}

async function measureMemory({ runners, folder, settings }: Stage): Promise<ReportRow> {
  const { entries, reads, cacheBytes, rounds } = settings;
  const able = runners.filter(({ module }) => module.hasCacheBudget);
  const over = await interleave("memory", able, rounds, async ({ name }, round) => {
    const directory = join(folder, name, "filled");
    const { resident } = await runTask(name, "read", {
      directory,
      entries,
      reads: round < 0 ? Math.ceil(reads / WARM_UP_PART) : reads,
      cacheBytes,
      seed: round,
    });
    return (resident! - cacheBytes - await bareResident()) / 1e6;
  });
  return {
    name: `memory after ${reads.toLocaleString("en")} random reads, over cache and bare runtime`,
    unit: "MB",
    better: "lower",
    targets: [{ figure: 64, stretch: 40 }],
    rounds: over,
  };
}

/** Every contestant is killed once; each round opens a copy of what that left. */
async function measureReopening({ runners, folder, settings }: Stage): Promise<Reopening> {
  const { entries, rounds } = settings;
  const acknowledged = new Map<string, number>();
  const notes: string[] = [];
  for (const { name, module } of runners) {
    const directory = createFolder(folder, name, "killed");
    copyFolder(join(folder, name, "filled"), directory);
    const result = await runKilled(name, "kill", {
      directory,
      entries,
      cacheBytes: KILLED_CACHE_BYTES,
    });
    acknowledged.set(name, result.acknowledged!);
    notes.push(
      `${name}: killed after ${countText(result.acknowledged!)} puts, ${
        fullLogText(module, directory)
      }`,
    );
    console.error(notes.at(-1));
  }
  const times = await interleave("reopen", runners, rounds, async ({ name }, round) => {
    const directory = createFolder(folder, name, "copy");
    copyFolder(join(folder, name, "killed"), directory);
    const { millis } = await runTask(name, "open", {
      directory,
      entries,
      seed: round,
      cacheBytes: KILLED_CACHE_BYTES,
      acknowledged: acknowledged.get(name)!,
      isVerified: round < 0,
    });
    removeFolder(directory);
    return millis!;
  });
  for (const { name } of runners) removeFolder(join(folder, name, "killed"));
  const row: ReportRow = {
    name: "reopen after kill -9 with a full log",
    unit: "ms",
    better: "lower",
    targets: [{ figure: 100, stretch: 40 }],
    rounds: times,
  };
  return { row, notes };
}

/** What the killed process left to be replayed. @throws when that is not a full log */
function fullLogText({ log }: StoreModule, directory: string): string {
  if (log === undefined) return "no log";
  const bytes = log.bytesIn(directory);
  if (bytes < log.fullBytes || bytes >= log.limitBytes) {
    throw new Error(
      `a full log has ${log.fullBytes} bytes or more, the one in ${directory} ${bytes}`,
    );
  }
  return `${mib(bytes)} in a log that is emptied at ${mib(log.limitBytes)}`;
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

async function measureStalls({ runners, folder, settings }: Stage): Promise<ReportRow[]> {
  const { entries, millis, rounds } = settings;
  const most: Record<string, number[]> = {};
  const p99: Record<string, number[]> = {};
  const beside: Record<string, number[]> = {};
  const median = await interleave("stall", runners, rounds, async ({ name }, round) => {
    const directory = join(folder, name, "filled");
    const result = await runTask(name, "stall", {
      directory,
      entries,
      seed: round,
      millis: round < 0 ? millis / WARM_UP_PART : millis,
    });
    if (round >= 0) {
      (most[name] ??= []).push(result.allMost!);
      (p99[name] ??= []).push(result.allP99!);
      if (result.besideP99 !== undefined) (beside[name] ??= []).push(result.besideP99);
    }
    return result.allMedian!;
  });
  const unit = "ms";
  const better = "lower";
  const name = "commit of 100 puts by one writer";
  return [
    { name: `${name}, median`, unit, better, rounds: median },
    { name: `${name}, p99`, unit, better, rounds: p99 },
    {
      name: `${name}, p99 of those beside a checkpoint`,
      unit,
      better,
      targets: [{ figure: 50, stretch: 10 }],
      rounds: beside,
    },
    { name: `${name}, longest`, unit, better, rounds: most },
  ];
}
