/**
 * Runs the same test files on Deno, Bun and Node, two runtimes at a time.
 *
 * Arguments: names of runtimes (default: all three) and parts of paths of test files (default:
 * all). The last line is `N passed, N failed`; the exit code is 0 only when nothing failed.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installDependencies } from "./npm_folder.ts";
import { CACHE, listFiles } from "./repository.ts";
import { runCommand } from "./run_command.ts";
import { findRuntime, RUNTIME_NAMES, runtimeEnvironment } from "./runtimes.ts";
import type { Runtime, RuntimeName } from "./runtimes.ts";
import { testCounts } from "./test_counts.ts";
import type { TestCounts } from "./test_counts.ts";

// A runtime that has not ended by then hangs: the whole run is meant to take five minutes.
const RUN_TIMEOUT_MS = 600_000;
// The limit of one test; Bun's own default of five seconds is too short for a server's life.
const TEST_TIMEOUT_MS = 120_000;
const SHOWN_LINES = 150;

/** All files in one process, as on Deno and Bun: one for each, as Node has it, takes half as long again. */
function argumentsOf(name: RuntimeName, files: readonly string[]): string[] {
  const paths = files.map((file) => `./${file}`);
  switch (name) {
    case "deno":
      return ["test", "-A", "--no-check", "--node-modules-dir=manual", ...paths];
    case "bun":
      return ["test", `--timeout=${TEST_TIMEOUT_MS}`, ...paths];
    case "node":
      return [
        "--disable-warning=ExperimentalWarning",
        "--test",
        "--test-reporter=spec",
        "--experimental-test-isolation=none",
        `--test-timeout=${TEST_TIMEOUT_MS}`,
        ...paths,
      ];
  }
}

/** Runs files in `lanes` processes side by side. */
async function runOn(
  runtime: Runtime,
  files: readonly string[],
  lanes: number,
  env: Readonly<Record<string, string>>,
): Promise<TestCounts> {
  const shares = Array.from(
    { length: Math.min(lanes, files.length) },
    (_, lane) => files.filter((_, i) => i % lanes === lane),
  );
  const started = performance.now();
  const results = await Promise.all(
    shares.map((share) =>
      runCommand(runtime.path, argumentsOf(runtime.name, share), { env, timeoutMs: RUN_TIMEOUT_MS })
    ),
  );
  const elapsedMs = performance.now() - started;
  const log = join(CACHE, "logs", `test-${runtime.name}.log`);
  mkdirSync(join(CACHE, "logs"), { recursive: true });
  writeFileSync(log, results.map(({ output }) => output).join("\n"));

  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const result of results) {
    const counted = testCounts(runtime.name, result.output) ?? { passed: 0, failed: 0, skipped: 0 };
    // A runner that died, or that ran nothing, is a failure even when it counted none.
    const isFailed = result.code !== 0 || counted.passed === 0;
    counts.passed += counted.passed;
    counts.failed += isFailed ? Math.max(1, counted.failed) : counted.failed;
    counts.skipped += counted.skipped;
    if (!isFailed) continue;
    const reason = result.timedOut ? "ran out of time" : `ended with exit code ${result.code}`;
    const lines = result.output.trimEnd().split("\n");
    console.log(`--- ${runtime.name} ${reason}; the end of its output:`);
    console.log(lines.slice(-SHOWN_LINES).join("\n"));
    console.log(`--- end of the output of ${runtime.name}`);
  }
  const seconds = (elapsedMs / 1000).toFixed(1);
  console.log(
    `on ${runtime.name} ${runtime.version}: ${counts.passed} passed, ${counts.failed} failed, ` +
      `${counts.skipped} skipped (${seconds} s)`,
  );
  return counts;
}

async function main(args: readonly string[]): Promise<number> {
  const isRuntime = (arg: string): boolean => RUNTIME_NAMES.includes(arg as RuntimeName);
  const parts = args.filter((arg) => !isRuntime(arg));
  const chosen = RUNTIME_NAMES.filter((name) => args.includes(name) || !args.some(isRuntime));
  const files = listFiles("tests", (path) => path.endsWith("_test.ts"))
    .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)));
  if (files.length === 0) throw new Error(`No test file matches ${parts.join(" ")}`);

  await installDependencies();
  const runtimes: Runtime[] = [];
  for (const name of RUNTIME_NAMES) runtimes.push(await findRuntime(name));
  const env = {
    ...runtimeEnvironment(runtimes),
    // Node makes a process for each test file and command; without this each compiles it all again.
    NODE_COMPILE_CACHE: join(CACHE, "node-compile"),
  };

  console.log(`${files.length} test files on ${chosen.join(", ")}`);
  const waiting = runtimes.filter(({ name }) => chosen.includes(name));
  const all: TestCounts[] = [];
  async function lane(): Promise<void> {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      all.push(await runOn(next, files, chosen.length === 1 ? 2 : 1, env));
    }
  }
  await Promise.all([lane(), lane()]);

  const sums = new Set(all.map(({ passed, failed, skipped }) => passed + failed + skipped));
  if (sums.size > 1) console.log("note: the runtimes did not count the same number of tests");
  const passed = all.reduce((sum, counts) => sum + counts.passed, 0);
  const failed = all.reduce((sum, counts) => sum + counts.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
