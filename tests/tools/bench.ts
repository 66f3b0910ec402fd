/**
 * Runs the benchmarks, after installing what they compare with: all suites without a name,
 * `bench/NAME.ts` on Node with the flags that follow the name: `bench.ts compare/kernel --entries 1e5`.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runCommand as runMain, UsageError } from "../../bench/command_line.ts";
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

/** What suites need that run on Node alone. */
const NODE: readonly RuntimeName[] = ["node"];

async function install(): Promise<void> {
  const compared = join(ROOT, "bench", "compare");
  if (existsSync(join(compared, "package.json"))) await installDependencies(compared);
  await installDependencies();
}

async function runOne(name: string, flags: readonly string[]): Promise<number> {
  const script = `bench/${name}.ts`;
  if (!listSources("bench").includes(script)) throw new UsageError(`there is no ${script}`);
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
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (!names.every(isRuntimeName)) throw new UsageError(`no runtime is "${values.runtime}"`);
  if (suites.length < wanted.length) throw new UsageError(`"${values.suites}" are not all suites`);
  const folder = join(CACHE, "bench", ...(values.quick ? ["quick"] : []));
  const failed: string[] = [];
  if (!values["no-run"]) {
    await install();
    const isOnNode = suites.some(({ isOnAll }) => !isOnAll);
    const { found, missing } = await findRuntimes(new Set([...names, ...isOnNode ? NODE : []]));
    const runtimes = found.filter(({ name }) => names.includes(name));
    const node = found.find(({ name }) => name === "node");
    const runs = planRuns(suites, runtimes, node, values.quick);
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
  names: Iterable<RuntimeName>,
): Promise<{ found: Runtime[]; missing: string[] }> {
  const found: Runtime[] = [];
  const missing: string[] = [];
  for (const name of names) {
    try {
      found.push(await findRuntime(name));
    } catch (error) {
      console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      missing.push(`all on ${name}`);
    }
  }
  return { found, missing };
}

function isRuntimeName(name: string): name is RuntimeName {
  return (RUNTIME_NAMES as readonly string[]).includes(name);
}

await runMain(USAGE, async () => {
  const [first = "", ...rest] = process.argv.slice(2);
  process.exitCode = first === "" || first.startsWith("--")
    ? await runAll(process.argv.slice(2))
    : await runOne(first, rest);
});
