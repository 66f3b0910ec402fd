/**
 * The summary of `deno task prove`: a row for each line and structure.
 *
 * @module
 */

import type { ProveLine } from "./prove_lines.ts";
import type { LineKeys, LineTotal } from "./prove_totals.ts";

/** A line, and the runtime that does its work. */
export interface Lane {
  readonly line: ProveLine;
  readonly runtime: string;
}

/** Which shares are a lane's. */
export function keysOf({ line, runtime }: Lane): LineKeys {
  return { line: line.name, args: line.args.join(" "), runtime };
}

/** One row of the summary. */
export interface Summary {
  readonly line: ProveLine;
  readonly goal: number;
  readonly total: LineTotal;
}

function moreText({ more, names }: LineTotal): string {
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

function cells({ line, goal, total }: Summary): string[] {
  return [
    line.name,
    line.unit,
    total.done.toLocaleString("en"),
    goal.toLocaleString("en"),
    total.violations.toLocaleString("en"),
    total.seconds.toLocaleString("en"),
    `${total.compared} of ${total.shares} shares`,
    moreText(total),
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
