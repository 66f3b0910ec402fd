/**
 * `holdfast export`: all structures of a file, as a stream that any later version imports.
 *
 * @module
 */

import { exportDatabase, type TransferProgress } from "../structures/transfer/export_database.ts";
import { writeBytes } from "./byte_stream.ts";
import type { Command } from "./command.ts";
import { fileOperand, openExisting } from "./data_file.ts";
import { choiceFlag, describeFlags, type Flag, parseFlags, UsageError } from "./flags.ts";
import { interruption } from "./interruption.ts";
import { printJson, ProgressLine } from "./output.ts";

const FLAGS: Readonly<Record<string, Flag>> = {
  format: { value: "jsonl|binary", help: "lines to read and edit, or shorter; default jsonl" },
  output: { value: "PATH", help: "a new file, or - for standard output; default -" },
  json: { help: "with --output PATH: one JSON document {file, output, format, ...}" },
};

/** The command. */
export const EXPORT: Command = {
  summary: "write all structures of a file as JSON lines or in binary form",
  help: `Writes all structures of a database file, with their entries, to a new file or to standard
output. What is written ends with counts and a checksum: holdfast import knows when it was cut off.

Usage: holdfast export FILE [flags]

Flags:
${describeFlags(FLAGS)}

Exit codes: 0 done, 1 failed and the new file is removed, 2 wrong command line, 130 ended
by a signal and the new file is removed.
`,
  run: runExport,
};

async function runExport(words: readonly string[]): Promise<number> {
  const flags = parseFlags(words, FLAGS);
  const path = fileOperand(flags);
  const format = choiceFlag(flags, "format", ["jsonl", "binary"]) ?? "jsonl";
  const output = flags.values.get("output") ?? "-";
  const isJson = flags.values.get("json") === "true";
  if (isJson && output === "-") throw new UsageError("--json needs --output PATH");
  const progress = new ProgressLine();
  const db = await openExisting(path);
  let done: TransferProgress = { structures: 0, entries: 0, bytes: 0 };
  try {
    const stream = exportDatabase(db, {
      format,
      signal: interruption(),
      onProgress: (now) => {
        done = now;
        progress.show(describeProgress("exported", now));
      },
    });
    await writeBytes(stream, output);
  } finally {
    progress.end();
    await db.close();
  }
  if (isJson) printJson({ file: path, output, format, ...done });
  return 0;
}

/** How far an export or import is, for people. */
export function describeProgress(verb: string, { entries, bytes }: TransferProgress): string {
  return `${verb} ${entries} entries, ${Math.round(bytes / 1024)} KiB`;
}
