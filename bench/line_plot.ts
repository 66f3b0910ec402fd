/**
 * Costs at growing sizes as lines: the axis of the sizes is logarithmic, that of the costs is not,
 * so what grows with the logarithm is a straight line.
 *
 * @module
 */

import { countText, figureText } from "./figure_text.ts";
import { median } from "./median.ts";
import {
  axisSteps,
  HUES,
  place,
  PLOT_MARGIN,
  PLOT_WIDTH,
  svgCard,
  svgPath,
  svgText,
  textWidth,
} from "./svg.ts";

/** One line: the figures of every round at each size, sizes ascending. */
export interface PlotLine {
  readonly name: string;
  readonly points: readonly { readonly size: number; readonly rounds: readonly number[] }[];
  /** Where the line should stay below, if anywhere. */
  readonly limit?: (size: number) => number;
}

/** What the axes are. */
export interface LinePlot {
  readonly title: string;
  readonly unit: string;
  /** What the sizes count. */
  readonly of: string;
  readonly lines: readonly PlotLine[];
}

const TOP = 66;
const BOTTOM = 250;
const HEIGHT = 290;
/** Between the names of two lines that end at one height. */
const NAME_PITCH = 16;
/** A limit far above all figures is cut off, or it would press the lines to the floor. */
const HEADROOM = 1.3;

/** The plot. There are at most as many lines as hues. */
export function plotLines({ title, unit, of, lines }: LinePlot): string {
  if (lines.length > HUES) throw new RangeError(`a plot has ${HUES} lines at most`);
  const points = lines.flatMap((line) => line.points);
  const sizes = [...new Set(points.map(({ size }) => size))].sort((a, b) => a - b);
  const most = Math.max(0, ...points.flatMap(({ rounds }) => rounds)) * HEADROOM || 1;
  const steps = axisSteps(most);
  const left = PLOT_MARGIN + Math.max(...steps.map((step) => textWidth(figureText(step)))) + 8;
  const right = PLOT_WIDTH - PLOT_MARGIN - Math.max(...lines.map((line) => textWidth(line.name))) -
    12;
  const span = Math.log(sizes.at(-1)! / sizes[0]!) || 1;
  const x = (size: number): number =>
    left + 20 + (right - left - 32) * Math.log(size / sizes[0]!) / span;
  const y = (figure: number): number => BOTTOM - (BOTTOM - TOP) * figure / most;

  const drawn = lines.map((line, i) => drawLine(line, i, sizes, most, x, y));
  const rounds = Math.max(...points.map((point) => point.rounds.length));
  const spread = rounds > 1 ? `median, least and most of ${rounds} rounds` : "one round";
  const dashed = lines.some(({ limit }) => limit !== undefined) ? "; dashed: the most allowed" : "";
  return svgCard(HEIGHT, title, [
    svgText(PLOT_MARGIN, 28, "t", title),
    svgText(PLOT_MARGIN, 46, "s", `${unit}, lower is better; ${spread}${dashed}`),
    svgPath("g", steps.map((step) => `M${place(left)} ${place(y(step))}H${place(right)}`).join("")),
    ...steps.map((step) => svgText(left - 8, y(step) + 4, "s e", figureText(step))),
    ...sizes.map((size) => svgText(x(size), BOTTOM + 18, "s m", countText(size))),
    svgText(right + 12, BOTTOM + 18, "s", of),
    ...drawn,
    ...nameLines(lines, right + 12, y),
  ]);
}

function drawLine(
  { points, limit }: PlotLine,
  hue: number,
  sizes: readonly number[],
  most: number,
  x: (size: number) => number,
  y: (figure: number) => number,
): string {
  const middles = points.map(({ size, rounds }) => ({ size, figure: median(rounds) }));
  const whiskers = points.map(({ size, rounds }) =>
    `M${place(x(size))} ${place(y(Math.min(...rounds)))}V${place(y(Math.max(...rounds)))}`
  );
  const dots = middles.map(({ size, figure }) =>
    `M${place(x(size) - 4)} ${place(y(figure))}a4 4 0 1 0 8 0a4 4 0 1 0-8 0z`
  );
  const path = (at: readonly { size: number; figure: number }[]): string =>
    at.map(({ size, figure }, i) => `${i === 0 ? "M" : "L"}${place(x(size))} ${place(y(figure))}`)
      .join("");
  const allowed = limit === undefined ? [] : fineSizes(sizes[0]!, sizes.at(-1)!)
    .map((size) => ({ size, figure: limit(size) })).filter(({ figure }) => figure <= most);
  return [
    svgPath(`h${hue} d`, path(allowed)),
    svgPath("w", whiskers.join("")),
    svgPath(`h${hue} l`, path(middles)),
    svgPath(`h${hue} f`, dots.join("")),
  ].filter((element) => element !== "").join("\n");
}

/** Sizes at even distances on the axis. */
function fineSizes(from: number, to: number): number[] {
  const steps = 24;
  return Array.from({ length: steps + 1 }, (_, i) => from * (to / from) ** (i / steps));
}

/** Names at the ends of their lines, moved up as far as those below them need it. */
function nameLines(
  lines: readonly PlotLine[],
  x: number,
  y: (figure: number) => number,
): string[] {
  let lowest = BOTTOM + NAME_PITCH;
  return lines
    .map(({ name, points }, hue) => ({ name, hue, at: y(median(points.at(-1)!.rounds)) + 4 }))
    .sort((a, b) => b.at - a.at)
    .map(({ name, hue, at }) => {
      lowest = Math.min(at, lowest - NAME_PITCH);
      return svgText(x, lowest, `h${hue} f h`, name);
    });
}
