/**
 * Our content store beside cacache in one interleaved run. See bench/README.md.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { parseArgs } from "node:util";
import { CALLERS, together } from "../callers.ts";
import { positiveInteger, runCommand } from "../command_line.ts";
import { randomBytes } from "../compare/workload.ts";
import { interleave } from "../interleave.ts";
import type { ReportRow } from "../report.ts";
import type { Runner } from "../runners.ts";
import { loadRunners, versionsOf } from "../runners.ts";
import { REPORT_HELP, REPORT_OPTIONS, reportRun } from "../report_run.ts";
import { createFolder, removeFolder } from "../run_folder.ts";
import type { ContentContestant, ContentModule } from "./contestant.ts";

/** The modules are imported when they take part. */
const CONTESTANTS: Readonly<Record<string, () => Promise<ContentModule>>> = {
  holdfast: async () => (await import("./holdfast.ts")).load(),
  cacache: async () => (await import("./cacache.ts")).load(),
};

const USAGE = `usage: node --expose-gc bench/content/load.ts [options]
  --blobs N          blobs of 1 KiB a round; of 64 KiB a quarter, of 1 MiB a fiftieth  (4000)
  --rounds N         counted rounds                                                    (5)
  --contestants A,B  of ${Object.keys(CONTESTANTS).join()}                               (all)
${REPORT_HELP}`;

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
  /** One blob after the other. */
  readonly bytes: Uint8Array;
  readonly ids: unknown[];
}

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      blobs: { type: "string", default: "4000" },
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
    const rows: ReportRow[] = [];
    for (const size of SIZES) {
      rows.push(...await measureSize(runners, folder, size, Math.ceil(blobs * size.part), rounds));
    }
    const contestants = runners.map(({ name }) => name);
    return { title: `Content store: ${versions}`, contestants, rows, notes: absent };
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
      // Made before the clock starts: other blobs for each round, the same for each contestant.
      const bytes = randomBytes(round + 2, count * size.bytes);
      stored.set(runner, { store, folder: directory, bytes, ids });
      return await together(callers, count, async (i) => {
        ids[i] = await store.put(bytes.subarray(i * size.bytes, (i + 1) * size.bytes));
      });
    });
    const gets = await interleave(`get ${label}`, runners, rounds, async (runner, round) => {
      const { store, ids } = stored.get(runner)!;
      if (round < 0) await verify(stored.get(runner)!, size.bytes);
      const picks = new Uint32Array(randomBytes(round + 100, count * 4).buffer);
      return await together(callers, count, async (i) => {
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

/** Gets all that was put, and compares every byte. */
async function verify({ store, bytes, ids }: Stored, blobBytes: number): Promise<void> {
  for (const [i, id] of ids.entries()) {
    const blob = bytes.subarray(i * blobBytes, (i + 1) * blobBytes);
    if (Buffer.compare(await store.get(id, true), blob) !== 0) {
      throw new Error("a blob came back with other bytes");
    }
  }
}

async function remove(stored: Stored | undefined): Promise<void> {
  if (stored === undefined) return;
  await stored.store.close();
  removeFolder(stored.folder);
}
