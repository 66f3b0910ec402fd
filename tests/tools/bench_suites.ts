/**
 * Runs the suites of `bench/suites.ts` one after the other, on the runtimes asked for.
 *
 * @module
 */

import { mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import type { Suite } from "../../bench/suites.ts";
import { ROOT } from "./repository.ts";
import { runCommand } from "./run_command.ts";
import type { Runtime, RuntimeName } from "./runtimes.ts";
import { runtimeEnvironment, runWords } from "./runtimes.ts";

/** A suite with all its sizes, on a machine that does little else, takes up to an hour. */
const RUN_TIMEOUT_MS = 3 * 3_600_000;

/** Flags that only benchmarks need; they come after those of {@link runWords}. */
const BENCH_WORDS: Readonly<Record<RuntimeName, readonly string[]>> = {
  deno: ["--unstable-kv", "--v8-flags=--expose-gc"],
  bun: ["--expose-gc"],
  node: ["--expose-gc"],
};

/** What to run, and on what. */
export interface SuiteRun {
  readonly suite: Suite;
  readonly runtime: Runtime;
  /** All runtimes that were asked for; those of servers, in a suite that starts them. */
  readonly runtimes: readonly Runtime[];
  readonly isQuick: boolean;
}

/** Where the figures of a suite on a runtime are, below `folder`. */
export function jsonPath(folder: string, suite: Suite, runtime: RuntimeName): string {
  return join(folder, `${suite.name}.${runtime}.json`);
}

/** The flags and the script, as words after the program of the runtime. */
export function benchWords(runtime: RuntimeName, script: string): string[] {
  return [...runWords(runtime, "installed"), ...BENCH_WORDS[runtime], script];
}

/** The runs of some suites: on each runtime, or once on Node, if it is here, where one runs there alone. */
export function planRuns(
  suites: readonly Suite[],
  runtimes: readonly Runtime[],
  node: Runtime | undefined,
  isQuick: boolean,
): SuiteRun[] {
  const onNode = node === undefined ? [] : [node];
  return suites.flatMap((suite) =>
    (suite.isOnAll ? runtimes : onNode).map((runtime) => ({ suite, runtime, runtimes, isQuick }))
  );
}

/**
 * Runs suites one after the other, whatever becomes of each; their output is shown as it comes.
 * @returns the names of those that did not end well
 */
export async function runSuites(runs: readonly SuiteRun[], folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const failed: string[] = [];
  for (const run of runs) {
    const problem = await runSuite(run, folder);
    if (problem === undefined) continue;
    const name = `${run.suite.name} on ${run.runtime.name}`;
    console.error(`${name}: ${problem}`);
    failed.push(name);
  }
  return failed;
}

/**
 * Runs one suite. Figures of an earlier run are removed first, so that those of a failed one are not
 * taken for new.
 * @returns what went wrong, if anything did
 */
async function runSuite(run: SuiteRun, folder: string): Promise<string | undefined> {
  const { suite, runtime, runtimes, isQuick } = run;
  const json = jsonPath(folder, suite, runtime.name);
  rmSync(json, { force: true });
  const words = [
    ...benchWords(runtime.name, suite.script),
    ...(isQuick ? suite.quick : suite.full),
    ...(suite.runtimesFlag === undefined
      ? []
      : [suite.runtimesFlag, runtimes.map(({ name }) => name).join()]),
    "--json",
    relative(ROOT, json),
  ];
  console.log(`\n${suite.name}: ${runtime.name} ${words.join(" ")}`);
  try {
    const { code, timedOut } = await runCommand(runtime.path, words, {
      timeoutMs: RUN_TIMEOUT_MS,
      isShown: true,
      env: runtimeEnvironment(runtimes),
    });
    if (timedOut) return "stopped, it took too long";
    if (code === undefined) return "ended by a signal";
    return code === 0 ? undefined : `ended with exit code ${code}`;
  } catch (error) {
    return `did not start: ${error instanceof Error ? error.message : String(error)}`;
  }
}
