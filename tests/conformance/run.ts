/**
 * The official conformance suite against the real server process on a real file: once on a fresh
 * file, and once more after `kill -9` and a restart on the same file.
 *
 * Arguments: names of runtimes (default: all three, side by side). Subscriptions are off. The last
 * line is `N passed, N failed`; the exit code is 0 only when nothing failed.
 *
 * @module
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installDependencies } from "../tools/npm_folder.ts";
import { ROOT } from "../tools/repository.ts";
import { runCommand } from "../tools/run_command.ts";
import type { Runtime, RuntimeName } from "../tools/runtimes.ts";
import { findRuntime, RUNTIME_NAMES } from "../tools/runtimes.ts";
import { ServerProcess } from "./server_process.ts";

/** How many tests the suite has without subscriptions; one fewer is a failure. */
const SUITE_TESTS = 332;

/** The long-poll of the server; with the default, several tests of the suite check nothing. */
const LONG_POLL_MS = 500;

/** The suite takes half a minute when the machine is free. */
const SUITE_TIMEOUT_MS = 180_000;

/** One test of the suite asserts 102,400 bytes one by one: seconds on a machine that is busy. */
const TEST_TIMEOUT_MS = 60_000;

/** The variable that tells the suite where the server is (vitest takes BASE_URL for itself). */
const URL_VARIABLE = "HOLDFAST_CONFORMANCE_URL";

const SUITE = `
import { runConformanceTests } from "@durable-streams/server-conformance-tests";
runConformanceTests({
  baseUrl: process.env.${URL_VARIABLE},
  longPollTimeoutMs: ${LONG_POLL_MS},
  subscriptions: false,
});
`;

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** The part of vitest's JSON report that is used. */
interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Runs the suite against `url`. It lies in `folder`, because vitest looks past node_modules. */
async function runSuite(node: Runtime, folder: string, url: string): Promise<Counts> {
  const reportFile = join(folder, "report.json");
  rmSync(reportFile, { force: true });
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--root", folder, "--reporter=json", `--outputFile=${reportFile}`];
  args.push(`--testTimeout=${TEST_TIMEOUT_MS}`);
  const result = await runCommand(node.path, args, {
    cwd: folder,
    env: { [URL_VARIABLE]: url },
    timeoutMs: SUITE_TIMEOUT_MS,
  });
  if (!existsSync(reportFile)) {
    console.log(result.output.trimEnd().split("\n").slice(-40).join("\n"));
    return { passed: 0, failed: SUITE_TESTS };
  }
  const report = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  for (const { fullName, failureMessages } of tests.filter(({ status }) => status === "failed")) {
    console.log(`FAILED ${fullName}\n${failureMessages.join("\n").slice(0, 1_000)}`);
  }
  const passed = report.numPassedTests;
  const failed = tests.filter(({ status }) => status === "failed").length;
  return { passed, failed: Math.max(failed, SUITE_TESTS - passed) };
}

async function timed(
  runtime: Runtime,
  what: string,
  body: () => Promise<Counts>,
): Promise<Counts> {
  const started = performance.now();
  const counts = await body();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `on ${runtime.name} ${runtime.version}, ${what}: ` +
      `${counts.passed} passed, ${counts.failed} failed (${seconds} s)`,
  );
  return counts;
}

async function runOn(runtime: Runtime, node: Runtime): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), `holdfast-conformance-${runtime.name}-`));
  try {
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
    writeFileSync(join(folder, "suite.test.js"), SUITE);
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const flags = ["--data", join(folder, "data.hold"), "--long-poll-ms", String(LONG_POLL_MS)];
    let server = await ServerProcess.start(runtime, flags);
    const fresh = await timed(
      runtime,
      "on a fresh file",
      () => runSuite(node, folder, server.url),
    );
    await server.end("SIGKILL");
    server = await ServerProcess.start(runtime, flags);
    const again = await timed(
      runtime,
      "after kill -9 on the same file",
      () => runSuite(node, folder, server.url),
    );
    const { code, errors } = await server.end("SIGTERM");
    const ending = code === 0 ? 0 : 1;
    if (ending > 0) console.log(`${runtime.name}: the server ended with code ${code}\n${errors}`);
    return { passed: fresh.passed + again.passed, failed: fresh.failed + again.failed + ending };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.filter((arg) => !RUNTIME_NAMES.includes(arg as RuntimeName));
  if (unknown.length > 0) {
    console.error(`usage: run.ts [${RUNTIME_NAMES.join("|")}]...`);
    return 2;
  }
  await installDependencies();
  const node = await findRuntime("node");
  const names = RUNTIME_NAMES.filter((name) => args.length === 0 || args.includes(name));
  const counts = await Promise.all(names.map(async (name) => {
    try {
      return await runOn(await findRuntime(name), node);
    } catch (error) {
      console.log(error instanceof Error ? error.message : String(error));
      return { passed: 0, failed: 2 * SUITE_TESTS };
    }
  }));
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
