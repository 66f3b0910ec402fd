/**
 * `holdfast compact`: a file as short as what it holds allows.
 *
 * @module
 */

import type { CompactReport } from "../kernel/space/compact.ts";
import type { Command } from "./command.ts";
import { fileOperand, openForChange } from "./data_file.ts";
import { describeFlags, type Flag, parseFlags } from "./flags.ts";
import { interruption } from "./interruption.ts";
import { printJson, printLine, ProgressLine } from "./output.ts";

const FLAGS: Readonly<Record<string, Flag>> = {
  json: { help: "one JSON document: {file, bytesBefore, bytesAfter, movedPages, ...}" },
};

/** The command. */
export const COMPACT: Command = {
  summary: "make a file as short as what it holds allows",
  help:
    `Moves what a database file holds down and cuts the end off, in the file itself. A crash at any
point leaves a whole file. No server may have it open; a server compacts by Database.compact in its
process.

Usage: holdfast compact FILE [flags]

Flags:
${describeFlags(FLAGS)}

Exit codes: 0 done and on disk, 1 failed, 2 wrong command line, 130 ended by a signal: what was
gained so far stays, and nothing is lost.
`,
  run: compact,
};

async function compact(words: readonly string[]): Promise<number> {
  const flags = parseFlags(words, FLAGS);
  const path = fileOperand(flags);
  const signal = interruption();
  const progress = new ProgressLine();
  const db = await openForChange(path);
  let report: CompactReport;
  try {
    report = await db.compact({
      signal,
      onProgress: ({ bytes, fileBytes }) =>
        progress.show(`moved ${bytes} bytes, the file has ${fileBytes}`),
    });
  } finally {
    progress.end();
    await db.close();
  }
  if (flags.values.get("json") === "true") printJson({ file: path, ...report });
  else printLine(`${path}: ${report.bytesBefore} bytes before, ${report.bytesAfter} now`);
  return 0;
}
