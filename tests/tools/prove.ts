/**
 * Proves by search that nothing is lost: power cuts, failing calls, damage, killed processes, and
 * planted bugs that all of this must find. `--quick` does what CI needs, without it what a release
 * needs. Work is done in shares, two at a time, and remembered by commit below `.cache/prove`: what
 * is interrupted goes on, and a release may be proved in several runs. `--report` writes the totals
 * into the repository, and whoever proves a release goes on from there.
 *
 * `--help` lists the flags. The last line is `N passed, N failed`, counted in shares.
 *
 * A campaign is a line of prove_lines.ts. Its program is started with the line's arguments and a
 * seed, and depends on nothing else. It ends with `N passed, N failed`, where what passed is what the
 * line counts, and prints the same on every runtime; or it prints one line that begins with `{"rows"`:
 *
 *     {"rows":[{"structure":"log","done":1000,"violations":0,"names":[],"more":{"cuts":310}}],
 *      "same":"5f3a"}
 *
 * `done` is what the line's goal counts, `names` count once whatever the number of shares (optional),
 * `more` are further counts that add up (optional), `same` is what every runtime prints for the seed
 * (optional: without it, the rows). The exit code is 0 without violations, 1 with some.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import {
  choiceFlag,
  describeFlags,
  numberFlag,
  parseFlags,
  UsageError,
} from "../../src/cli/flags.ts";
import { installDependencies } from "./npm_folder.ts";
import { type Level, type ProveLine, proveLines } from "./prove_lines.ts";
import { cleanCommit, loadRecords, saveShares, type Share, sharesOf } from "./prove_record.ts";
import { reportText } from "./prove_report.ts";
import { ProveRun } from "./prove_run.ts";
import { type Lane, plainTable } from "./prove_table.ts";
import { addRecords, readTotals, TOTALS } from "./prove_totals.ts";
import { ROOT } from "./repository.ts";
import { findRuntime, RUNTIME_NAMES, type RuntimeName } from "./runtimes.ts";

const FLAGS = {
  quick: { help: "what CI proves; without it what a release needs" },
  minutes: { value: "N", help: "begin no share after so many minutes" },
  line: { value: "NAME", help: "one line only" },
  runtime: {
    value: "NAME",
    help: "does the work (default: bun, the fastest); the others run a tenth of the same seeds",
  },
  report: { help: "run nothing: write tests/sim/REPORT.md and .json from what is remembered" },
  help: { help: "print this" },
};

const USAGE = `usage: deno task prove [flags]
${describeFlags(FLAGS)}
lines: ${proveLines.map(({ name }) => name).join(", ")}`;

function lanesOf(lines: readonly ProveLine[], runtime: RuntimeName): Lane[] {
  return lines.map((line) => ({ line, runtime }));
}

async function main(words: readonly string[]): Promise<number> {
  const flags = parseFlags(words, FLAGS);
  if (flags.values.get("help") === "true") {
    console.log(USAGE);
    return 0;
  }
  const level: Level = flags.values.get("quick") === "true" ? "quick" : "release";
  const minutes = numberFlag(flags, "minutes", 1, 100_000) ?? Infinity;
  const runtime = choiceFlag(flags, "runtime", RUNTIME_NAMES) ?? "bun";
  const wanted = choiceFlag(flags, "line", proveLines.map(({ name }) => name));
  const lines = proveLines.filter(({ name }) => wanted === undefined || name === wanted);
  const lanes = lanesOf(lines, runtime);
  const commit = await cleanCommit();
  const records = await loadRecords();
  if (flags.values.get("report") === "true") {
    const totals = addRecords(readTotals(), records);
    writeFileSync(join(ROOT, TOTALS), `${JSON.stringify(totals, undefined, 2)}\n`);
    const text = await reportText(level, lanesOf(proveLines, runtime), totals);
    writeFileSync(join(ROOT, "tests/sim/REPORT.md"), text);
    return 0;
  }
  if (commit === undefined) console.log("files differ from the commit: nothing is remembered");
  // A release is proved over several commits; what CI proves holds for one.
  const before = commit === undefined ? [] : sharesOf(
    records.filter((record) => level === "release" || record.commit === commit),
    commit,
  );
  if (lines.some(({ packages }) => packages)) await installDependencies();
  const runtimes = await Promise.all(RUNTIME_NAMES.map(findRuntime));
  const began = performance.now();
  const run = new ProveRun({
    level,
    lanes,
    runtimes,
    totals: level === "release" ? readTotals().lines : [],
    before,
    width: 2,
    until: began + minutes * 60_000,
    onShare: (share: Share): void => {
      if (commit !== undefined) saveShares(commit, [share]);
    },
    onFailure: (text): void => console.log(`\nFAILED ${text}\n`),
    onProgress: (text): void => {
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K[${seconds} s] ${text}`);
      else console.log(`[${seconds} s] ${text}`);
    },
  });
  await run.run();
  const rows = lanes.map((lane) => (
    { line: lane.line, goal: lane.line.goals[level], total: run.total(lane) }
  ));
  console.log(`\n${plainTable(rows)}`);
  const short = rows.filter(({ goal, total }) => total.done < goal);
  const found = rows.some(({ total }) => total.violations > 0);
  for (const { line } of short) {
    console.log(`${line.name}: less than wanted (${line.args.join(" ")})`);
  }
  const isCut = performance.now() - began > minutes * 60_000;
  const failed = run.failed + (isCut ? 0 : short.length) + (found && run.failed === 0 ? 1 : 0);
  console.log(`${run.passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    process.exitCode = 2;
  }
}
