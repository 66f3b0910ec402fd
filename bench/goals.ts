/**
 * What a row must reach: so many times the best of some peers, or a figure in the row's own unit.
 *
 * @module
 */

import { median } from "./median.ts";
import type { ReportRow } from "./report.ts";
import { OURS } from "./report.ts";

/** Ours divided by the best of `against`; for `better: "lower"` it must stay under it. */
export interface Target {
  readonly against: readonly string[];
  readonly ratio: number;
  readonly stretch: number;
}

/** A figure of ours alone. */
export interface Limit {
  readonly target: number;
  readonly stretch: number;
}

/** A row that has goals. */
export interface GoalRow extends Omit<ReportRow, "target"> {
  readonly targets?: readonly Target[];
  readonly limit?: Limit;
}

/** How a goal came out. There is none when ours, or all of the peers, were not measured. */
export interface Outcome {
  readonly row: string;
  readonly text: string;
  readonly met: boolean;
}

/** Judges all goals of all rows by medians. */
export function judge(rows: readonly GoalRow[]): Outcome[] {
  const outcomes: Outcome[] = [];
  for (const row of rows) {
    const ours = figureOf(row, OURS);
    if (ours === undefined) continue;
    for (const target of row.targets ?? []) {
      const best = bestOf(row, target.against);
      if (best === undefined) continue;
      const ratio = ours / best.figure;
      const goal = `${target.ratio}x (stretch ${target.stretch}x)`;
      const text = `${ratio.toFixed(2)}x ${best.name}, goal ${goal}`;
      outcomes.push({ row: row.name, text, met: reaches(row, ratio, target.ratio) });
    }
    if (row.limit !== undefined) {
      const { target, stretch } = row.limit;
      const text = `${ours.toFixed(2)} ${row.unit}, goal ${target} (stretch ${stretch})`;
      outcomes.push({ row: row.name, text, met: reaches(row, ours, target) });
    }
  }
  return outcomes;
}

/** One line for each goal. */
export function goalLines(outcomes: readonly Outcome[]): string {
  const width = Math.max(0, ...outcomes.map(({ row }) => row.length));
  return outcomes
    .map(({ row, text, met }) => `${row.padEnd(width)}  ${met ? "met   " : "MISSED"}  ${text}`)
    .join("\n");
}

function reaches(row: GoalRow, figure: number, goal: number): boolean {
  return row.better === "higher" ? figure >= goal : figure <= goal;
}

function figureOf(row: GoalRow, name: string): number | undefined {
  const rounds = row.rounds[name];
  return rounds === undefined || rounds.length === 0 ? undefined : median(rounds);
}

function bestOf(
  row: GoalRow,
  names: readonly string[],
): { name: string; figure: number } | undefined {
  let best: { name: string; figure: number } | undefined;
  for (const name of names) {
    const figure = figureOf(row, name);
    if (figure === undefined) continue;
    const isBetter = best === undefined ||
      (row.better === "higher" ? figure > best.figure : figure < best.figure);
    if (isBetter) best = { name, figure };
  }
  return best;
}
