/**
 * `holdfast backup`: a compact copy of a file.
 *
 * @module
 */

import { printBytes } from "./byte_stream.ts";
import type { Command } from "./command.ts";
import { openExisting, twoOperands } from "./data_file.ts";
import { describeFlags, type Flag, numberFlag, parseFlags, UsageError } from "./flags.ts";
import { interruption } from "./interruption.ts";
import { printJson, printLine, ProgressLine } from "./output.ts";

const FLAGS: Readonly<Record<string, Flag>> = {
  "bytes-per-second": { value: "N", help: "most bytes a second; default no limit" },
  json: { help: "one JSON document: {file, target, bytes, entries, trees}" },
};

/** The command. */
export const BACKUP: Command = {
  summary: "copy a file, verified and compact",
  help:
    `Copies a database file that no server has open to a new file, or to standard output. Every page
and value is verified on the way; the copy is a whole database of its own. A server is backed up by
Database.backup in its process.

Usage: holdfast backup FILE TARGET [flags]

TARGET is a new file, or - for standard output.

Flags:
${describeFlags(FLAGS)}

Exit codes: 0 done and on disk, 1 failed and there is no target, 2 wrong command line,
130 ended by a signal and there is no target.
`,
  run: backup,
};

async function backup(words: readonly string[]): Promise<number> {
  const flags = parseFlags(words, FLAGS);
  const [path, target] = twoOperands(flags);
  const bytesPerSecond = numberFlag(flags, "bytes-per-second", 1);
  const isJson = flags.values.get("json") === "true";
  if (isJson && target === "-") throw new UsageError("--json needs a target that is a file");
  const progress = new ProgressLine();
  const db = await openExisting(path);
  try {
    const to = target === "-" ? new WritableStream<Uint8Array>({ write: printBytes }) : target;
    const report = await db.backup(to, {
      ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
      signal: interruption(),
      onProgress: ({ bytes, totalBytes }) =>
        progress.show(`copied ${Math.floor(bytes / totalBytes * 100)} % of ${totalBytes} bytes`),
    });
    progress.end();
    if (isJson) printJson({ file: path, target, ...report });
    else if (target !== "-") printLine(`${target}: ${report.bytes} bytes`);
    return 0;
  } finally {
    progress.end();
    await db.close();
  }
}
