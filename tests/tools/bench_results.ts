/**
 * What the suites have measured: printed, and written as a report with plots.
 *
 * @module
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { GrowthReport } from "../../bench/growth/growth_report.ts";
import { isGrowthReport } from "../../bench/growth/growth_report.ts";
import { growthToText } from "../../bench/growth/growth_text.ts";
import { writePlots } from "../../bench/plot_folder.ts";
import type { Report } from "../../bench/report.ts";
import { toText } from "../../bench/report.ts";
import { replaceFigures, resultsText } from "../../bench/results_text.ts";
import { SUITES } from "../../bench/suites.ts";
import { jsonPath } from "./bench_suites.ts";
import { runCommand } from "./run_command.ts";
import { findRuntime, RUNTIME_NAMES } from "./runtimes.ts";

/** Folder of the plots, beside the report. */
const PLOTS = "results";

/** The files of figures in a folder: suite by suite, Node first. */
export function savedFigures(folder: string): string[] {
  const runtimes = [...RUNTIME_NAMES].reverse();
  return SUITES.flatMap((suite) => runtimes.map((runtime) => jsonPath(folder, suite, runtime)))
    .filter((path) => existsSync(path));
}

function readFigures(path: string): Report | GrowthReport {
  return JSON.parse(readFileSync(path, "utf8")) as Report | GrowthReport;
}

/** Prints the table of each file. */
export function printFigures(files: readonly string[]): void {
  for (const file of files) {
    const report = readFigures(file);
    const table = isGrowthReport(report) ? growthToText(report) : toText(report);
    console.log(`\n${report.title}\n${report.machineLine}\n\n${table}\n\n${file}`);
  }
}

/** Writes the report and its plots beside it. */
export async function writeReport(path: string, files: readonly string[]): Promise<void> {
  const old = existsSync(path) ? readFileSync(path, "utf8") : "";
  const { markdown, plots } = resultsText(files.map(readFigures), PLOTS);
  mkdirSync(dirname(path), { recursive: true });
  writePlots(join(dirname(path), PLOTS), plots);
  writeFileSync(path, replaceFigures(old, markdown));
  const deno = await findRuntime("deno");
  const formatted = await runCommand(deno.path, [
    "fmt",
    "--no-config",
    "--quiet",
    "--line-width=100",
    path,
  ]);
  if (formatted.code !== 0) throw new Error(`${path} was not formatted:\n${formatted.output}`);
}
