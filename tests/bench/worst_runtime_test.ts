import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReportRow } from "../../bench/report.ts";
import { worstRuntimes } from "../../bench/worst_runtime.ts";
import { sampleReport, sampleRow } from "./sample_report.ts";

/** The rows of the table, for a report of one row on each of two runtimes. */
function table(node: ReportRow, bun: ReportRow): string[] {
  const reports = [sampleReport([node], "Node 24"), sampleReport([bun], "Bun 1")];
  return worstRuntimes(reports).split("\n");
}

/** Ours at `figure`, lmdb at 100. */
function row(figure: number, more: Partial<ReportRow> = {}): ReportRow {
  return sampleRow({ rounds: { holdfast: [figure], lmdb: [100] }, ...more });
}

test("worstRuntimes() counts the runtime that is furthest from its own bound", () => {
  // Bun has the lower ratio, and reaches more of what it has to.
  const node = row(150, { targets: [{ against: ["lmdb"], ratio: 2 }] });
  const bun = row(110, { targets: [{ against: ["lmdb"], ratio: 1 }] });
  assert.deepEqual(table(node, bun), [
    "| target | Node 24 | Bun 1 | what counts |",
    "| --- | --- | --- | --- |",
    "| put | 1.50x lmdb (>= 2) | 1.10x lmdb (>= 1) | Node 24: MISSED |",
    "",
    "0 of 1 targets are met on every runtime.",
    "",
  ]);
});

test("worstRuntimes() of a row where lower is better takes the highest figure", () => {
  const lower = { better: "lower", unit: "ms", targets: [{ figure: 50 }] } as const;
  const [, , line, , count] = table(row(10, lower), row(40, lower));
  assert.equal(line, "| put | 10 ms (<= 50) | 40 ms (<= 50) | Bun 1: met |");
  assert.equal(count, "1 of 1 targets are met on every runtime.");
});

test("worstRuntimes() leaves out whoever has no figure, and is open if nobody has", () => {
  const target = { targets: [{ against: ["lmdb"], ratio: 2 }] };
  const alone = { ...target, rounds: { holdfast: [1] } };
  assert.equal(
    table(row(300, target), row(1, alone))[2],
    "| put | 3.00x lmdb (>= 2) | not here | Node 24: met |",
  );
  const [, , line, , count] = table(row(1, alone), row(1, alone));
  assert.equal(line, "| put | not here | not here | not measured |");
  assert.equal(count, "0 of 1 targets are met on every runtime.");
});

test("worstRuntimes() finds a row again whose mark is another one; wishes are no targets", () => {
  const targets = [{ against: ["lmdb"], stretch: 9 }, { figure: 1 }];
  const lines = table(
    row(2, { name: "append (level)", targets }),
    row(3, { name: "append (lmdb)", targets }),
  );
  assert.equal(lines[2], "| append | 2 puts/s (>= 1) | 3 puts/s (>= 1) | Node 24: met |");
  assert.equal(lines.length, 6);
  assert.equal(worstRuntimes([sampleReport([row(1, { targets: [{ stretch: 2 }] })])]), "");
});
