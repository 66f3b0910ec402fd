/**
 * `holdfast stats`: how large is a file, and what is in it?
 *
 * @module
 */

import type { Command } from "./command.ts";
import { fileOperand, openExisting } from "./data_file.ts";
import { describeFlags, type Flag, parseFlags } from "./flags.ts";
import { alignRows, printJson, printLine } from "./output.ts";

const FLAGS: Readonly<Record<string, Flag>> = {
  fill: { help: "how full the leaf pages of each structure are, too: reads all of them" },
  json: { help: "one JSON document: {file, stats, structures}" },
};

/** The command. */
export const STATS: Command = {
  summary: "show the sizes of a file and its structures",
  help:
    `Shows what a database file holds: bytes live, free and pending, and every structure with its
entries, pages and depth.

Usage: holdfast stats FILE [flags]

Flags:
${describeFlags(FLAGS)}

Exit codes: 0 done, 1 the file cannot be opened or read, 2 wrong command line.
`,
  run: stats,
};

async function stats(words: readonly string[]): Promise<number> {
  const flags = parseFlags(words, FLAGS);
  const path = fileOperand(flags);
  const db = await openExisting(path);
  try {
    const stats = db.stats();
    const leafFill = flags.values.get("fill") === "true";
    const structures = db.structures({ leafFill });
    if (flags.values.get("json") === "true") {
      printJson({ file: path, stats, structures });
      return 0;
    }
    printLine(alignRows(Object.entries(stats).map(([name, value]) => [name, String(value)])));
    if (structures.length > 0) {
      const rows = structures.map((of) => [
        JSON.stringify(of.name),
        of.kind,
        of.format,
        String(of.entries),
        String(of.pages),
        String(of.depth),
        of.leafFill === undefined ? "" : `${Math.round(of.leafFill * 100)} %`,
      ]);
      printLine("");
      const names = ["name", "kind", "format", "entries", "pages", "depth", leafFill ? "fill" : ""];
      printLine(alignRows([names, ...rows]));
    }
    return 0;
  } finally {
    await db.close();
  }
}
