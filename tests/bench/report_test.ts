import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReportRow, Target, Verdict } from "../../bench/report.ts";
import { allMet, compare, toMarkdown, toText, verdicts } from "../../bench/report.ts";
import { sampleReport, sampleRow } from "./sample_report.ts";

/** How a row with one target stands to it. */
function judge(target: Target, more: Partial<ReportRow> = {}): Partial<Verdict> {
  const row = sampleRow({ targets: [target], ...more });
  const { target: _, ...verdict } = verdicts(sampleReport([row]), row)[0]!;
  return verdict;
}

test("compare() takes medians, and the best of the others in the row's sense", () => {
  const names = ["holdfast", "lmdb", "level"];
  assert.deepEqual(compare(sampleRow(), names), { bestPeer: "lmdb", ratio: 2 });
  const lower = sampleRow({ better: "lower" });
  assert.deepEqual(compare(lower, names), { bestPeer: "level", ratio: 4 });
});

test("compare() has nothing to say without ours, or without anybody else", () => {
  const ours = { holdfast: [1] };
  assert.equal(compare(sampleRow({ rounds: { lmdb: [1] } }), ["lmdb"]), undefined);
  assert.equal(compare(sampleRow({ rounds: { ...ours, lmdb: [] } }), ["lmdb"]), undefined);
  assert.equal(compare(sampleRow({ rounds: ours }), ["holdfast", "lmdb"]), undefined);
});

test("verdicts() of a ratio: met from the bound on, its stretch on its own", () => {
  const against = ["lmdb"];
  const verdict = { value: 2, peer: "lmdb" };
  assert.deepEqual(judge({ against, ratio: 2, stretch: 2.5 }), {
    ...verdict,
    met: true,
    stretchMet: false,
  });
  assert.deepEqual(judge({ against, ratio: 2.01 }), {
    ...verdict,
    met: false,
    stretchMet: undefined,
  });
  assert.deepEqual(judge({ against, stretch: 2 }), {
    ...verdict,
    met: undefined,
    stretchMet: true,
  });
});

test("verdicts() of a ratio name the best of those that the target names, else of all", () => {
  assert.deepEqual(judge({ against: ["level"], ratio: 3 }).peer, "level");
  assert.deepEqual(judge({ against: ["level", "sqlite"], ratio: 3 }).value, 4);
  assert.deepEqual(judge({ ratio: 3 }).peer, "lmdb");
});

test("verdicts() of a row where lower is better have the most for a bound", () => {
  const better = "lower";
  assert.equal(judge({ against: ["lmdb"], ratio: 2 }, { better }).met, true);
  assert.equal(judge({ against: ["lmdb"], ratio: 1.9 }, { better }).met, false);
});

test("verdicts() of a figure compare the median of ours, whoever else is there", () => {
  assert.deepEqual(judge({ figure: 200, stretch: 201 }), {
    value: 200,
    met: true,
    stretchMet: false,
  });
  assert.equal(judge({ figure: 199 }, { better: "lower" }).met, false);
});

test("verdicts() are open where ours or whom a target is against is not here", () => {
  assert.deepEqual(judge({ against: ["sqlite"], ratio: 1 }), {
    value: undefined,
    met: undefined,
    stretchMet: undefined,
  });
  assert.equal(judge({ figure: 1 }, { rounds: { lmdb: [1] } }).met, undefined);
});

test("allMet() asks for every target that is more than a wish, measured or not", () => {
  const isMet = (targets: readonly Target[]): boolean =>
    allMet(sampleReport([sampleRow(), sampleRow({ targets })]));
  assert.equal(isMet([{ against: ["lmdb"], ratio: 2 }, { figure: 200 }]), true);
  assert.equal(isMet([{ against: ["lmdb"], ratio: 2 }, { figure: 201 }]), false);
  assert.equal(isMet([{ against: ["lmdb"], stretch: 9 }]), true);
  assert.equal(isMet([{ against: ["sqlite"], ratio: 0.1 }]), false);
});

const TARGETS: readonly Target[] = [
  { against: ["lmdb"], ratio: 1.5, stretch: 3 },
  { against: ["level"], ratio: 5 },
  { against: ["sqlite", "openkv"], ratio: 1 },
  { figure: 150 },
];

test("toText() says medians, spreads, targets and notes", () => {
  const rows = [sampleRow({ targets: TARGETS })];
  const [, , line, , note] = toText({ ...sampleReport(rows), notes: ["who is not here"] }).split(
    "\n",
  );
  assert.deepEqual(line!.split(/ {2,}/), [
    "put",
    "puts/s",
    "200 (100..300)",
    "100",
    "50",
    "2.00x lmdb",
    "2.00x lmdb: >= 1.5 met, >= 3 (stretch) not; 4.00x level: >= 5 MISSED; " +
    "sqlite/openkv is not here: >= 1; >= 150 met",
  ]);
  assert.equal(note, "- who is not here");
});

test("toText() has a dash for who has no figure, and compares nothing with it", () => {
  const rows = [sampleRow({ rounds: { holdfast: [1], lmdb: [] } })];
  const line = toText(sampleReport(rows)).split("\n").at(-1)!;
  assert.deepEqual(line.split(/ {2,}/), ["put", "puts/s", "1", "-", "-", "-"]);
});

test("toMarkdown() heads the table with title, date, command and machine; medians alone", () => {
  assert.deepEqual(toMarkdown(sampleReport([sampleRow({ better: "lower" })])).split("\n"), [
    "## Kernel: holdfast 0.1.0",
    "",
    "- Date: 2026-01-02T03:04:05.000Z",
    "- Command: `node bench/compare/kernel.ts`",
    "- Machine: 2 x a processor, Node 24",
    "",
    "| row | unit | holdfast | lmdb | level | ours / best | targets |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    "| put | puts/s | 200 | 100 | 50 | 4.00x level |  |",
    "",
  ]);
});
