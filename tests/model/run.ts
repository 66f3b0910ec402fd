/**
 * The model-checked campaign: random commands against the model, on each runtime.
 *
 * Arguments: `--subject NAME|all` (default all), `--runs N` (of each subject, split over the runtimes;
 * default: see `subjects.ts`), `--runtime deno|bun|node|all` (default all), `--seed N` (default 1: the
 * same runs each time). They are done in shares, two at a time, each with a seed of its own; a share
 * ends with its first failure, which is made short and says how to see it again. The last line is `N passed, N failed`; the exit code is 0 only when
 * nothing failed.
 *
 * @module
 */

import { join } from "node:path";
import process from "node:process";
import { numberFlag, parseFlags } from "../../src/cli/flags.ts";
import { installDependencies } from "../tools/npm_folder.ts";
import { ROOT } from "../tools/repository.ts";
import { runCommand } from "../tools/run_command.ts";
import type { Subject } from "./subject.ts";
import { SUBJECTS, subjectsNamed } from "./subjects.ts";
import type { Runtime } from "../tools/runtimes.ts";
import { findRuntime, RUNTIME_NAMES, runWords } from "../tools/runtimes.ts";

/** Runs of a share, at most. */
const SHARE_RUNS = 500;

/** Shares at a time. */
const LANES = 2;

/** Several times what a share takes, and the time to make a failure short. */
const SHARE_TIMEOUT_MS = 280_000;

const FLAGS = {
  subject: { value: "NAME", help: "what is run, or all" },
  runs: { value: "N", help: "runs of each subject on all runtimes together" },
  runtime: { value: "NAME", help: "runtime" },
  seed: { value: "N", help: "seed of all that is random" },
};

/** What a process does. */
interface Share {
  readonly subject: Subject;
  readonly runtime: Runtime;
  readonly runs: number;
  readonly seed: number;
}

/** How the shares of a runtime ended so far. */
interface Tally {
  readonly wanted: number;
  passed: number;
  failed: number;
  elapsedMs: number;
}

/** Shares of equal size, the runtimes by turns. */
function split(
  subject: Subject,
  runtimes: readonly Runtime[],
  runs: number,
  seed: number,
): Share[] {
  const shares: Share[] = [];
  const left = new Map(
    runtimes.map((runtime, at) => [runtime, Math.floor((runs + at) / runtimes.length)]),
  );
  while (left.size > 0) {
    for (const [runtime, count] of left) {
      if (count > 0) {
        shares.push({
          subject,
          runtime,
          runs: Math.min(count, SHARE_RUNS),
          seed: seed + shares.length,
        });
      }
      if (count <= SHARE_RUNS) left.delete(runtime);
      else left.set(runtime, count - SHARE_RUNS);
    }
  }
  return shares;
}

async function runShare({ subject, runtime, runs, seed }: Share, tally: Tally): Promise<void> {
  const file = join("tests", "model", "share.ts");
  const args = [
    ...runWords(runtime.name, "installed"),
    file,
    "--subject",
    subject.name,
    "--runs",
    `${runs}`,
    "--seed",
    `${seed}`,
  ];
  const result = await runCommand(runtime.path, args, { timeoutMs: SHARE_TIMEOUT_MS, cwd: ROOT });
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(result.stdout) ?? [];
  tally.elapsedMs += result.elapsedMs;
  if (passed === undefined || (result.code !== 0 && failed === "0")) {
    tally.failed += runs;
    const why = result.timedOut ? "ran out of time" : `ended with exit code ${result.code}`;
    console.log(
      `${runtime.name}, ${subject.name}, seed ${seed}: ${why}\n${result.output.trimEnd()}`,
    );
    return;
  }
  tally.passed += Number(passed);
  tally.failed += Number(failed);
  if (failed !== "0") console.log(`${runtime.name}: ${result.output.trimEnd()}`);
  const { passed: done, wanted } = tally;
  const share = `${runtime.name}, ${subject.name}, seed ${seed}`;
  console.log(`${share}: ${passed} runs passed, ${done} of ${wanted}`);
}

async function main(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, FLAGS);
  const runs = numberFlag(flags, "runs", 1, 10_000_000);
  const subjects = subjectsNamed(flags.values.get("subject") ?? "all");
  const seed = numberFlag(flags, "seed", 0, 1_000_000_000) ?? 1;
  const wanted = flags.values.get("runtime") ?? "all";
  const names = RUNTIME_NAMES.filter((name) => wanted === "all" || wanted === name);
  if (names.length === 0) throw new RangeError(`--runtime is all or one of ${RUNTIME_NAMES}`);
  await installDependencies();
  const runtimes = await Promise.all(names.map(findRuntime));
  const shares = subjects.flatMap((subject) =>
    split(subject, runtimes, runs ?? SUBJECTS.get(subject)!, seed)
  );
  const tallies = new Map<Runtime, Tally>();
  for (const { runtime, runs } of shares) {
    const sum = runs + (tallies.get(runtime)?.wanted ?? 0);
    tallies.set(runtime, { wanted: sum, passed: 0, failed: 0, elapsedMs: 0 });
  }
  const waiting = shares.values();
  const lane = async (): Promise<void> => {
    for (const share of waiting) await runShare(share, tallies.get(share.runtime)!);
  };
  await Promise.all(Array.from({ length: LANES }, lane));

  const sum = { passed: 0, failed: 0 };
  for (const [{ name, version }, { passed, failed, elapsedMs }] of tallies) {
    const seconds = (elapsedMs / 1000).toFixed(1);
    console.log(
      `on ${name} ${version}: ${passed + failed} runs, ${passed} passed, ${failed} failed ` +
        `(${seconds} s)`,
    );
    sum.passed += passed;
    sum.failed += failed;
  }
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
