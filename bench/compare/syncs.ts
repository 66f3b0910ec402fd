/**
 * Counts the syncs and writes of each durable contestant; fails when one syncs less often than its
 * promise needs, or ours more often than it should. See bench/README.md.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { commandText, runCommand } from "../command_line.ts";
import { machineLine, measureMachine } from "../machine.ts";
import type { Report } from "../report.ts";
import { toMarkdown, toText } from "../report.ts";
import { createRunFolder, removeFolder } from "../run_folder.ts";
import { versionsOf } from "../runners.ts";
import { CONTESTANTS, loadContestants, runnersOf } from "./contestants.ts";
import { measureSyncs } from "./sync_rows.ts";

const USAGE = `usage: node bench/compare/syncs.ts [options]
  --contestants A,B  of ${CONTESTANTS.join()}  (all)
  --dir FOLDER       where to put the data; must be on a disk  (the temporary folder)
  --json FILE        write the figures
  --markdown         print the table as Markdown`;

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      contestants: { type: "string", default: CONTESTANTS.join() },
      dir: { type: "string" },
      json: { type: "string" },
      markdown: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const { runners, absent } = await loadContestants(values.contestants);
  const folder = createRunFolder(values.dir);
  try {
    const machine = measureMachine(folder);
    const { rows, faults, skipped } = measureSyncs(runners, folder);
    if (skipped !== undefined) return console.log(`skipped: ${skipped}`);
    const report: Report = {
      title: `Syncs: ${versionsOf(runners)}`,
      date: new Date().toISOString(),
      command: commandText(),
      machine,
      machineLine: machineLine(machine),
      contestants: runnersOf(runners, "disk").map(({ name }) => name),
      rows,
      notes: [...absent, ...faults.map((fault) => `FAILED ${fault}`)],
    };
    console.log(values.markdown ? toMarkdown(report) : toText(report));
    if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(report, null, 2));
    if (faults.length > 0) process.exitCode = 1;
  } finally {
    removeFolder(folder);
  }
});
