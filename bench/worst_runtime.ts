/**
 * A suite that ran on several runtimes: of each target, the runtime where ours is furthest from it.
 * That one counts.
 *
 * @module
 */

import { figureText, ratioText } from "./figure_text.ts";
import type { Report, ReportRow, Verdict } from "./report.ts";
import { verdicts } from "./report.ts";
import { rowIdentity } from "./row_identity.ts";
import { markdownTable } from "./table.ts";

/** One target of a row on one runtime. */
interface Standing {
  readonly runtime: string;
  /** What the row is called on all of them. */
  readonly name: string;
  readonly row: ReportRow;
  readonly verdict: Verdict;
}

/** A table of all targets, with a line that counts them; empty if the suite has none. */
export function worstRuntimes(reports: readonly Report[]): string {
  const targets = targetsOf(reports);
  if (targets.length === 0) return "";
  const runtimes = reports.map(({ machine }) => machine.runtime);
  let met = 0;
  const rows = targets.map((standings) => {
    const worst = worstOf(standings);
    if (worst?.verdict.met === true) met++;
    return [
      standings[0]!.name,
      ...runtimes.map((runtime) => cell(standings.find((each) => each.runtime === runtime))),
      worst === undefined
        ? "not measured"
        : `${worst.runtime}: ${worst.verdict.met ? "met" : "MISSED"}`,
    ];
  });
  return [
    markdownTable([["target", ...runtimes, "what counts"], ...rows]),
    "",
    `${met} of ${rows.length} targets are met on every runtime.`,
    "",
  ].join("\n");
}

/** The targets that are more than wishes, in the order of the rows, each with its runtimes. */
function targetsOf(reports: readonly Report[]): Standing[][] {
  const targets = new Map<string, Standing[]>();
  for (const report of reports) {
    const { runtime } = report.machine;
    for (const row of report.rows) {
      const { name } = rowIdentity(report, row);
      verdicts(report, row).forEach((verdict, i) => {
        if (boundOf(verdict) === undefined) return;
        const key = `${i} ${name}`;
        const standings = targets.get(key) ?? [];
        standings.push({ runtime, name, row, verdict });
        targets.set(key, standings);
      });
    }
  }
  return [...targets.values()];
}

/** Where whoever a target is against is not here, there is nothing to compare. */
function worstOf(standings: readonly Standing[]): Standing | undefined {
  return standings.filter(({ verdict }) => verdict.value !== undefined)
    .sort((a, b) => reach(a) - reach(b))[0];
}

/** What ours has, divided by what it must reach; 1 or more is enough, whichever is better. */
function reach({ row, verdict }: Standing): number {
  const part = verdict.value! / boundOf(verdict)!;
  return row.better === "higher" ? part : 1 / part;
}

function boundOf({ target }: Verdict): number | undefined {
  return "figure" in target ? target.figure : target.ratio;
}

/** `1.72x lmdb (>= 1.3)`. */
function cell(standing: Standing | undefined): string {
  const value = standing?.verdict.value;
  if (standing === undefined || value === undefined) return "not here";
  const { row, verdict } = standing;
  const sign = row.better === "higher" ? ">=" : "<=";
  const figure = verdict.peer === undefined
    ? `${figureText(value)} ${row.unit}`
    : `${ratioText(value)} ${verdict.peer}`;
  return `${figure} (${sign} ${boundOf(verdict)})`;
}
