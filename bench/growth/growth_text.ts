/**
 * A growth report as tables for the terminal and as Markdown: one table for each thing that is
 * counted.
 *
 * @module
 */

import { countText, figureText, ratioText } from "../figure_text.ts";
import { median } from "../median.ts";
import { markdownTable, textTable } from "../table.ts";
import type { GrowthReport, GrowthSeries } from "./growth_report.ts";
import { judgeGrowth } from "./growth_report.ts";

/** Tables with aligned columns: median and the spread of the rounds. */
export function growthToText(report: GrowthReport): string {
  return tables(report, true).map(textTable).join("\n\n");
}

/** A section for RESULTS.md: title, date, command, machine and tables. */
export function growthToMarkdown(report: GrowthReport): string {
  return [
    `## ${report.title}`,
    "",
    `- Date: ${report.date}`,
    `- Command: \`${report.command}\``,
    `- Machine: ${report.machineLine}`,
    "",
    ...tables(report, false).flatMap((rows) => [markdownTable(rows), ""]),
  ].join("\n");
}

function tables(report: GrowthReport, spread: boolean): string[][][] {
  const kinds = [...new Set(report.series.map((series) => series.of))];
  return kinds.map((of) => tableOf(report.series.filter((each) => each.of === of), of, spread));
}

function tableOf(series: readonly GrowthSeries[], of: string, spread: boolean): string[][] {
  const sizes = [...new Set(series.flatMap(({ points }) => points.map(({ size }) => size)))]
    .sort((a, b) => a - b);
  const head = ["us per operation", ...sizes.map((size) => `${countText(size)} ${of}`)];
  const rows = series.map((each) => {
    const { growth, allowed, step, met } = judgeGrowth(each);
    const missed = step === undefined
      ? "MISSED"
      : `MISSED: step from ${countText(step[0])} to ${countText(step[1])}`;
    return [
      each.name,
      ...sizes.map((size) => cost(each, size, spread)),
      ratioText(growth),
      each.isYardstick ? "" : `<= ${ratioText(allowed)} ${met ? "met" : missed}`,
    ];
  });
  return [[...head, "growth", "target"], ...rows];
}

function cost({ points }: GrowthSeries, size: number, spread: boolean): string {
  const rounds = points.find((point) => point.size === size)?.rounds;
  if (rounds === undefined) return "-";
  const middle = figureText(median(rounds));
  if (!spread || rounds.length === 1) return middle;
  return `${middle} (${figureText(Math.min(...rounds))}..${figureText(Math.max(...rounds))})`;
}
