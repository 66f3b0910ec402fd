/**
 * Prints the Markdown of saved runs, and writes their plots:
 * `node bench/markdown.ts [--plots bench/results] kernel.json streams.json`. The text takes the folder
 * of the plots to be beside itself.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runCommand, UsageError } from "./command_line.ts";
import type { GrowthReport } from "./growth/growth_report.ts";
import { writePlots } from "./plot_folder.ts";
import type { Report } from "./report.ts";
import { resultsText } from "./results_text.ts";

const USAGE = `usage: node bench/markdown.ts [--plots FOLDER] FILE.json...
  --plots FOLDER  write a plot of each row to it; other SVG files there are removed`;

await runCommand(USAGE, () => {
  const { values: { plots: folder }, positionals: files } = parseArgs({
    options: { plots: { type: "string" } },
    allowPositionals: true,
  });
  if (files.length === 0) throw new UsageError("no file is given");
  const reports = files.map((file) =>
    JSON.parse(readFileSync(file, "utf8")) as Report | GrowthReport
  );
  const { markdown, plots } = resultsText(
    reports,
    folder === undefined ? undefined : basename(resolve(folder)),
  );
  if (folder !== undefined) writePlots(folder, plots);
  console.log(markdown);
  return Promise.resolve();
});
