/** What `deno task bench` runs, and that a suite which fails keeps no other one from running. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import type { Suite } from "../../bench/suites.ts";
import type { SuiteRun } from "../tools/bench_suites.ts";
import { benchWords, jsonPath, planRuns, runSuites } from "../tools/bench_suites.ts";
import type { Runtime, RuntimeName } from "../tools/runtimes.ts";

const { bun, deno } = process.versions;
const HERE: RuntimeName = deno !== undefined ? "deno" : bun !== undefined ? "bun" : "node";
const SELF: Runtime = { name: HERE, path: process.execPath, version: "1.0.0" };

function suite(name: string, script: string, more: Partial<Suite> = {}): Suite {
  return { name, script, full: [], quick: ["--quick"], isOnAll: true, ...more };
}

function runtime(name: RuntimeName): Runtime {
  return { name, path: `/nowhere/${name}`, version: "1.0.0" };
}

/** Writes its arguments to the file that follows `--json`, which comes last. */
const WRITER = `import { writeFileSync } from "node:fs";
const words = process.argv.slice(2);
writeFileSync(words.at(-1), words.join(" "));
`;

test("planRuns() runs a suite on every runtime, or on Node alone where it says so", () => {
  const suites = [suite("kernel", "a.ts"), suite("streams", "b.ts", { isOnAll: false })];
  const [node, other] = [runtime("node"), runtime("bun")];
  const runs = planRuns(suites, [other, node], node, true);
  assert.deepEqual(runs.map((run) => [run.suite.name, run.runtime.name]), [
    ["kernel", "bun"],
    ["kernel", "node"],
    ["streams", "node"],
  ]);
  assert.ok(runs.every((run) => run.isQuick && run.runtimes.length === 2));
  assert.equal(planRuns(suites, [other], undefined, true).length, 1);
});

test("benchWords() end with the script, and let it collect garbage", () => {
  for (const name of ["node", "bun", "deno"] as const) {
    const words = benchWords(name, "bench/a.ts");
    assert.equal(words.at(-1), "bench/a.ts");
    assert.match(words.join(" "), /--expose-gc/);
  }
});

test("runSuites() goes on when a suite fails or does not start, and names each", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  const results = join(folder, "results");
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const fail = suite("fails", write("fail.mjs", "process.exit(3);\n"));
  const good = suite("good", write("good.mjs", WRITER));
  const each = { runtime: SELF, runtimes: [SELF], isQuick: true };
  const absent: SuiteRun = { ...each, suite: good, runtime: { ...runtime("node"), name: HERE } };
  try {
    assert.deepEqual(await runSuites([{ ...each, suite: good }], results), []);
    // Figures of an earlier run, which may not be taken for those of one that failed.
    writeFileSync(jsonPath(results, fail, HERE), "old");
    assert.deepEqual(
      await runSuites([absent, { ...each, suite: fail }, { ...each, suite: good }], results),
      [`good on ${HERE}`, `fails on ${HERE}`],
    );
    assert.equal(existsSync(jsonPath(results, fail, HERE)), false);
    assert.match(readFileSync(jsonPath(results, good, HERE), "utf8"), /^--quick --json /);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("runSuites() gives the full flags without --quick, and tells servers their runtimes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  writeFileSync(join(folder, "good.mjs"), WRITER);
  const streams = suite("streams", join(folder, "good.mjs"), {
    full: ["--all"],
    isOnAll: false,
    runtimesFlag: "--server-runtime",
  });
  const runtimes = [runtime("node"), runtime("bun")];
  try {
    const run = { suite: streams, runtime: SELF, runtimes, isQuick: false };
    assert.deepEqual(await runSuites([run], folder), []);
    const words = readFileSync(jsonPath(folder, streams, HERE), "utf8");
    assert.match(words, /^--all --server-runtime node,bun --json /);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
