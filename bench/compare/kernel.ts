/**
 * Holdfast beside lmdb, SQLite, LevelDB and others in one interleaved run. See bench/README.md.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { positiveInteger, runCommand } from "../command_line.ts";
import { REPORT_HELP, REPORT_OPTIONS, reportRun } from "../report_run.ts";
import { versionsOf } from "../runners.ts";
import type { Runner } from "./contestants.ts";
import { CONTESTANTS, loadContestants } from "./contestants.ts";
import { measureReads } from "./read_rows.ts";
import type { Settings } from "./settings.ts";
import type { SyncReport } from "./sync_rows.ts";
import { measureSyncs, syncNotes } from "./sync_rows.ts";
import { measureWrites } from "./write_rows.ts";

const USAGE = `usage: node --expose-gc bench/compare/kernel.ts [options]
  --entries N        entries of the load, get, scan and 80/20 rows  (1000000)
  --puts N           puts of one caller a round                     (10000)
  --shared N         puts and appends of 64 callers a round         (64000)
  --gets N           random gets a round                            (200000)
  --mixed N          operations of the 80/20 rows a round           (50000)
  --rounds N         counted rounds of every row but the load       (5)
  --load-rounds N    counted rounds of the load                     (3)
  --syncs            count the syncs and writes of durable rows, too (needs strace)
  --contestants A,B  of ${CONTESTANTS.join()}  (all)
${REPORT_HELP}`;

const NOTHING_COUNTED: SyncReport = { rows: [], faults: [] };

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      entries: { type: "string", default: "1000000" },
      puts: { type: "string", default: "10000" },
      shared: { type: "string", default: "64000" },
      gets: { type: "string", default: "200000" },
      mixed: { type: "string", default: "50000" },
      rounds: { type: "string", default: "5" },
      "load-rounds": { type: "string", default: "3" },
      syncs: { type: "boolean", default: false },
      contestants: { type: "string", default: CONTESTANTS.join() },
      ...REPORT_OPTIONS,
    },
  });
  if (values.help) return console.log(USAGE);
  const settings: Settings = {
    entries: positiveInteger("entries", values.entries),
    puts: positiveInteger("puts", values.puts),
    shared: positiveInteger("shared", values.shared),
    gets: positiveInteger("gets", values.gets),
    mixed: positiveInteger("mixed", values.mixed),
    rounds: positiveInteger("rounds", values.rounds),
    loadRounds: positiveInteger("load-rounds", values["load-rounds"]),
  };
  const { runners, absent } = await loadContestants(values.contestants);
  await reportRun(values, async (folder) => {
    const versions = versionsOf(runners);
    console.log(versions);
    const syncs = values.syncs ? measureSyncs(runners, folder) : NOTHING_COUNTED;
    return {
      title: `Kernel: ${versions}`,
      contestants: runners.map(({ name }) => name),
      rows: [
        ...await measureWrites(runners, folder, settings),
        ...await measureReads(runners, folder, settings),
        ...syncs.rows,
      ],
      notes: [...absent, ...limits(runners), ...syncNotes(syncs)],
      hasFailed: syncs.faults.length > 0,
    };
  });
});

/** A line about each contestant that has no figure in some rows. */
function limits(runners: readonly Runner[]): string[] {
  return runners.flatMap(({ name, module }) => {
    if (!module.durabilities.includes("disk")) return [`${name}: cannot sync, not in durable rows`];
    if (!module.durabilities.includes("os")) return [`${name}: syncs always, not in other rows`];
    return [];
  });
}
