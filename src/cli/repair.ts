/**
 * `holdfast repair`: what a damaged file still gives, in a new one.
 *
 * @module
 */

import { repair } from "../kernel/repair/repair.ts";
import type { RepairReport } from "../kernel/repair/repair_report.ts";
import type { Command } from "./command.ts";
import { twoOperands } from "./data_file.ts";
import { describeFlags, type Flag, parseFlags } from "./flags.ts";
import { interruption } from "./interruption.ts";
import { printJson, printLine, ProgressLine } from "./output.ts";
import { platformIo } from "./runtime.ts";

/** Exit code of a repair that did not find everything. */
const EXIT_INCOMPLETE = 3;

const FLAGS: Readonly<Record<string, Flag>> = {
  json: { help: "one JSON document: {file, target, mode, structures, problems, ...}" },
};

/** The command. */
export const REPAIR: Command = {
  summary: "salvage what verifies of a damaged file into a new one",
  help:
    `Reads a damaged database file and makes a new one of everything in it that verifies. The damaged
file is only read.

Usage: holdfast repair FILE TARGET [flags]

TARGET is a new file.

Flags:
${describeFlags(FLAGS)}

Exit codes: 0 nothing was damaged, 1 failed and there is no target, 2 wrong command line,
3 the target is there and something is missing in it or was damaged, 130 ended by a signal and there
is no target.
`,
  run: runRepair,
};

async function runRepair(words: readonly string[]): Promise<number> {
  const flags = parseFlags(words, FLAGS);
  const [path, target] = twoOperands(flags);
  const progress = new ProgressLine();
  let report: RepairReport;
  try {
    report = await repair(path, target, {
      io: await platformIo(),
      signal: interruption(),
      onProgress: ({ bytes, totalBytes }) =>
        progress.show(`read ${Math.floor(bytes / totalBytes * 100)} % of ${totalBytes} bytes`),
    });
  } finally {
    progress.end();
  }
  if (flags.values.get("json") === "true") printJson({ file: path, target, ...report });
  else describe(target, report);
  return report.problems.length === 0 ? 0 : EXIT_INCOMPLETE;
}

function describe(target: string, report: RepairReport): void {
  for (const { code, message } of report.problems) printLine(`${code}: ${message}`);
  for (const { name, kind, entries, missing } of report.structures) {
    const lost = missing === undefined
      ? ", it is not known how many are missing"
      : missing > 0
      ? `, ${missing} are missing`
      : "";
    printLine(`${kind} ${JSON.stringify(name)}: ${entries} entries${lost}`);
  }
  const count = report.problems.length;
  printLine(`${target}: ${report.entries} entries, ${count} problem${count === 1 ? "" : "s"}`);
}
