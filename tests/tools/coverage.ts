/**
 * Branch coverage of the core: runs the test files and small campaigns on Node and says, per folder,
 * how many branches ran, and which did not, by file and line.
 *
 * Arguments: parts of paths of test files (default: all); `--keep FOLDER` adds to what earlier runs
 * counted there; `--only-report` with it runs nothing. The last line is `N passed, N failed`: a
 * folder below its least share fails. Branches that need not run have their reason in
 * `coverage_exceptions.ts`.
 *
 * @module
 */

import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Branch, countBranches } from "./branch_counts.ts";
import { exceptions } from "./coverage_exceptions.ts";
import { installDependencies } from "./npm_folder.ts";
import { CACHE, listFiles, listSources } from "./repository.ts";
import { runCommand } from "./run_command.ts";
import { findRuntime, RUNTIME_NAMES, runtimeEnvironment } from "./runtimes.ts";
import type { Runtime } from "./runtimes.ts";

/** What is measured, and the least share of branches that must run. */
const FOLDERS = ["src/block", "src/journal", "src/kernel"];
const LEAST = 0.95;
const TIMEOUT_MS = 1_800_000;

/** Test files of other parts say little about the core, and these take long. */
const PASSED_OVER = ["/tidy/", "/http/", "/client/"];

/** Small campaigns: what only crashes and failing calls lead to. */
const CAMPAIGNS = [
  ["tests/sim/main.ts", "--states", "1", "--images", "4", "--every", "7", "--quiet"],
  ["tests/sim/main.ts", "--faults", "2", "--quiet"],
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: "string" }, "only-report": { type: "boolean", default: false } },
});
const counts = values.keep ?? join(CACHE, "coverage");

/** Runs everything, two processes at a time. @returns the commands that failed */
async function runAll(): Promise<string[]> {
  if (values.keep === undefined) rmSync(counts, { recursive: true, force: true });
  mkdirSync(counts, { recursive: true });
  await installDependencies();
  const runtimes: Runtime[] = [];
  for (const name of RUNTIME_NAMES) runtimes.push(await findRuntime(name));
  const env = { ...runtimeEnvironment(runtimes), NODE_V8_COVERAGE: counts };
  const node = runtimes.find(({ name }) => name === "node")!.path;
  const files = listFiles("tests", (path) => path.endsWith("_test.ts"))
    .filter((path) => !PASSED_OVER.some((part) => path.includes(part)))
    .filter((path) => positionals.length === 0 || positionals.some((part) => path.includes(part)));
  const waiting = files.map((file) => ["--test", file]);
  if (positionals.length === 0) waiting.unshift(...CAMPAIGNS);
  const failed: string[] = [];
  async function lane(): Promise<void> {
    for (let args = waiting.shift(); args !== undefined; args = waiting.shift()) {
      const { code, output } = await runCommand(
        node,
        ["--disable-warning=ExperimentalWarning", "--experimental-test-isolation=none", ...args],
        { env, timeoutMs: TIMEOUT_MS },
      );
      if (code === 0) continue;
      failed.push(args.join(" "));
      console.log(`${args.join(" ")} ended with exit code ${code}:\n${output.slice(-2000)}`);
    }
  }
  await Promise.all([lane(), lane()]);
  return failed;
}

const unneeded = new Set(exceptions);

/** @returns the reason why a branch need not run, if there is one */
function reasonOf(file: string, { text }: Branch): string | undefined {
  const found = exceptions.find((one) => file.startsWith(one.place) && text.includes(one.text));
  if (found !== undefined) unneeded.delete(found);
  return found?.reason;
}

/** Prints what one folder has, and the branches that did not run. */
function report(folder: string): { readonly isEnough: boolean; readonly unnamed: number } {
  let all = 0;
  let covered = 0;
  let named = 0;
  for (const [file, branches] of countBranches([counts], listSources(folder))) {
    for (const branch of branches) {
      all++;
      if (branch.isCovered) {
        covered++;
        continue;
      }
      const reason = reasonOf(file, branch);
      if (reason !== undefined) named++;
      console.log(`${file}:${branch.line}: ${branch.text}${reason ? `\n    (${reason})` : ""}`);
    }
  }
  const share = (100 * covered / Math.max(1, all)).toFixed(2);
  console.log(
    `${folder}: ${covered} of ${all} branches, ${share} %; ${named} more have a reason\n`,
  );
  return { isEnough: covered >= LEAST * all, unnamed: all - covered - named };
}

if (values["only-report"] && !existsSync(counts)) throw new Error(`There is no ${counts}`);
const failures = values["only-report"] ? [] : await runAll();
const reports = FOLDERS.map(report);
const unnamed = reports.reduce((sum, one) => sum + one.unnamed, 0);
console.log(`${unnamed} uncovered branches have no reason`);
for (const { place, text } of unneeded) console.log(`a reason for nothing: ${place}: ${text}`);
const low = reports.filter(({ isEnough }) => !isEnough).length;
const failed = failures.length + low;
console.log(`${FOLDERS.length - low} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
