/**
 * What all runs do around their rows: a folder for the data, the machine line, the report in the form
 * that was asked for, and the exit code.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { commandText } from "./command_line.ts";
import { withinRun } from "./interruption.ts";
import { machineLine, measureMachine } from "./machine.ts";
import { allMet, type Report, toMarkdown, toText } from "./report.ts";
import { createRunFolder } from "./run_folder.ts";

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

/** When, how and on what something was measured. */
export type RunHead = Pick<Report, "date" | "command" | "machine" | "machineLine">;

/** Prints the machine line, and measures in a folder that is removed afterwards. */
export async function measureRun<M extends object>(
  { dir }: ReportFlags,
  measure: (folder: string) => M | Promise<M>,
): Promise<M & RunHead> {
  const folder = createRunFolder(dir);
  return await withinRun(folder, async () => {
    const machine = measureMachine(folder);
    const line = machineLine(machine);
    console.log(line);
    const measured = await measure(folder);
    const date = new Date().toISOString();
    return { ...measured, date, command: commandText(), machine, machineLine: line };
  });
}

/** Prints a report and keeps its figures; the exit code is 1 if it is not as it should be. */
export function publish(flags: ReportFlags, report: object, text: string, isGood: boolean): void {
  console.log(`\n${text}`);
  if (flags.json !== undefined) writeFileSync(flags.json, JSON.stringify(report, null, 2));
  if (!isGood) process.exitCode = 1;
}

/** A run that measures rows, from its folder to its exit code. */
export async function reportRun(
  flags: ReportFlags,
  measure: (folder: string) => Measured | Promise<Measured>,
): Promise<void> {
  const { hasFailed = false, ...report } = await measureRun(flags, measure);
  const text = flags.markdown ? toMarkdown(report) : toText(report);
  publish(flags, report, text, !hasFailed && (!flags.check || allMet(report)));
}
