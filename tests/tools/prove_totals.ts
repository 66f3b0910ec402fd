/**
 * `tests/sim/REPORT.json`: the totals of the report, for another machine to go on from. The shares
 * themselves stay on the machine that ran them.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ProveRecord, Share, ShareRow } from "./prove_record.ts";
import { sharesOf } from "./prove_record.ts";
import { readJson, ROOT } from "./repository.ts";

/** The file, from the top folder. */
export const TOTALS = "tests/sim/REPORT.json";

/** What the shares of one line found together. */
export interface LineTotal {
  readonly line: string;
  readonly args: string;
  readonly runtime: string;
  /** All its shares lie within 1 to this one: who goes on begins behind it. */
  readonly upTo: number;
  readonly shares: number;
  /** Shares that another runtime agreed with. */
  readonly compared: number;
  readonly seconds: number;
  readonly done: number;
  readonly violations: number;
  /** Different names at least: which ones is not kept. */
  readonly names: number;
  readonly more: Readonly<Record<string, number>>;
}

/** A commit that was proved, and the day. */
export interface ProvedAt {
  readonly commit: string;
  readonly date: string;
}

/** All of the file. */
export interface Totals {
  readonly commits: number;
  readonly first?: ProvedAt;
  readonly last?: ProvedAt;
  readonly lines: readonly LineTotal[];
}

/** The totals that are in the repository. */
export function readTotals(): Totals {
  return existsSync(join(ROOT, TOTALS)) ? readJson<Totals>(TOTALS) : { commits: 0, lines: [] };
}

/** Which line, with which arguments, on which runtime: others do not add up. */
export type LineKeys = Pick<LineTotal, "line" | "args" | "runtime">;

/** Whether two belong together. */
export function isSameLine(a: LineKeys, b: LineKeys): boolean {
  return a.line === b.line && a.args === b.args && a.runtime === b.runtime;
}

/** Adds shares of one line to its total; those within it are in it. */
export function addShares(
  { line, args, runtime }: LineKeys,
  before: LineTotal | undefined,
  all: readonly Share[],
): LineTotal {
  const shares = all.filter(({ seed }) => seed > (before?.upTo ?? 0));
  const rows = shares.flatMap((share) => share.rows);
  const sum = (of: (row: ShareRow) => number): number =>
    rows.reduce((total, row) => total + of(row), 0);
  const more: Record<string, number> = { ...before?.more };
  for (const row of rows) {
    for (const [key, count] of Object.entries(row.more ?? {})) more[key] = (more[key] ?? 0) + count;
  }
  const names = new Set(rows.flatMap((row) => row.names ?? []));
  return {
    line,
    args,
    runtime,
    upTo: Math.max(before?.upTo ?? 0, ...shares.map(({ seed }) => seed)),
    shares: (before?.shares ?? 0) + shares.length,
    compared: (before?.compared ?? 0) +
      shares.filter(({ comparedWith }) => comparedWith.length > 0).length,
    seconds: (before?.seconds ?? 0) + shares.reduce((total, { seconds }) => total + seconds, 0),
    done: (before?.done ?? 0) + sum(({ done }) => done),
    violations: (before?.violations ?? 0) + sum(({ violations }) => violations),
    names: Math.max(before?.names ?? 0, names.size),
    more,
  };
}

/** The totals with what this machine remembers besides. */
export function addRecords(totals: Totals, records: readonly ProveRecord[]): Totals {
  const all = sharesOf(records);
  const isNew = (share: Share): boolean =>
    share.seed > (totals.lines.find((one) => isSameLine(one, share))?.upTo ?? 0);
  const used = records.filter(({ shares }) => shares.some(isNew));
  const known = totals.lines.map((before) =>
    addShares(before, before, all.filter((share) => isSameLine(before, share)))
  );
  const fresh = all.filter((share, at) =>
    !totals.lines.some((one) => isSameLine(one, share)) &&
    all.findIndex((one) => isSameLine(one, share)) === at
  );
  const lines = fresh.map((first) =>
    addShares(first, undefined, all.filter((share) => isSameLine(first, share)))
  );
  const first = totals.first ?? used[0];
  const last = used.at(-1) ?? totals.last;
  return {
    commits: totals.commits + used.filter(({ commit }) => commit !== totals.last?.commit).length,
    ...(first === undefined ? {} : { first: { commit: first.commit, date: first.date } }),
    ...(last === undefined ? {} : { last: { commit: last.commit, date: last.date } }),
    lines: [...known, ...lines],
  };
}
