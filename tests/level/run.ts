/**
 * The test suite of `abstract-level`, unmodified, over levels on real files, on each runtime.
 *
 * Arguments: names of runtimes (default: all three, side by side). A test is counted as passed if
 * all of its assertions held. Which tests there are, the suite decides by what a level says that it
 * supports: left out are those for databases without implicit snapshots, and the signals that end
 * a read halfway. The last line is `N passed, N failed`; the exit code is 0 only when nothing
 * failed.
 *
 * @module
 */

import { join } from "node:path";
import { installDependencies } from "../tools/npm_folder.ts";
import { ROOT } from "../tools/repository.ts";
import { runCommand } from "../tools/run_command.ts";
import type { Runtime, RuntimeName } from "../tools/runtimes.ts";
import { findRuntime, RUNTIME_NAMES, runWords } from "../tools/runtimes.ts";
import type { SuiteReport } from "./suite.ts";

/** How many tests the suite has for a level; one fewer is a failure. */
const SUITE_TESTS = 1473;

/** The suite opens some 1,500 files and waits for their syncs: a minute and more. */
const SUITE_TIMEOUT_MS = 220_000;

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

async function runOn(runtime: Runtime): Promise<Counts> {
  const args = [...runWords(runtime.name, "installed"), join(ROOT, "tests", "level", "suite.ts")];
  const result = await runCommand(runtime.path, args, { timeoutMs: SUITE_TIMEOUT_MS });
  const seconds = (result.elapsedMs / 1000).toFixed(1);
  const last = result.stdout.trimEnd().split("\n").at(-1) ?? "";
  if (result.code !== 0 || !last.startsWith("{")) {
    console.log(result.output.trimEnd().split("\n").slice(-40).join("\n"));
    console.log(`on ${runtime.name} ${runtime.version}: the suite did not end (${seconds} s)`);
    return { passed: 0, failed: SUITE_TESTS };
  }
  const report = JSON.parse(last) as SuiteReport;
  for (const { name, assertions } of report.failed) {
    console.log(`FAILED ${name}\n${assertions.join("\n").slice(0, 1_000)}`);
  }
  const failed = Math.max(report.failed.length, SUITE_TESTS - report.passed);
  console.log(
    `on ${runtime.name} ${runtime.version}: ${report.passed} passed, ${failed} failed, ` +
      `${report.skipped} skipped, ${report.assertions} assertions (${seconds} s)`,
  );
  return { passed: report.passed, failed };
}

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.filter((arg) => !RUNTIME_NAMES.includes(arg as RuntimeName));
  if (unknown.length > 0) {
    console.error(`usage: run.ts [${RUNTIME_NAMES.join("|")}]...`);
    return 2;
  }
  await installDependencies();
  const names = RUNTIME_NAMES.filter((name) => args.length === 0 || args.includes(name));
  const counts = await Promise.all(names.map(async (name) => await runOn(await findRuntime(name))));
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
