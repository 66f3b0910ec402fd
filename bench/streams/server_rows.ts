/**
 * Rows of this command, of which each runtime of ours has one of its own.
 *
 * @module
 */

import { interleave } from "../interleave.ts";
import type { ReportRow } from "../report.ts";
import { OURS } from "../report.ts";
import type { Contestant } from "./contestant.ts";

/** Figures of the counted rounds by the name of the contestant. */
export type Figures = Readonly<Record<string, readonly number[]>>;

/** What a row says besides its figures. */
export type RowHead = Omit<ReportRow, "rounds">;

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

/** The rows of one workload: one for each runtime of ours, with the figures of all others. */
export function rowsOf(
  contestants: readonly Contestant[],
  head: RowHead,
  figures: Figures,
): ReportRow[] {
  const others: Record<string, readonly number[]> = {};
  for (const { name, kind } of contestants) {
    if (kind.column !== OURS && figures[name] !== undefined) others[kind.column] = figures[name];
  }
  const ours = contestants.filter(({ kind }) => kind.column === OURS);
  if (ours.length === 0) return [{ ...head, rounds: others }];
  return ours.map(({ name, kind }) => ({
    ...head,
    name: `${head.name}${kind.mark}`,
    rounds: { [OURS]: figures[name]!, ...others },
  }));
}
