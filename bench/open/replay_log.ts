/**
 * What an opening has to replay after a kill: how much each engine keeps of it at most, and how much
 * there is, seen from outside in the files that a process left.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { scriptWords } from "../own_runtime.ts";

/** The log of a kind of store. */
export interface ReplayLog {
  /** It counts as full from here on; the writes under way still fit. */
  readonly fullBytes: number;
  /** At so many bytes it is emptied. */
  readonly limitBytes: number;
  /** Bytes of it in the folder of a store that nobody closed. */
  bytesIn(directory: string): number;
}

const MIB = 1024 * 1024;
/** Of our files and of SQLite's. */
const PAGE_BYTES = 4096;
const COMMAND_LINE = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** Our default: an extent of 16 MiB. 64 puts of 116 B take 8 KiB of it. */
export const OUR_LOG: ReplayLog = {
  fullBytes: 15.75 * MIB,
  limitBytes: 16 * MIB,
  bytesIn: (directory) => batchBytes(`${directory}/data.hold`),
};

/** A frame of SQLite's WAL is a header and a page. */
const FRAME_BYTES = 24 + PAGE_BYTES;
const WAL_HEADER_BYTES = 32;

/**
 * SQLite's default: a checkpoint follows the commit that reaches frame 1,000. A commit of 64 callers
 * takes 64 frames and some more. The WAL of a store that was closed begins anew, so its length is
 * what is in it.
 */
export const SQLITE_LOG: ReplayLog = {
  fullBytes: WAL_HEADER_BYTES + 870 * FRAME_BYTES,
  limitBytes: WAL_HEADER_BYTES + 1000 * FRAME_BYTES,
  bytesIn: (directory) => fileBytes(`${directory}/sqlite.db-wal`),
};

/** What is in LevelDB's memtable of 4 MiB, where an entry takes a fifth more than in the log. */
export const LEVEL_LOG: ReplayLog = {
  fullBytes: 3.1 * MIB,
  limitBytes: 4 * MIB,
  bytesIn(directory) {
    const logs = readdirSync(`${directory}/entries`).filter((name) => name.endsWith(".log"));
    return Math.max(0, ...logs.map((name) => fileBytes(join(directory, "entries", name))));
  },
};

function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** What `holdfast dump` says of a batch in the log. */
interface BatchLine {
  readonly type: string;
  readonly inOrder?: boolean;
  /** Of the extent's present use. */
  readonly salt: string;
  readonly offset: number;
  readonly payloadBytes: number;
}

/** From the first batch that counts to the last one, whose pages are its own, in each extent. */
function batchBytes(path: string): number {
  const words = scriptWords(COMMAND_LINE, "dump", path, "--json");
  const { stdout, stderr, status } = spawnSync(process.execPath, words, {
    encoding: "utf8",
    maxBuffer: 64 * MIB,
  });
  if (status !== 0) throw new Error(`holdfast dump failed:\n${stderr}`);
  const spans = new Map<string, { readonly first: number; end: number }>();
  for (const text of stdout.trimEnd().split("\n")) {
    const { type, inOrder, salt, offset, payloadBytes } = JSON.parse(text) as BatchLine;
    if (type !== "batch" || inOrder !== true) continue;
    const span = spans.get(salt) ?? { first: offset, end: 0 };
    span.end = offset + payloadBytes;
    spans.set(salt, span);
  }
  let bytes = 0;
  for (const { first, end } of spans.values()) {
    bytes += Math.ceil((end - first) / PAGE_BYTES) * PAGE_BYTES;
  }
  return bytes;
}
