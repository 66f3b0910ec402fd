/**
 * Saved runs as the text of RESULTS.md and the plots that it shows. Runs of one suite on several
 * runtimes stand together: their plots share a scale, and the worst of them counts.
 *
 * @module
 */

import type { GrowthReport } from "./growth/growth_report.ts";
import { allowedGrowth, isGrowthReport } from "./growth/growth_report.ts";
import { growthToMarkdown } from "./growth/growth_text.ts";
import { plotLines } from "./line_plot.ts";
import { median } from "./median.ts";
import { type PlotPanel, plotRow } from "./plot.ts";
import type { Report } from "./report.ts";
import { toMarkdown } from "./report.ts";
import { rowIdentity } from "./row_identity.ts";
import { slug } from "./svg.ts";
import { worstRuntimes } from "./worst_runtime.ts";

/** What {@link resultsText} makes. */
export interface Results {
  readonly markdown: string;
  /** The text of each SVG by its file name. */
  readonly plots: ReadonlyMap<string, string>;
}

/** From this line on RESULTS.md is written by hand. */
const BY_HAND = "\n## What falls short\n";

/** The text of RESULTS.md with other figures: what was written by hand at its end stays. */
export function replaceFigures(text: string, markdown: string): string {
  const at = text.indexOf(BY_HAND);
  return at < 0 ? markdown : markdown + text.slice(at);
}

type AnyReport = Report | GrowthReport;

/** A plot, by its file name and by what it shows. */
interface NamedPlot {
  readonly file: string;
  readonly name: string;
  readonly svg: string;
}

/**
 * The text of all runs, suite by suite in the order given.
 * @param folder where the plots are, as the text names it; absent means no plots
 */
export function resultsText(reports: readonly AnyReport[], folder?: string): Results {
  const suites = new Map<string, AnyReport[]>();
  for (const report of reports) {
    const suite = report.title.split(":")[0]!;
    suites.set(suite, [...suites.get(suite) ?? [], report]);
  }
  const plots = new Map<string, string>();
  const parts = ["# Measured figures\n"];
  for (const [suite, runs] of suites) {
    parts.push(...runs.map((run) => runText(run, runs.length > 1)));
    const rows = runs.filter((run) => !isGrowthReport(run)) as Report[];
    const worst = rows.length > 1 ? worstRuntimes(rows) : "";
    if (worst !== "") parts.push(`### ${suite}: the worst runtime counts\n`, worst);
    if (folder === undefined) continue;
    const growths = runs.filter(isGrowthReport);
    for (const { file, name, svg } of [...rowPlots(suite, rows), ...growthPlots(suite, growths)]) {
      plots.set(file, svg);
      parts.push(`![${suite}: ${name}](${folder}/${file})\n`);
    }
  }
  return { markdown: parts.join("\n"), plots };
}

function runText(run: AnyReport, isOneOfMany: boolean): string {
  const title = isOneOfMany ? `${run.title} (${run.machine.runtime})` : run.title;
  return isGrowthReport(run) ? growthToMarkdown({ ...run, title }) : toMarkdown({ ...run, title });
}

function fileName(suite: string, name: string): string {
  return `${slug(suite)}-${slug(name)}.svg`;
}

/** A plot for each row; a panel for each runtime that has it. */
function rowPlots(suite: string, reports: readonly Report[]): NamedPlot[] {
  const panels = new Map<string, PlotPanel[]>();
  for (const report of reports) {
    for (const row of report.rows) {
      const { name, mark } = rowIdentity(report, row);
      const heading = report.machine.runtime + mark;
      const panel = { heading, contestants: report.contestants, row };
      panels.set(name, [...panels.get(name) ?? [], panel]);
    }
  }
  return [...panels].map(([name, each]) => {
    const title = each.length === 1 ? each[0]!.row.name : name;
    return { file: fileName(suite, name), name: title, svg: plotRow(title, each) };
  });
}

/** A plot for each name of a series, a line for each runtime. */
function growthPlots(suite: string, reports: readonly GrowthReport[]): NamedPlot[] {
  const names = new Set(reports.flatMap(({ series }) => series.map((each) => each.name)));
  return [...names].map((name) => {
    const found = reports.flatMap(({ series, machine }) =>
      series.filter((each) => each.name === name)
        .map((each) => ({ ...each, runtime: machine.runtime }))
    );
    const lines = found.map(({ runtime, points, isYardstick }) => {
      const { size, rounds } = points[0]!;
      const first = median(rounds);
      const limit = (to: number): number => first * allowedGrowth(size, to);
      return { name: runtime, points, ...(isYardstick ? {} : { limit }) };
    });
    const svg = plotLines({ title: name, unit: "us per operation", of: found[0]!.of, lines });
    return { file: fileName(suite, name), name, svg };
  });
}
