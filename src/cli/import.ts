/**
 * `holdfast import`: structures from an export into a file.
 *
 * @module
 */

import { Database } from "../kernel/database.ts";
import { importDatabase, type ImportReport } from "../structures/transfer/import_database.ts";
import { readBytes } from "./byte_stream.ts";
import type { Command } from "./command.ts";
import { fileOperand } from "./data_file.ts";
import { describeProgress } from "./export.ts";
import { choiceFlag, describeFlags, type Flag, parseFlags, UsageError } from "./flags.ts";
import { interruption } from "./interruption.ts";
import { printJson, printLine, ProgressLine } from "./output.ts";
import { platformIo } from "./runtime.ts";

const FLAGS: Readonly<Record<string, Flag>> = {
  input: { value: "PATH", help: "an export, or - for standard input; must be given" },
  format: { value: "jsonl|binary", help: "the form of the export; default what it looks like" },
  json: { help: "one JSON document: {file, input, format, structures, entries, bytes}" },
};

/** The command. */
export const IMPORT: Command = {
  summary: "read an export into a new or existing file",
  help: `Reads what holdfast export wrote into a database file, which is created if it is not there.
All structures are imported, or none: a name that is in use, and an export that is damaged or was cut
off, change nothing.

Usage: holdfast import FILE --input PATH [flags]

Flags:
${describeFlags(FLAGS)}

Exit codes: 0 done and on disk, 1 failed and a file that was created is removed, 2 wrong command
line, 130 ended by a signal, with nothing imported.
`,
  run: runImport,
};

async function runImport(words: readonly string[]): Promise<number> {
  const flags = parseFlags(words, FLAGS);
  const path = fileOperand(flags);
  const input = flags.values.get("input");
  if (input === undefined) throw new UsageError("--input is missing");
  const format = choiceFlag(flags, "format", ["jsonl", "binary"]);
  const stream = readBytes(input);
  const io = await platformIo();
  const isNew = await io.stat(path) === undefined;
  const progress = new ProgressLine();
  const db = await Database.open(path, { io, create: isNew ? "new" : false });
  let report: ImportReport | undefined;
  try {
    report = await importDatabase(db, stream, {
      ...(format === undefined ? {} : { format }),
      signal: interruption(),
      onProgress: (now) => progress.show(describeProgress("imported", now)),
    });
  } finally {
    progress.end();
    await db.close();
    if (report === undefined && isNew) await io.remove(path);
  }
  if (flags.values.get("json") === "true") printJson({ file: path, input, ...report });
  else printLine(`${path}: ${report.structures} structures, ${report.entries} entries`);
  return 0;
}
