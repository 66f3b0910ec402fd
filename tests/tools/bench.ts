/**
 * Runs the benchmarks, after installing what they compare with: all suites without a name,
 * `bench/NAME.ts` on Node with the flags that follow the name: `bench.ts compare/kernel --entries 1e5`.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SUITES } from "../../bench/suites.ts";
import { printFigures, savedFigures, writeReport } from "./bench_results.ts";
import { benchWords, planRuns, runSuites } from "./bench_suites.ts";
import { installDependencies } from "./npm_folder.ts";
import { CACHE, listSources, ROOT } from "./repository.ts";
import { runCommand } from "./run_command.ts";
import type { Runtime, RuntimeName } from "./runtimes.ts";
import { findRuntime, RUNTIME_NAMES } from "./runtimes.ts";

const USAGE = `usage: bench.ts [options]           all suites, one after the other
       bench.ts NAME [flags]        bench/NAME.ts on Node
  --quick         small sizes: minutes, not hours; kept apart from the figures of full runs
  --runtime NAME  node, bun, deno or all                                       (node)
  --suites A,B    of ${SUITES.map(({ name }) => name).join()}  (all)
  --report        write bench/RESULTS.md and its plots from all figures there are
  --no-run        run nothing: print the figures there are`;

const RUN_TIMEOUT_MS = 3_600_000;

async function install(): Promise<void> {
  const compared = join(ROOT, "bench", "compare");
  if (existsSync(join(compared, "package.json"))) await installDependencies(compared);
  await installDependencies();
}

async function runOne(name: string, flags: readonly string[]): Promise<number> {
  const script = `bench/${name}.ts`;
  if (!listSources("bench").includes(script)) return usage(`there is no ${script}`);
  await install();
  const node = await findRuntime("node");
  const result = await runCommand(node.path, [...benchWords("node", script), ...flags], {
    timeoutMs: RUN_TIMEOUT_MS,
    isShown: true,
  });
  return result.code ?? 1;
}

async function runAll(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      runtime: { type: "string", default: "node" },
      suites: { type: "string", default: SUITES.map(({ name }) => name).join() },
      report: { type: "boolean", default: false },
      "no-run": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const names = values.runtime === "all" ? [...RUNTIME_NAMES].reverse() : [values.runtime];
  const wanted = values.suites.split(",");
  const suites = SUITES.filter(({ name }) => wanted.includes(name));
  if (values.help) return usage();
  if (!names.every(isRuntimeName)) return usage(`no runtime is "${values.runtime}"`);
  if (suites.length < wanted.length) return usage(`one of "${values.suites}" is no suite`);
  const folder = join(CACHE, "bench", ...(values.quick ? ["quick"] : []));
  const failed: string[] = [];
  if (!values["no-run"]) {
    await install();
    const { runtimes, missing } = await findRuntimes(names);
    const runs = planRuns(suites, runtimes, await findRuntime("node"), values.quick);
    failed.push(...missing, ...await runSuites(runs, folder));
  }
  const files = savedFigures(folder);
  printFigures(files);
  if (values.report && files.length > 0) {
    // What is measured in a hurry is no result.
    const path = values.quick ? join(folder, "RESULTS.md") : join(ROOT, "bench", "RESULTS.md");
    await writeReport(path, files);
    console.log(`\nwritten: ${path}`);
  }
  if (failed.length > 0) console.error(`\nfailed: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

/** The runtimes that can be had; one that cannot keeps the others from nothing. */
async function findRuntimes(
  names: readonly RuntimeName[],
): Promise<{ runtimes: Runtime[]; missing: string[] }> {
  const runtimes: Runtime[] = [];
  const missing: string[] = [];
  for (const name of names) {
    try {
      runtimes.push(await findRuntime(name));
    } catch (error) {
      console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      missing.push(`all on ${name}`);
    }
  }
  return { runtimes, missing };
}

function isRuntimeName(name: string): name is RuntimeName {
  return (RUNTIME_NAMES as readonly string[]).includes(name);
}

function usage(mistake?: string): number {
  console.error(mistake === undefined ? USAGE : `${mistake}\n\n${USAGE}`);
  return mistake === undefined ? 0 : 2;
}

const [first = "", ...rest] = process.argv.slice(2);
process.exitCode = first === "" || first.startsWith("--")
  ? await runAll(process.argv.slice(2))
  : await runOne(first, rest);
