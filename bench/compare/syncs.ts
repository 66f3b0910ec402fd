/**
 * Counts the syncs and writes of each durable contestant; fails when one syncs less often than its
 * promise needs, or ours more often than it should. See bench/README.md.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { runCommand } from "../command_line.ts";
import { REPORT_HELP, REPORT_OPTIONS, reportRun } from "../report_run.ts";
import { versionsOf } from "../runners.ts";
import { CONTESTANTS, loadContestants, runnersOf } from "./contestants.ts";
import { measureSyncs, syncNotes } from "./sync_rows.ts";

const USAGE = `usage: node bench/compare/syncs.ts [options]
  --contestants A,B  of ${CONTESTANTS.join()}  (all)
${REPORT_HELP}`;

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      contestants: { type: "string", default: CONTESTANTS.join() },
      ...REPORT_OPTIONS,
    },
  });
  if (values.help) return console.log(USAGE);
  const { runners, absent } = await loadContestants(values.contestants);
  await reportRun(values, (folder) => {
    const syncs = measureSyncs(runners, folder);
    return {
      title: `Syncs: ${versionsOf(runners)}`,
      contestants: runnersOf(runners, "disk").map(({ name }) => name),
      rows: syncs.rows,
      notes: [...absent, ...syncNotes(syncs)],
      hasFailed: syncs.faults.length > 0,
    };
  });
});
