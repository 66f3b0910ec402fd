import assert from "node:assert/strict";
import { test } from "node:test";
import type { GrowthReport } from "../../bench/growth/growth_report.ts";
import { replaceFigures, resultsText } from "../../bench/results_text.ts";
import { sampleReport, sampleRow } from "./sample_report.ts";

const TARGETS = [{ against: ["lmdb"], ratio: 1 }];

/** A growth report whose cost doubles at each size. */
function growth(runtime: string): GrowthReport {
  const { rows: _, contestants: __, ...head } = sampleReport([], runtime);
  const points = [1000, 10_000].map((size, i) => ({ size, rounds: [i + 1] }));
  const series = [{ name: "random get", of: "entries", isYardstick: false, points }] as const;
  return { ...head, title: "Growth: holdfast 0.1.0", series };
}

function headings(markdown: string): string[] {
  return markdown.split("\n").filter((line) => line.startsWith("#"));
}

test("replaceFigures() keeps what is written by hand, from its heading to the end", () => {
  const byHand = "\n## What falls short\n\nThat.\n\n## Earlier runs\n\nThose.\n";
  const old = `# Measured figures\n\n## Kernel\n\nold${byHand}`;
  assert.equal(
    replaceFigures(old, "# Measured figures\n\nnew\n"),
    `# Measured figures\n\nnew\n${byHand}`,
  );
});

test("replaceFigures() keeps nothing where nothing is by hand, and no other heading counts", () => {
  assert.equal(replaceFigures("", "new\n"), "new\n");
  assert.equal(replaceFigures("old\n### What falls short\nold\n", "new\n"), "new\n");
});

test("resultsText() is one section for a run, titled as it is, without a table of the worst", () => {
  const { markdown, plots } = resultsText([sampleReport([sampleRow({ targets: TARGETS })])]);
  assert.deepEqual(headings(markdown), ["# Measured figures", "## Kernel: holdfast 0.1.0"]);
  assert.equal(plots.size, 0);
  assert.doesNotMatch(markdown, /!\[/);
});

test("resultsText() puts the runs of a suite together, each with its runtime, and the worst of them", () => {
  const row = sampleRow({ targets: TARGETS });
  const log = { ...sampleReport([row]), title: "Logs: holdfast" };
  const { markdown } = resultsText([sampleReport([row]), log, sampleReport([row], "Bun 1")]);
  assert.deepEqual(headings(markdown), [
    "# Measured figures",
    "## Kernel: holdfast 0.1.0 (Node 24)",
    "## Kernel: holdfast 0.1.0 (Bun 1)",
    "### Kernel: the worst runtime counts",
    "## Logs: holdfast",
  ]);
});

test("resultsText() has a plot for each row, named alike in the text and in the folder", () => {
  const marked = sampleRow({ name: "append (level)" });
  const other = sampleRow({ name: "append (lmdb)" });
  const reports = [sampleReport([sampleRow(), marked]), sampleReport([other], "Bun 1")];
  const { markdown, plots } = resultsText(reports, "results");
  assert.deepEqual([...plots.keys()], ["kernel-put.svg", "kernel-append.svg"]);
  assert.match(markdown, /^!\[Kernel: put\]\(results\/kernel-put\.svg\)$/m);
  assert.match(markdown, /^!\[Kernel: append\]\(results\/kernel-append\.svg\)$/m);
  const svg = plots.get("kernel-append.svg")!;
  assert.match(svg, />Node 24 \(level\)</);
  assert.match(svg, />Bun 1 \(lmdb\)</);
});

test("resultsText() of growth has a table for each run, and the lines of all in one plot", () => {
  const { markdown, plots } = resultsText([growth("Node 24"), growth("Bun 1")], "results");
  assert.deepEqual(headings(markdown), [
    "# Measured figures",
    "## Growth: holdfast 0.1.0 (Node 24)",
    "## Growth: holdfast 0.1.0 (Bun 1)",
  ]);
  assert.match(markdown, /\| random get \| 1 \| 2 \| 2\.00x \| <= 2\.00x met \|/);
  assert.deepEqual([...plots.keys()], ["growth-random-get.svg"]);
  assert.match(plots.get("growth-random-get.svg")!, />Node 24<[^]*>Bun 1</);
});
