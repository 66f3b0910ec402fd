/**
 * Our content store beside cacache in one interleaved run. See bench/README.md.
 *
 * @module
 */

import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { positiveInteger, runCommand } from "../command_line.ts";
import { randomBytes } from "../compare/workload.ts";
import { interleave } from "../interleave.ts";
import type { ReportRow } from "../report.ts";
import type { Runner } from "../runners.ts";
import { versionsOf } from "../runners.ts";
import { REPORT_HELP, REPORT_OPTIONS, reportRun } from "../report_run.ts";
import { createFolder, removeFolder } from "../run_folder.ts";
import * as cacache from "./cacache.ts";
import type { ContentContestant, ContentModule } from "./contestant.ts";
import * as holdfast from "./holdfast.ts";

const USAGE = `usage: node --expose-gc bench/content/load.ts [options]
  --blobs N          blobs of 1 KiB a round; of 64 KiB a quarter, of 1 MiB a fiftieth  (4000)
  --rounds N         counted rounds                                                    (5)
${REPORT_HELP}`;

const MODULES = { holdfast, cacache };
const CALLERS = 64;

/** A size of blobs, with how many there are of each 1 KiB blob, and what must be reached. */
interface Size {
  readonly name: string;
  readonly bytes: number;
  readonly part: number;
  readonly target?: number;
}

const SIZES: readonly Size[] = [
  { name: "1 KiB", bytes: 1024, part: 1, target: 2 },
  { name: "64 KiB", bytes: 64 * 1024, part: 1 / 4, target: 2 },
  { name: "1 MiB", bytes: 1024 * 1024, part: 1 / 50 },
];

/** What a contestant has stored in this round. */
interface Stored {
  readonly store: ContentContestant;
  readonly folder: string;
  readonly ids: unknown[];
}

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      blobs: { type: "string", default: "4000" },
      rounds: { type: "string", default: "5" },
      ...REPORT_OPTIONS,
    },
  });
  if (values.help) return console.log(USAGE);
  const blobs = positiveInteger("blobs", values.blobs);
  const rounds = positiveInteger("rounds", values.rounds);
  const runners: Runner<ContentModule>[] = [];
  for (const [name, { load }] of Object.entries(MODULES)) {
    runners.push({ name, module: await load() });
  }

  await reportRun(values, async (folder) => {
    const versions = versionsOf(runners);
    console.log(versions);
    const rows: ReportRow[] = [];
    for (const size of SIZES) {
      rows.push(...await measureSize(runners, folder, size, Math.ceil(blobs * size.part), rounds));
    }
    const contestants = runners.map(({ name }) => name);
    return { title: `Content store: ${versions}`, contestants, rows };
  });
});

/** Puts and gets of one size, by one caller and by 64; each row of puts fills stores of its own. */
async function measureSize(
  runners: readonly Runner<ContentModule>[],
  folder: string,
  size: Size,
  count: number,
  rounds: number,
): Promise<ReportRow[]> {
  const rows: ReportRow[] = [];
  for (const callers of [1, CALLERS]) {
    const stored = new Map<Runner<ContentModule>, Stored>();
    const label = `${size.name}, ${callers} ${callers === 1 ? "caller" : "callers"}`;
    const puts = await interleave(`put ${label}`, runners, rounds, async (runner, round) => {
      await remove(stored.get(runner));
      const directory = createFolder(folder, runner.name, `${size.bytes}-${callers}-${round}`);
      const store = await runner.module.open(directory);
      const ids: unknown[] = [];
      stored.set(runner, { store, folder: directory, ids });
      // Made before the clock starts: other blobs for each round, the same for each contestant.
      const bytes = randomBytes(round + 2, count * size.bytes);
      return await together(callers, count, async (i) => {
        ids[i] = await store.put(bytes.subarray(i * size.bytes, (i + 1) * size.bytes));
      });
    });
    const gets = await interleave(`get ${label}`, runners, rounds, (runner, round) => {
      const { store, ids } = stored.get(runner)!;
      const picks = new Uint32Array(randomBytes(round + 100, count * 4).buffer);
      return together(callers, count, async (i) => {
        const pending = store.get(ids[picks[i]! % count], callers === 1);
        const bytes = pending instanceof Uint8Array ? pending : await pending;
        if (bytes.length !== size.bytes) throw new Error("a blob came back in another length");
      });
    });
    for (const kept of stored.values()) await remove(kept);
    const target = size.target === undefined ? {} : { targets: [{ ratio: size.target }] };
    rows.push(
      { name: `put ${label}`, unit: "blobs/s", better: "higher", ...target, rounds: puts },
      { name: `get ${label}`, unit: "blobs/s", better: "higher", ...target, rounds: gets },
    );
  }
  return rows;
}

/** `count` steps by so many callers, each waiting for its own. @returns steps per second */
async function together(
  callers: number,
  count: number,
  step: (i: number) => Promise<void>,
): Promise<number> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await step(next++);
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  return count / (performance.now() - begin) * 1000;
}

async function remove(stored: Stored | undefined): Promise<void> {
  if (stored === undefined) return;
  await stored.store.close();
  removeFolder(join(stored.folder));
}
