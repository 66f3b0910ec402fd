/**
 * A row of a report as bars: one of a contestant's median, with a whisker from the least to the most
 * of its rounds. Rows of several runs (one of a runtime each) stand below each other, on one scale.
 *
 * @module
 */

import { figureText } from "./figure_text.ts";
import { median } from "./median.ts";
import type { ReportRow } from "./report.ts";
import { OURS } from "./report.ts";
import {
  axisSteps,
  place,
  PLOT_MARGIN,
  PLOT_WIDTH,
  svgCard,
  svgGroup,
  svgPath,
  svgText,
  textWidth,
} from "./svg.ts";

/** The row of one run. */
export interface PlotPanel {
  /** What the run ran on; not shown when it is the only one. */
  readonly heading: string;
  readonly contestants: readonly string[];
  readonly row: ReportRow;
}

const HEAD_HEIGHT = 60;
const BAR_HEIGHT = 14;
const BAR_PITCH = 22;
const HEADING_HEIGHT = 20;
const PANEL_GAP = 6;
const AXIS_HEIGHT = 34;
const CAP = 3;
const NOT_HERE = "not here";

/**
 * The bars of one row, of one run or more: unit and sense are those of the first. Who has no
 * figure in any of them is left out.
 */
export function plotRow(title: string, panels: readonly PlotPanel[]): string {
  const { unit, better } = panels[0]!.row;
  const takesPart = (contestant: string): boolean =>
    panels.some(({ row }) => (row.rounds[contestant]?.length ?? 0) > 0);
  const figures = panels.flatMap(({ row, contestants }) =>
    contestants.flatMap((c) => row.rounds[c] ?? [])
  );
  const headings = panels.length > 1 ? panels.map(({ heading }) => heading) : [];
  const names = [
    ...panels.flatMap(({ contestants }) => contestants.filter(takesPart)),
    ...headings,
  ];
  const left = PLOT_MARGIN + Math.max(0, ...names.map(textWidth)) + 8;
  const right = PLOT_WIDTH - PLOT_MARGIN - textWidth("00.00M") - 8;
  const most = Math.max(0, ...figures);
  const scale = most > 0 ? (right - left) / most : 0;
  const at = (figure: number): number => left + Math.max(0, figure) * scale;

  const headingTexts: string[] = [];
  const labels: string[] = [];
  const values: string[] = [];
  let ours = "";
  let others = "";
  let whiskers = "";
  let y = HEAD_HEIGHT;
  for (const { heading, contestants, row } of panels) {
    if (panels.length > 1) {
      if (y > HEAD_HEIGHT) y += PANEL_GAP;
      headingTexts.push(svgText(PLOT_MARGIN, y + 11, "h", heading));
      y += HEADING_HEIGHT;
    }
    for (const contestant of contestants.filter(takesPart)) {
      const rounds = row.rounds[contestant] ?? [];
      const isOurs = contestant === OURS;
      labels.push(svgText(left - 8, y + 11, isOurs ? "h" : "", contestant));
      if (rounds.length === 0) {
        values.push(svgText(left + 6, y + 11, "s", NOT_HERE));
      } else {
        const middle = at(median(rounds));
        const end = at(Math.max(...rounds));
        const bar = `M${left} ${y}H${place(Math.max(left + 1, middle))}v${BAR_HEIGHT}H${left}z`;
        if (isOurs) ours += bar;
        else others += bar;
        if (rounds.length > 1) {
          whiskers += whisker(at(Math.min(...rounds)), end, y + BAR_HEIGHT / 2);
        }
        values.push(svgText(end + 8, y + 11, isOurs ? "h" : "", figureText(median(rounds))));
      }
      y += BAR_PITCH;
    }
  }
  const rounds = Math.max(...panels.map(({ row }) => roundsOf(row)));
  return svgCard(y + AXIS_HEIGHT, title, [
    svgText(PLOT_MARGIN, 28, "t", title),
    svgText(PLOT_MARGIN, 46, "s", `${unit}, ${better} is better; ${spreadText(rounds)}`),
    ...axis(axisSteps(most), at, y),
    ...headingTexts,
    svgGroup("e", labels),
    ...values,
    svgPath("h0 f", ours),
    svgPath("o", others),
    svgPath("w", whiskers),
  ]);
}

/** The grid goes below the bars, its figures under them. */
function axis(steps: readonly number[], at: (figure: number) => number, bottom: number): string[] {
  const lines = steps.map((step) => `M${place(at(step))} ${HEAD_HEIGHT - 4}V${bottom}`).join("");
  return [
    svgPath("g", lines),
    ...steps.map((step) => svgText(at(step), bottom + 16, "s m", figureText(step))),
  ];
}

function whisker(least: number, most: number, y: number): string {
  const cap = (x: number): string => `M${place(x)} ${y - CAP}v${2 * CAP}`;
  return `${cap(least)}${cap(most)}M${place(least)} ${y}H${place(most)}`;
}

function roundsOf(row: ReportRow): number {
  return Math.max(0, ...Object.values(row.rounds).map((rounds) => rounds.length));
}

function spreadText(rounds: number): string {
  return rounds > 1 ? `bar: median, whisker: least and most of ${rounds} rounds` : "one round";
}
