/**
 * Our content store beside cacache in one interleaved run. See bench/README.md.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { parseArgs } from "node:util";
import { commandText, positiveInteger, runCommand } from "../command_line.ts";
import { randomBytes } from "../compare/workload.ts";
import { interleave } from "../interleave.ts";
import { machineLine, measureMachine } from "../machine.ts";
import type { Report, ReportRow } from "../report.ts";
import { allMet, toMarkdown, toText } from "../report.ts";
import { createFolder, createRunFolder, removeFolder } from "../run_folder.ts";
import * as cacache from "./cacache.ts";
import type { ContentContestant, ContentModule } from "./contestant.ts";
import * as holdfast from "./holdfast.ts";

const USAGE = `usage: node --expose-gc bench/content/load.ts [options]
  --blobs N          blobs of 1 KiB a round; of 64 KiB a quarter, of 1 MiB a fiftieth  (4000)
  --rounds N         counted rounds                                                    (5)
  --dir FOLDER       where to put the data; must be on a disk                          (the temporary folder)
  --json FILE        write the figures
  --markdown         print the table as Markdown
  --check            exit with 1 when a target is missed`;

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

interface Runner {
  readonly name: string;
  readonly module: ContentModule;
}

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
      dir: { type: "string" },
      json: { type: "string" },
      markdown: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const blobs = positiveInteger("blobs", values.blobs);
  const rounds = positiveInteger("rounds", values.rounds);
  const runners: Runner[] = [];
  for (const [name, { load }] of Object.entries(MODULES)) {
    runners.push({ name, module: await load() });
  }

  const folder = createRunFolder(values.dir);
  try {
    const machine = measureMachine(folder);
    console.log(machineLine(machine));
    const versions = runners.map(({ name, module }) => `${name} ${module.version}`).join(", ");
    console.log(versions);
    const rows: ReportRow[] = [];
    for (const size of SIZES) {
      rows.push(...await measureSize(runners, folder, size, Math.ceil(blobs * size.part), rounds));
    }
    const report: Report = {
      title: `Content store: ${versions}`,
      date: new Date().toISOString(),
      command: commandText(),
      machine,
      machineLine: machineLine(machine),
      contestants: runners.map(({ name }) => name),
      rows,
    };
    console.log(`\n${values.markdown ? toMarkdown(report) : toText(report)}`);
    if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(report, null, 2));
    if (values.check && !allMet(report)) process.exitCode = 1;
  } finally {
    removeFolder(folder);
  }
});

/** Puts and gets of one size, by one caller and by 64; each row of puts fills stores of its own. */
async function measureSize(
  runners: readonly Runner[],
  folder: string,
  size: Size,
  count: number,
  rounds: number,
): Promise<ReportRow[]> {
  const rows: ReportRow[] = [];
  for (const callers of [1, CALLERS]) {
    const stored = new Map<Runner, Stored>();
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
