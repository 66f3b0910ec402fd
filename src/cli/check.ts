/**
 * `holdfast check`: is a file whole?
 *
 * @module
 */

import { type HoldfastError, isHoldfastError } from "../errors.ts";
import type { CheckProblem, CheckReport } from "../kernel/check/check.ts";
import type { Command } from "./command.ts";
import { fileOperand, openExisting } from "./data_file.ts";
import { describeFlags, type Flag, parseFlags } from "./flags.ts";
import { printJson, printLine } from "./output.ts";

const FLAGS: Readonly<Record<string, Flag>> = {
  json: { help: "one JSON document: {file, ok, problems, ...}" },
};

/** The command. */
export const CHECK: Command = {
  summary: "verify every page of a file",
  help: `Verifies a database file: checksums, order, counts, and that each page has one owner.

Usage: holdfast check FILE [flags]

Flags:
${describeFlags(FLAGS)}

Exit codes: 0 nothing is wrong, 1 problems were found or the file cannot be opened, 2 wrong
command line.
`,
  run: check,
};

async function check(words: readonly string[]): Promise<number> {
  const flags = parseFlags(words, FLAGS);
  const path = fileOperand(flags);
  const found = await examine(path);
  if (flags.values.get("json") === "true") {
    printJson({ file: path, ...found });
  } else {
    for (const { code, message } of found.problems) printLine(`${code}: ${message}`);
    printLine(summary(path, found));
  }
  return found.ok ? 0 : 1;
}

/** Damage that keeps a file from being opened is a finding; any other error is thrown. */
async function examine(path: string): Promise<Partial<CheckReport> & Findings> {
  let db;
  try {
    db = await openExisting(path);
  } catch (error) {
    if (!isHoldfastError(error) || !error.code.startsWith("CORRUPT_")) throw error;
    return { ok: false, problems: [problemOf(error)] };
  }
  try {
    return await db.check();
  } finally {
    await db.close();
  }
}

/** What every outcome has. */
interface Findings {
  readonly ok: boolean;
  readonly problems: readonly CheckProblem[];
}

function problemOf({ code, message, page, offset }: HoldfastError): CheckProblem {
  return {
    code,
    message,
    ...(page === undefined ? {} : { page }),
    ...(offset === undefined ? {} : { offset }),
  };
}

function summary(path: string, found: Partial<CheckReport> & Findings): string {
  const { ok, problems, pages = 0, entries = 0 } = found;
  const seen = `${entries} entries on ${pages} pages`;
  if (ok) return `${path}: whole, ${seen}`;
  return `${path}: ${problems.length} problem${problems.length === 1 ? "" : "s"}, ${seen}`;
}
