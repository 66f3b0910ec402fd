/**
 * Runs the same test files on Deno, Bun and Node, all at once: much of their time they wait for the
 * disk and for the processes they start.
 *
 * Arguments: names of runtimes (default: all three) and parts of paths of test files (default:
 * all). Without any, each exhaustive file, which searches and needs of a runtime only the language,
 * runs on one of the three; `--all` runs it on all. The last line is `N passed, N failed`; the exit
 * code is 0 only when nothing failed.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { installDependencies } from "./npm_folder.ts";
import { CACHE, listFiles, ROOT } from "./repository.ts";
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

/** Files that search through power cuts, damage, histories and random operations, and the checks of the tree. */
const EXHAUSTIVE =
  /^tests\/tidy\/|(cache|crash|damage|fault|fuzz|growth|history|isolation|large|model|recovery|refusal|regression|repair|repair_found|run|space|subjects|swarm|together)_test\.ts$/;

/** All files in one process: each in its own takes half as long again. */
function argumentsOf(name: RuntimeName, files: readonly string[], folder: string): string[] {
  const paths = files.map((file) => `./${file}`);
  switch (name) {
    case "deno": {
      // Deno loads all modules anew for each file that it is given.
      const all = join(folder, "all_test.ts");
      const urls = files.map((file) => pathToFileURL(join(ROOT, file)).href);
      writeFileSync(all, urls.map((url) => `import ${JSON.stringify(url)};\n`).join(""));
      const config = join(ROOT, "deno.json");
      return ["test", "-A", "--no-check", "--node-modules-dir=manual", `--config=${config}`, all];
    }
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
  const results = await Promise.all(shares.map(async (share) => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
    const words = argumentsOf(runtime.name, share, folder);
    const result = await runCommand(runtime.path, words, { env, timeoutMs: RUN_TIMEOUT_MS });
    rmSync(folder, { recursive: true });
    return result;
  }));
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

/** The files that a runtime runs: all, or all but two thirds of the exhaustive ones. */
function filesOf(name: RuntimeName, files: readonly string[], isAll: boolean): readonly string[] {
  if (isAll) return files;
  let exhaustive = 0;
  return files.filter((file) =>
    !EXHAUSTIVE.test(file) || RUNTIME_NAMES[exhaustive++ % RUNTIME_NAMES.length] === name
  );
}

async function main(words: readonly string[]): Promise<number> {
  const args = words.filter((word) => word !== "--all");
  const isRuntime = (arg: string): boolean => RUNTIME_NAMES.includes(arg as RuntimeName);
  const parts = args.filter((arg) => !isRuntime(arg));
  const chosen = RUNTIME_NAMES.filter((name) => args.includes(name) || !args.some(isRuntime));
  const isAll = words.length > 0;
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
  const all = await Promise.all(
    runtimes.filter(({ name }) => chosen.includes(name))
      .map((runtime) => {
        const own = filesOf(runtime.name, files, isAll);
        return runOn(runtime, own, chosen.length === 1 ? 2 : 1, env);
      }),
  );

  const sums = new Set(all.map(({ passed, failed, skipped }) => passed + failed + skipped));
  if (isAll && sums.size > 1) {
    console.log("note: the runtimes did not count the same number of tests");
  }
  const passed = all.reduce((sum, counts) => sum + counts.passed, 0);
  const failed = all.reduce((sum, counts) => sum + counts.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
