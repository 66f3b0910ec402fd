/**
 * What `deno task prove` has done: a file for each commit, so that an interrupted run goes on, and
 * runs at several commits add up.
 *
 * @module
 */

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { CACHE } from "./repository.ts";
import { runCommand } from "./run_command.ts";

/** Counts of one structure in one share. */
export interface ShareRow {
  readonly structure?: string;
  /** What the goal of its line counts. */
  readonly done: number;
  readonly violations: number;
  /** Names that count once, whatever the number of shares: subjects cut at each operation. */
  readonly names?: readonly string[];
  /** Further counts, which add up. */
  readonly more?: Readonly<Record<string, number>>;
}

/** One share that came to its end. */
export interface Share {
  readonly line: string;
  /** Its arguments but the seed: others make other shares. */
  readonly args: string;
  readonly seed: number;
  readonly runtime: string;
  readonly seconds: number;
  readonly rows: readonly ShareRow[];
  /** What other runtimes must print too. */
  readonly same: string;
  /** The runtimes that did. */
  readonly comparedWith: readonly string[];
}

/** A commit with its shares. */
export interface ProveRecord {
  readonly commit: string;
  /** Day of the last share, as `2026-11-21`. */
  readonly date: string;
  readonly shares: readonly Share[];
}

const FOLDER = join(CACHE, "prove");

async function git(...args: string[]): Promise<string> {
  const result = await runCommand("git", args, { timeoutMs: 20_000 });
  if (result.code !== 0) throw new Error(`git ${args.join(" ")}: ${result.output}`);
  return result.stdout.trim();
}

/** The commit of the sources, or `undefined` when files differ from it: that is not recorded. */
export async function cleanCommit(): Promise<string | undefined> {
  const changed = await git("status", "--porcelain", "--", ".", ":!tests/sim/REPORT.*");
  return changed === "" ? await git("rev-parse", "HEAD") : undefined;
}

/** All records at commits that the present one contains, the oldest first. */
export async function loadRecords(): Promise<ProveRecord[]> {
  if (!existsSync(FOLDER)) return [];
  const order = (await git("rev-list", "--reverse", "HEAD")).split("\n");
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .map((name): ProveRecord => JSON.parse(readFileSync(join(FOLDER, name), "utf8")))
    .filter(({ commit }) => order.includes(commit))
    .sort((a, b) => order.indexOf(a.commit) - order.indexOf(b.commit));
}

function keyOf({ line, args, seed, runtime }: Share): string {
  return `${line}\n${args}\n${seed}\n${runtime}`;
}

/** Adds shares to the record of a commit; the file appears whole or not at all. */
export function saveShares(commit: string, shares: readonly Share[]): void {
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, `${commit}.json`);
  const before: readonly Share[] = existsSync(path)
    ? (JSON.parse(readFileSync(path, "utf8")) as ProveRecord).shares
    : [];
  const all = new Map([...before, ...shares].map((share) => [keyOf(share), share]));
  const date = new Date().toISOString().slice(0, 10);
  const record: ProveRecord = { commit, date, shares: [...all.values()] };
  const building = `${path}.${process.pid}`;
  writeFileSync(building, JSON.stringify(record, undefined, 1));
  renameSync(building, path);
}

/**
 * The newest of equal shares of all records. Those that found something at another commit than the
 * present one are left out: it may be mended, and they are to be run again.
 */
export function sharesOf(records: readonly ProveRecord[], present?: string): Share[] {
  const all = new Map<string, Share>();
  for (const { commit, shares } of records) {
    for (const share of shares) {
      const isFound = share.rows.some(({ violations }) => violations > 0);
      if (isFound && present !== undefined && commit !== present) all.delete(keyOf(share));
      else all.set(keyOf(share), share);
    }
  }
  return [...all.values()];
}
