/**
 * The summary of `deno task prove`: a row for each line and structure.
 *
 * @module
 */

import type { Level, ProveLine } from "./prove_lines.ts";
import type { Share, ShareRow } from "./prove_record.ts";

/** One row of the summary. */
export interface Summary {
  readonly name: string;
  readonly unit: string;
  readonly goal: number;
  readonly done: number;
  readonly violations: number;
  readonly names: number;
  readonly more: Readonly<Record<string, number>>;
  readonly shares: number;
  /** Shares that other runtimes agreed with. */
  readonly compared: number;
  /** Time of all shares, one after the other. */
  readonly seconds: number;
}

function summarise(
  name: string,
  unit: string,
  goal: number,
  shares: readonly Share[],
  rows: readonly ShareRow[],
): Summary {
  const more: Record<string, number> = {};
  const names = new Set<string>();
  for (const row of rows) {
    for (const [key, count] of Object.entries(row.more ?? {})) more[key] = (more[key] ?? 0) + count;
    for (const one of row.names ?? []) names.add(one);
  }
  const sum = (of: (row: ShareRow) => number): number =>
    rows.reduce((all, row) => all + of(row), 0);
  return {
    name,
    unit,
    goal,
    done: sum(({ done }) => done),
    violations: sum(({ violations }) => violations),
    names: names.size,
    more,
    shares: shares.length,
    seconds: shares.reduce((all, { seconds }) => all + seconds, 0),
    compared: shares.filter(({ comparedWith }) => comparedWith.length > 0).length,
  };
}

/** A line, and the runtime that does its work. */
export interface Lane {
  readonly line: ProveLine;
  readonly runtime: string;
}

/** The rows of the lines with their shares. */
export function summaries(
  lanes: readonly Lane[],
  level: Level,
  sharesOf: (lane: Lane) => readonly Share[],
): Summary[] {
  return lanes.map((lane) => {
    const shares = sharesOf(lane);
    const { line } = lane;
    const rows = shares.flatMap((share) => share.rows);
    return summarise(line.name, line.unit, line.goals[level], shares, rows);
  });
}

function moreText({ more, names }: Summary): string {
  const counts = Object.entries(more).map(([key, count]) => `${count.toLocaleString("en")} ${key}`);
  if (names > 0) counts.unshift(`${names} whole workload${names === 1 ? "" : "s"}`);
  return counts.join(", ");
}

const HEAD = [
  "campaign",
  "counted",
  "done",
  "wanted",
  "violations",
  "seconds",
  "compared",
  "of these",
];

function cells(row: Summary): string[] {
  return [
    row.name,
    row.unit,
    row.done.toLocaleString("en"),
    row.goal.toLocaleString("en"),
    row.violations.toLocaleString("en"),
    row.seconds.toLocaleString("en"),
    `${row.compared} of ${row.shares} shares`,
    moreText(row),
  ];
}

/** The summary for a terminal. */
export function plainTable(rows: readonly Summary[]): string {
  const all = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, at) => Math.max(...all.map((row) => row[at]!.length)));
  return all
    .map((row) => row.map((cell, at) => cell.padEnd(widths[at]!)).join("  ").trimEnd())
    .join("\n");
}

/** The summary as a table of Markdown. */
export function markdownTable(rows: readonly Summary[]): string {
  const all = [HEAD, HEAD.map((_, at) => (at >= 2 && at <= 5 ? "--:" : "---")), ...rows.map(cells)];
  return all.map((row) => `| ${row.join(" | ")} |`).join("\n");
}
