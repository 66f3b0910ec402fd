/**
 * Our content store beside lmdb and cacache in one interleaved run. See bench/README.md.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { positiveInteger, runCommand } from "../command_line.ts";
import { interleave } from "../interleave.ts";
import type { ReportRow } from "../report.ts";
import type { Runner } from "../runners.ts";
import { loadRunners, versionsOf } from "../runners.ts";
import { REPORT_HELP, REPORT_OPTIONS, reportRun } from "../report_run.ts";
import { createFolder, removeFolder } from "../run_folder.ts";
import type { ContentContestant, ContentModule } from "./contestant.ts";
import type { ContentTask, Size } from "./rows.ts";
import { blobsOf, rowName, rowOf, SIZES, TASKS } from "./rows.ts";
import { Blobs, getRandom, putAll, verify } from "./workload.ts";

/** The modules are imported when they take part. */
const CONTESTANTS: Readonly<Record<string, () => Promise<ContentModule>>> = {
  holdfast: async () => (await import("./holdfast.ts")).load(),
  lmdb: async () => (await import("./lmdb.ts")).load(),
  cacache: async () => (await import("./cacache.ts")).load(),
};

const USAGE = `usage: node --expose-gc bench/content/load.ts [options]
  --blobs N          blobs of 1 KiB a round, in whole batches; of 64 KiB an eighth, of 1 MiB
                     an 80th, and of each an eighth in the rows without targets       (5120)
  --rounds N         counted rounds                                                   (5)
  --contestants A,B  of ${Object.keys(CONTESTANTS).join()}                            (all)
${REPORT_HELP}`;

/** What a contestant has stored in a round. */
interface Stored {
  readonly store: ContentContestant;
  readonly folder: string;
  readonly blobs: Blobs;
}

/** One size of blobs, and where the stores are. */
interface Stage {
  readonly runners: readonly Runner<ContentModule>[];
  readonly folder: string;
  readonly size: Size;
  /** Blobs of 1 KiB a round. */
  readonly blobs: number;
  readonly rounds: number;
  /** What the last round of puts has left. */
  readonly stored: Map<Runner<ContentModule>, Stored>;
}

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      blobs: { type: "string", default: "5120" },
      rounds: { type: "string", default: "5" },
      contestants: { type: "string", default: Object.keys(CONTESTANTS).join() },
      ...REPORT_OPTIONS,
    },
  });
  if (values.help) return console.log(USAGE);
  const blobs = positiveInteger("blobs", values.blobs);
  const rounds = positiveInteger("rounds", values.rounds);
  const { runners, absent } = await loadRunners(CONTESTANTS, values.contestants.split(","));
  await reportRun(values, async (folder) => {
    const versions = versionsOf(runners);
    console.log(versions);
    const byTask = new Map<ContentTask, ReportRow[]>(TASKS.map((task) => [task, []]));
    for (const size of SIZES) {
      const stage: Stage = { runners, folder, size, blobs, rounds, stored: new Map() };
      for (const task of TASKS) byTask.get(task)!.push(await measure(stage, task));
      for (const stored of stage.stored.values()) await remove(stored);
    }
    const contestants = runners.map(({ name }) => name);
    const rows = [...byTask.values()].flat();
    return { title: `Content store: ${versions}`, contestants, rows, notes: absent };
  });
});

async function measure(stage: Stage, task: ContentTask): Promise<ReportRow> {
  const { runners, rounds, size, stored } = stage;
  const isGet = task === "get" || task === "getShared";
  const figures = await interleave(
    rowName(task, size),
    runners,
    rounds,
    (runner, round) => {
      if (!isGet) return put(stage, task, runner, round);
      const { store, blobs } = stored.get(runner)!;
      return getRandom(task, store, blobs, round + 100);
    },
  );
  return rowOf(task, size, figures);
}

/** Fills a new store with blobs that no other round has, and the other contestants have, too. */
async function put(
  { folder, size, blobs, rounds, stored }: Stage,
  task: ContentTask,
  runner: Runner<ContentModule>,
  round: number,
): Promise<number> {
  const old = stored.get(runner);
  if (old !== undefined) await remove(old);
  const directory = createFolder(folder, runner.name, `${size.bytes}-${task}-${round}`);
  const fresh: Stored = {
    store: await runner.module.open(directory),
    folder: directory,
    blobs: new Blobs(round + 2, blobsOf(task, size, blobs), size.bytes),
  };
  stored.set(runner, fresh);
  const figure = await putAll(task, fresh.store, fresh.blobs, size.batch);
  const isLast = round === rounds - 1;
  await verify(fresh.store, fresh.blobs, isLast ? 0 : fresh.blobs.count - size.batch);
  return figure;
}

async function remove({ store, folder }: Stored): Promise<void> {
  await store.close();
  removeFolder(folder);
}
