/** What the tool of proofs reads and adds up. */

import process from "node:process";
import { test } from "node:test";
import assert from "node:assert/strict";
import type { ProveLine } from "../tools/prove_lines.ts";
import { proveLines } from "../tools/prove_lines.ts";
import type { Share } from "../tools/prove_record.ts";
import { sharesOf } from "../tools/prove_record.ts";
import type { RunPlan } from "../tools/prove_run.ts";
import { printedBy, ProveRun } from "../tools/prove_run.ts";
import { markdownTable } from "../tools/prove_table.ts";
import { addRecords, addShares } from "../tools/prove_totals.ts";

const { bun, deno } = process.versions;
const RUNTIME = deno !== undefined ? "deno" : bun !== undefined ? "bun" : "node";

const LINE: ProveLine = {
  name: "log",
  unit: "states",
  file: "tests/sim/main.ts",
  args: [],
  goals: { quick: 10, release: 20 },
};

function share(seed: number, done: number, more: Partial<Share> = {}): Share {
  return {
    line: "log",
    args: "",
    seed,
    runtime: "node",
    seconds: 1,
    rows: [{ structure: "log", done, violations: 0, names: ["a", `b${seed}`], more: { cuts: 2 } }],
    same: "x",
    comparedWith: [],
    ...more,
  };
}

test("printedBy: the line for us, or the closing line, or nothing", () => {
  const rows = [{ structure: "log", done: 3, violations: 0 }];
  const line = JSON.stringify({ rows, same: "ab" });
  assert.deepEqual(printedBy(`table\n${line}\n3 passed, 0 failed\n`), { rows, same: "ab" });
  const closing = printedBy("table\n3 passed, 1 failed\n");
  assert.deepEqual(closing?.rows, [{ done: 3, violations: 1 }]);
  assert.notEqual(closing?.same, printedBy("other table\n3 passed, 1 failed\n")?.same);
  assert.equal(printedBy("Error: no\n"), undefined);
});

const KEYS = { line: "log", args: "", runtime: "node" };

test("addShares: counts add up, names count once", () => {
  const shares = [share(1, 6), share(2, 5, { comparedWith: ["bun", "deno"] })];
  const total = addShares(KEYS, undefined, shares);
  const { done, names, more, compared } = total;
  assert.deepEqual([done, names, more["cuts"], compared, total.shares], [11, 3, 4, 1, 2]);
  assert.match(
    markdownTable([{ line: LINE, goal: 20, total }]),
    /^\| log \| states \| 11 \| 20 \| 0 \|/m,
  );
});

test("addShares: what a total holds does not count twice", () => {
  const before = addShares(KEYS, undefined, [share(1, 6), share(2, 5)]);
  const total = addShares(KEYS, before, [share(2, 5), share(3, 4)]);
  assert.deepEqual([total.done, total.shares, total.upTo, total.more["cuts"]], [15, 3, 3, 6]);
  assert.equal(total.names, 3);
});

test("addRecords: lines that are known grow, others begin, commits with nothing new do not count", () => {
  const totals = addRecords({ commits: 0, lines: [] }, [
    { commit: "a", date: "2026-01-01", shares: [share(1, 6)] },
  ]);
  const more = addRecords(totals, [
    { commit: "a", date: "2026-01-01", shares: [share(1, 6)] },
    { commit: "b", date: "2026-01-02", shares: [share(2, 5), share(1, 7, { line: "index" })] },
  ]);
  assert.deepEqual([more.commits, more.first?.commit, more.last?.commit], [2, "a", "b"]);
  assert.deepEqual(more.lines.map(({ line, done }) => [line, done]), [["log", 11], ["index", 7]]);
});

/** A run of a line whose program does not exist, on this runtime. */
function brokenRun(plan: Pick<RunPlan, "totals" | "before" | "width">) {
  const lane = { line: { ...LINE, file: "tests/no_such_file.ts" }, runtime: RUNTIME };
  const failures: string[] = [];
  const run = new ProveRun({
    level: "release",
    lanes: [lane],
    runtimes: [{ name: RUNTIME, path: process.execPath, version: "" }],
    ...plan,
    until: Infinity,
    onShare: () => {},
    onProgress: () => {},
    onFailure: (text) => failures.push(text),
  });
  return { lane, run, failures };
}

test("ProveRun goes on behind the totals of another machine", async () => {
  const { lane, run, failures } = brokenRun({
    totals: [addShares({ ...KEYS, runtime: RUNTIME }, undefined, [share(7, 5)])],
    before: [share(8, 4, { runtime: RUNTIME }), share(3, 9, { runtime: RUNTIME })],
    width: 1,
  });
  assert.equal(run.total(lane).done, 9);
  await run.run();
  assert.match(failures[0]!, /--seed 9:/);
});

test("ProveRun gives a line up that does not run, also one that did before", async () => {
  const before = [share(1, 5, { runtime: RUNTIME })];
  const { lane, run, failures } = brokenRun({ totals: [], before, width: 2 });
  await run.run();
  assert.deepEqual([run.passed, run.total(lane).done], [0, 5]);
  assert.ok(run.failed >= 2 && run.failed <= 3, `${run.failed} failed`);
  assert.equal(failures.length, run.failed);
  assert.match(failures[0]!, /no_such_file/);
});

test("sharesOf: of equal shares of two commits the newer one counts", () => {
  const older = { commit: "a", date: "2026-01-01", shares: [share(1, 6), share(2, 5)] };
  const newer = { commit: "b", date: "2026-01-02", shares: [share(1, 7)] };
  assert.deepEqual(sharesOf([older, newer]).map(({ seed, rows }) => [seed, rows[0]?.done]), [
    [1, 7],
    [2, 5],
  ]);
});

test("sharesOf: what found something at another commit is to be run again", () => {
  const bad = share(1, 6, { rows: [{ done: 6, violations: 1 }] });
  const record = { commit: "a", date: "2026-01-01", shares: [bad, share(2, 5)] };
  assert.deepEqual(sharesOf([record], "b").map(({ seed }) => seed), [2]);
  assert.deepEqual(sharesOf([record], "a").map(({ seed }) => seed), [1, 2]);
  assert.deepEqual(sharesOf([record]).map(({ seed }) => seed), [1, 2]);
});

test("proveLines: the goals of the issue, each name once", () => {
  assert.equal(new Set(proveLines.map(({ name }) => name)).size, proveLines.length);
  const goals = Object.fromEntries(proveLines.map(({ name, goals }) => [name, goals]));
  for (const name of ["kernel", "log", "streams"]) {
    assert.deepEqual(goals[name], { quick: 50_000, release: 1_000_000 });
  }
  assert.deepEqual(goals["damage"], { quick: 30_000, release: 500_000 });
});
