/**
 * What all runs do around their rows: a folder for the data, the machine line, the report in the form
 * that was asked for, and the exit code.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { commandText } from "./command_line.ts";
import { machineLine, measureMachine } from "./machine.ts";
import { allMet, type Report, toMarkdown, toText } from "./report.ts";
import { createRunFolder, removeFolder } from "./run_folder.ts";

/** The flags of every run, for `parseArgs`. */
export const REPORT_OPTIONS = {
  dir: { type: "string" },
  json: { type: "string" },
  markdown: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** What `--help` says of them. */
export const REPORT_HELP = `\
  --dir FOLDER       where to put the data; must be on a disk (the temporary folder)
  --json FILE        write the figures
  --markdown         print the table as Markdown
  --check            exit with 1 when a target is missed`;

/** Their values. */
export interface ReportFlags {
  readonly dir?: string | undefined;
  readonly json?: string | undefined;
  readonly markdown: boolean;
  readonly check: boolean;
}

/** What a run has measured. */
export interface Measured extends Pick<Report, "title" | "contestants" | "rows" | "notes"> {
  /** Something went wrong that `notes` tell of: the exit code is 1. */
  readonly hasFailed?: boolean;
}

/** Measures in a folder that is removed afterwards, and reports. */
export async function reportRun(
  flags: ReportFlags,
  measure: (folder: string) => Promise<Measured>,
): Promise<void> {
  const folder = createRunFolder(flags.dir);
  try {
    const machine = measureMachine(folder);
    const line = machineLine(machine);
    console.log(line);
    const { hasFailed = false, ...measured } = await measure(folder);
    const date = new Date().toISOString();
    const report: Report = {
      ...measured,
      date,
      command: commandText(),
      machine,
      machineLine: line,
    };
    console.log(`\n${flags.markdown ? toMarkdown(report) : toText(report)}`);
    if (flags.json !== undefined) writeFileSync(flags.json, JSON.stringify(report, null, 2));
    if (hasFailed || (flags.check && !allMet(report))) process.exitCode = 1;
  } finally {
    removeFolder(folder);
  }
}
