/**
 * The crash campaign as a command: `deno run -A tests/sim/main.ts --states 20000 --seed 1`, or with
 * `--faults 10` the fault campaign, failing 10 calls of each kind; also runs with bun and node.
 * With `--every 10` the power is cut at every tenth operation only, so fewer states do. With
 * `--first NAME` a workload comes before the others, each of which is the same wherever it comes.
 * Exits with 1 when a violation was found.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { describeViolation, runCampaign } from "./campaign.ts";
import { runFaultCampaign } from "./fault_campaign.ts";
import { workloads } from "./workloads.ts";

const { values } = parseArgs({
  options: {
    states: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    images: { type: "string", default: "12" },
    inner: { type: "string", default: "6" },
    every: { type: "string", default: "1" },
    violations: { type: "string", default: "5" },
    faults: { type: "string" },
    workload: { type: "string" },
    first: { type: "string" },
    round: { type: "string" },
    cut: { type: "string" },
    quiet: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const chosen = workloads
  .filter(({ name }) => values.workload === undefined || name === values.workload)
  .sort((a, b) => Number(b.name === values.first) - Number(a.name === values.first));

async function crashes(): Promise<number> {
  const started = performance.now();
  const report = await runCampaign({
    states: Number(values.states),
    seed,
    imagesPerCut: Number(values.images),
    innerEvery: Number(values.inner),
    cutEvery: Number(values.every),
    violationsMax: Number(values.violations),
    workloads: chosen,
    only: values.cut === undefined
      ? undefined
      : { round: Number(values.round ?? 0), cut: Number(values.cut) },
    progress: (states, violations): void => {
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      if (!values.quiet) {
        process.stderr.write(`\r${states} states, ${violations} violations, ${seconds} s `);
      }
    },
  });
  if (!values.quiet) process.stderr.write("\n");
  for (const violation of report.violations) console.log(`${describeViolation(violation, seed)}\n`);
  console.log(
    `${"workload".padEnd(20)}${"operations".padStart(12)}${"states".padStart(10)}` +
      `${"violations".padStart(12)}`,
  );
  for (const { workload, operations, states, violations } of report.rows) {
    console.log(
      workload.padEnd(20) + String(operations).padStart(12) + String(states).padStart(10) +
        String(violations).padStart(12),
    );
  }
  console.log(`${report.states} states, ${report.violations.length} violations`);
  return report.violations.length;
}

async function faults(callsMax: number): Promise<number> {
  const report = await runFaultCampaign({ seed, workloads: chosen, callsMax });
  for (const violation of report.violations.slice(0, Number(values.violations))) {
    console.log(`${violation}\n`);
  }
  console.log(
    `${report.runs} faults, ${report.states} states, ${report.violations.length} violations`,
  );
  return report.violations.length;
}

const found = values.faults === undefined ? await crashes() : await faults(Number(values.faults));
process.exitCode = found === 0 ? 0 : 1;
