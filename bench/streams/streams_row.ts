/**
 * The rows of this command: figures by server, and targets that are absolute.
 *
 * @module
 */

import { interleave } from "../interleave.ts";
import { median } from "../median.ts";
import type { ReportRow } from "../report.ts";
import { OURS } from "../report.ts";
import type { Contestant } from "./contestant.ts";

/** What the median of ours must reach, or stay under where lower is better, in the row's unit. */
export interface Limit {
  readonly target: number;
  readonly stretch?: number;
}

/** A row that may have an absolute target. */
export interface StreamsRow extends ReportRow {
  readonly limit?: Limit;
}

/** Figures of the counted rounds by the name of the contestant. */
export type Figures = Readonly<Record<string, readonly number[]>>;

/** What a row says besides its figures. */
export type RowHead = Omit<StreamsRow, "rounds">;

/** One turn of every contestant per round; a turn gives a figure of each kind. */
export async function takeTurns<K extends string>(
  label: string,
  contestants: readonly Contestant[],
  rounds: number,
  turn: (contestant: Contestant, round: number) => Promise<Readonly<Record<K, number>>>,
): Promise<Record<K, Figures>> {
  const kinds: Record<string, Record<string, number[]>> = {};
  await interleave(label, contestants, rounds, async (contestant, round) => {
    const figures = await turn(contestant, round);
    for (const kind of Object.keys(figures) as K[]) {
      const all = (kinds[kind] ??= {})[contestant.name] ??= [];
      if (round >= 0) all.push(figures[kind]);
    }
    return 0;
  });
  return kinds as Record<K, Figures>;
}

/**
 * The rows of one workload: one for each runtime of ours, with the figures of those others whose
 * column is in `against` (all by default).
 */
export function rowsOf(
  contestants: readonly Contestant[],
  head: RowHead,
  figures: Figures,
  against?: readonly string[],
): StreamsRow[] {
  const others: Record<string, readonly number[]> = {};
  for (const { name, kind } of contestants) {
    if (kind.column === OURS || figures[name] === undefined) continue;
    if (against === undefined || against.includes(kind.column)) others[kind.column] = figures[name];
  }
  const ours = contestants.filter(({ kind }) => kind.column === OURS);
  if (ours.length === 0) return [{ ...head, rounds: others }];
  return ours.map(({ name, kind }) => ({
    ...head,
    name: `${head.name}${kind.mark}`,
    rounds: { [OURS]: figures[name]!, ...others },
  }));
}

/** Whether ours keeps the limit of a row; `undefined` without a limit or a figure of ours. */
export function limitMet({ better, limit, rounds }: StreamsRow): boolean | undefined {
  const ours = rounds[OURS];
  if (limit === undefined || ours === undefined) return undefined;
  const figure = median(ours);
  return better === "higher" ? figure >= limit.target : figure <= limit.target;
}

/** A line for every absolute target. */
export function limitLines(rows: readonly StreamsRow[]): string[] {
  return rows.flatMap((row) => {
    const { name, unit, better, limit, rounds } = row;
    const met = limitMet(row);
    if (limit === undefined || met === undefined) return [];
    const sign = better === "higher" ? ">=" : "<=";
    const stretch = limit.stretch === undefined ? "" : `, stretch ${limit.stretch}`;
    const figure = Number(median(rounds[OURS]!).toPrecision(3));
    const verdict = met ? "met" : "MISSED";
    return [`${name}: ${figure} ${unit}, target ${sign} ${limit.target}${stretch}: ${verdict}`];
  });
}
