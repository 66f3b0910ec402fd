/**
 * `holdfast dump`: what is in a file, page by page and record by record.
 *
 * @module
 */

import { StoreInspector } from "../kernel/inspect/store_inspector.ts";
import { printBytes } from "./byte_stream.ts";
import type { Command } from "./command.ts";
import { fileOperand, missingFile } from "./data_file.ts";
import { type DumpLine, entryLines, logLines, overviewLines, pageLines } from "./dump_lines.ts";
import {
  describeFlags,
  type Flag,
  numberFlag,
  type ParsedFlags,
  parseFlags,
  UsageError,
} from "./flags.ts";
import { jsonText } from "./output.ts";
import { platformIo } from "./runtime.ts";

/** Characters of a line of text; JSON lines are never cut. */
const TEXT_MAX = 2_000;

/** Characters that are gathered before they are written. */
const BLOCK_CHARACTERS: number = 64 * 1024;

const PAGE_MAX = 0xffffffff;

const FLAGS: Readonly<Record<string, Flag>> = {
  structure: { value: "NAME", help: "the entries of a structure" },
  raw: { help: "with --structure: keys and values as hexadecimal digits" },
  page: { value: "N", help: "one page and its slots" },
  log: { help: "the records of the log, and what they define, drop, prepare and decide" },
  json: { help: "JSON lines, each with a type" },
};

/** The command. */
export const DUMP: Command = {
  summary: "look into a file, whole or damaged",
  help:
    `Shows what is in a database file: superblocks, batches of the log, structures; or the entries of
one structure, one page, or the records of the log. Reads only, takes no lock, and goes on where the
file is damaged. Structures and entries are as of the last checkpoint; what came later is in the log.

Usage: holdfast dump FILE [flags]

Flags:
${describeFlags(FLAGS)}

Exit codes: 0 done, 1 failed, there is no such structure, or something is damaged (lines of type
problem), 2 wrong command line.
`,
  run: dump,
};

async function dump(words: readonly string[]): Promise<number> {
  const flags = parseFlags(words, FLAGS);
  const path = fileOperand(flags);
  const linesOf = choice(flags);
  const isJson = flags.values.get("json") === "true";
  const io = await platformIo();
  if (await io.stat(path) === undefined) throw missingFile(path);
  const inspector = await StoreInspector.open(io, path);
  let isFine = true;
  let block = "";
  try {
    for (const line of linesOf(inspector)) {
      if (line.type === "problem") isFine = false;
      block += `${isJson ? jsonText(line) : textOf(line)}\n`;
      if (block.length < BLOCK_CHARACTERS) continue;
      await printBytes(block);
      block = "";
    }
    await printBytes(block);
  } finally {
    inspector.close();
  }
  return isFine ? 0 : 1;
}

function choice(flags: ParsedFlags): (inspector: StoreInspector) => Iterable<DumpLine> {
  const { values } = flags;
  const structure = values.get("structure");
  const page = numberFlag(flags, "page", 0, PAGE_MAX);
  const isLog = values.get("log") === "true";
  const isRaw = values.get("raw") === "true";
  if (Number(structure !== undefined) + Number(page !== undefined) + Number(isLog) > 1) {
    throw new UsageError("--structure, --page and --log exclude each other");
  }
  if (isRaw && structure === undefined) throw new UsageError("--raw needs --structure");
  if (structure !== undefined) return (inspector) => entryLines(inspector, structure, isRaw);
  if (page !== undefined) return (inspector) => pageLines(inspector, page);
  return isLog ? (inspector) => logLines(inspector, true) : overviewLines;
}

function textOf({ type, ...fields }: DumpLine): string {
  const shown = Object.entries(fields).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${jsonText(value)}`);
  const text = [type, ...shown].join(" ");
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)} ...` : text;
}
