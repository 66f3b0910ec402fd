/**
 * Figures of a run, as a table for the terminal, as Markdown and as JSON; what each row must reach,
 * and whether it does.
 *
 * @module
 */

import { figureText, ratioText } from "./figure_text.ts";
import type { Machine } from "./machine.ts";
import { median } from "./median.ts";
import { markdownTable, textTable } from "./table.ts";

/** What ours divided by another must reach. Without `ratio` it is a wish: it fails nothing. */
export interface RatioTarget {
  /** Names in the row's `rounds`, of which the best counts; all other contestants if absent. */
  readonly against?: readonly string[];
  /** The least for a row of which higher is better, else the most. */
  readonly ratio?: number;
  readonly stretch?: number;
}

/** What ours must reach in the row's unit: the least if higher is better, else the most. */
export interface FigureTarget {
  readonly figure: number;
  readonly stretch?: number;
}

/** One thing that a row must reach. */
export type Target = RatioTarget | FigureTarget;

/** One measured row: the figure of each contestant per round. */
export interface ReportRow {
  readonly name: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  /** Absent for information. */
  readonly targets?: readonly Target[];
  /** Contestant name, or one that only targets name, to its figure of every counted round. */
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
  /** What the table does not say: who is not there and why. */
  readonly notes?: readonly string[];
}

/** Ours against the best of others. */
export interface Comparison {
  readonly bestPeer: string;
  readonly ratio: number;
}

/** How a row stands to one of its targets. */
export interface Verdict {
  readonly target: Target;
  /** What is compared: a ratio, or ours; absent when ours or every peer is missing. */
  readonly value: number | undefined;
  /** Whom a ratio compares with. */
  readonly peer?: string;
  /** Absent where the target has no such bound, or there is nothing to compare. */
  readonly met: boolean | undefined;
  readonly stretchMet: boolean | undefined;
}

/** Compares medians; `undefined` when ours or every one of `names` is missing. */
export function compare(row: ReportRow, names: readonly string[]): Comparison | undefined {
  const ours = row.rounds[OURS];
  let bestPeer: string | undefined;
  let best = 0;
  for (const name of names) {
    const rounds = row.rounds[name];
    if (name === OURS || rounds === undefined || rounds.length === 0) continue;
    const figure = median(rounds);
    if (bestPeer === undefined || isBetter(row, figure, best)) {
      bestPeer = name;
      best = figure;
    }
  }
  if (ours === undefined || ours.length === 0 || bestPeer === undefined) return undefined;
  return { bestPeer, ratio: median(ours) / best };
}

/** Judges a row by each of its targets. */
export function verdicts(report: Report, row: ReportRow): Verdict[] {
  return (row.targets ?? []).map((target) => {
    if ("figure" in target) {
      const ours = row.rounds[OURS];
      const value = ours === undefined || ours.length === 0 ? undefined : median(ours);
      return { target, value, ...judge(row, value, target.figure, target.stretch) };
    }
    const comparison = compare(row, target.against ?? report.contestants);
    const value = comparison?.ratio;
    const peer = comparison === undefined ? {} : { peer: comparison.bestPeer };
    return { target, value, ...peer, ...judge(row, value, target.ratio, target.stretch) };
  });
}

/** True when every target that is more than a wish was measured and is met. */
export function allMet(report: Report): boolean {
  return report.rows.every((row) =>
    verdicts(report, row).every(({ target, met }) => bound(target) === undefined || met === true)
  );
}

/** A table with aligned columns: median and the spread of the rounds. */
export function toText(report: Report): string {
  return [textTable(cells(report, true)), ...notes(report)].join("\n");
}

/** A section for RESULTS.md: title, date, command, machine and table. */
export function toMarkdown(report: Report): string {
  return [
    `## ${report.title}`,
    "",
    `- Date: ${report.date}`,
    `- Command: \`${report.command}\``,
    `- Machine: ${report.machineLine}`,
    "",
    markdownTable(cells(report, false)),
    ...notes(report),
    "",
  ].join("\n");
}

/** The notes as a list below the table. */
function notes(report: Report): string[] {
  const lines = (report.notes ?? []).map((note) => `- ${note}`);
  return lines.length === 0 ? [] : ["", ...lines];
}

function cells(report: Report, spread: boolean): string[][] {
  const table = [["row", "unit", ...report.contestants, "ours / best", "targets"]];
  for (const row of report.rows) {
    const comparison = compare(row, report.contestants);
    table.push([
      row.name,
      row.unit,
      ...report.contestants.map((name) => figures(row.rounds[name], spread)),
      comparison === undefined ? "-" : `${ratioText(comparison.ratio)} ${comparison.bestPeer}`,
      verdicts(report, row).map((verdict) => verdictText(row, verdict)).join("; "),
    ]);
  }
  return table;
}

/** `0.98x sqlite: >= 0.95 met, >= 1.1 (stretch) not`. */
function verdictText(row: ReportRow, { target, value, peer, met, stretchMet }: Verdict): string {
  const sign = row.better === "higher" ? ">=" : "<=";
  const parts: string[] = [];
  const least = bound(target);
  if (least !== undefined) {
    parts.push(`${sign} ${least}${met === undefined ? "" : met ? " met" : " MISSED"}`);
  }
  if (target.stretch !== undefined) {
    parts.push(
      `${sign} ${target.stretch} (stretch)${
        stretchMet === undefined ? "" : stretchMet ? " met" : " not"
      }`,
    );
  }
  const goals = parts.join(", ");
  if ("figure" in target) return goals;
  if (value === undefined) return `${target.against?.join("/") ?? "a peer"} is not here: ${goals}`;
  return `${ratioText(value)} ${peer}: ${goals}`;
}

/** What a target must reach; absent for a wish. */
function bound(target: Target): number | undefined {
  return "figure" in target ? target.figure : target.ratio;
}

function judge(
  row: ReportRow,
  value: number | undefined,
  least: number | undefined,
  stretch: number | undefined,
): { met: boolean | undefined; stretchMet: boolean | undefined } {
  const reaches = (goal: number | undefined): boolean | undefined =>
    value === undefined || goal === undefined
      ? undefined
      : value === goal || isBetter(row, value, goal);
  return { met: reaches(least), stretchMet: reaches(stretch) };
}

function isBetter(row: ReportRow, figure: number, than: number): boolean {
  return row.better === "higher" ? figure > than : figure < than;
}

function figures(rounds: readonly number[] | undefined, spread: boolean): string {
  if (rounds === undefined || rounds.length === 0) return "-";
  const middle = figureText(median(rounds));
  if (!spread || rounds.length === 1) return middle;
  return `${middle} (${figureText(Math.min(...rounds))}..${figureText(Math.max(...rounds))})`;
}
