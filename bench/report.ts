/**
 * Figures of a run, as a table for the terminal, as Markdown and as JSON.
 *
 * @module
 */

import type { Machine } from "./machine.ts";
import { median } from "./median.ts";

/** One measured row: the figure of each contestant per round. */
export interface ReportRow {
  readonly name: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  /** What ours divided by the best peer must reach (or stay under); absent for information. */
  readonly target?: number;
  /** Contestant name to its figure of every counted round. */
  readonly rounds: Readonly<Record<string, readonly number[]>>;
}

/** The contestant that the others are compared with. */
export const OURS = "holdfast";

/** A whole run. */
export interface Report {
  readonly title: string;
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  readonly machineLine: string;
  readonly contestants: readonly string[];
  readonly rows: readonly ReportRow[];
}

/** Ours against the best of the others. */
export interface Verdict {
  readonly bestPeer: string;
  readonly ratio: number;
  readonly met: boolean | undefined;
}

/** Judges a row by medians; `undefined` when ours or every peer is missing. */
export function verdict(report: Report, row: ReportRow): Verdict | undefined {
  const ours = row.rounds[OURS];
  let bestPeer: string | undefined;
  let best = 0;
  for (const name of report.contestants) {
    const rounds = row.rounds[name];
    if (name === OURS || rounds === undefined) continue;
    const figure = median(rounds);
    if (bestPeer === undefined || (row.better === "higher" ? figure > best : figure < best)) {
      bestPeer = name;
      best = figure;
    }
  }
  if (ours === undefined || bestPeer === undefined) return undefined;
  const ratio = median(ours) / best;
  const met = row.target === undefined
    ? undefined
    : row.better === "higher"
    ? ratio >= row.target
    : ratio <= row.target;
  return { bestPeer, ratio, met };
}

/** True when every row that has a target was measured and meets it. */
export function allMet(report: Report): boolean {
  return report.rows.every((row) => row.target === undefined || verdict(report, row)?.met === true);
}

/** A table with aligned columns: median and the spread of the rounds. */
export function toText(report: Report): string {
  const table = cells(report, true);
  const widths = table[0]!.map((_, column) => Math.max(...table.map((r) => r[column]!.length)));
  const lines = table.map((row) =>
    row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()
  );
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return lines.join("\n");
}

/** A section for RESULTS.md: title, date, command, machine and table. */
export function toMarkdown(report: Report): string {
  const [head, ...body] = cells(report, false);
  const line = (row: readonly string[]): string => `| ${row.join(" | ")} |`;
  return [
    `## ${report.title}`,
    "",
    `- Date: ${report.date}`,
    `- Command: \`${report.command}\``,
    `- Machine: ${report.machineLine}`,
    "",
    line(head!),
    line(head!.map(() => "---")),
    ...body.map(line),
    "",
  ].join("\n");
}

function cells(report: Report, spread: boolean): string[][] {
  const table = [["row", "unit", ...report.contestants, "ours / best", "target"]];
  for (const row of report.rows) {
    const result = verdict(report, row);
    const target = row.target === undefined
      ? ""
      : `${row.better === "higher" ? ">=" : "<="} ${row.target}`;
    table.push([
      row.name,
      row.unit,
      ...report.contestants.map((name) => figures(row.rounds[name], spread)),
      result === undefined ? "-" : `${ratioText(result.ratio)} ${result.bestPeer}`,
      result?.met === undefined ? target : `${target} ${result.met ? "met" : "MISSED"}`,
    ]);
  }
  return table;
}

function figures(rounds: readonly number[] | undefined, spread: boolean): string {
  if (rounds === undefined || rounds.length === 0) return "-";
  const middle = compact(median(rounds));
  if (!spread || rounds.length === 1) return middle;
  return `${middle} (${compact(Math.min(...rounds))}..${compact(Math.max(...rounds))})`;
}

function ratioText(ratio: number): string {
  return `${Math.abs(ratio) >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)}x`;
}

function compact(value: number): string {
  const size = Math.abs(value);
  if (size >= 10e6) return `${(value / 1e6).toFixed(1)}M`;
  if (size >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  if (size >= 10e3) return `${(value / 1e3).toFixed(0)}k`;
  if (size >= 1e3) return `${(value / 1e3).toFixed(1)}k`;
  return size >= 100 ? value.toFixed(0) : value.toFixed(1);
}
