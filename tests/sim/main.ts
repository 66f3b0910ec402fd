/**
 * The crash campaign as a command: `deno run -A tests/sim/main.ts --states 20000 --seed 1`. With
 * `--faults 1000` the fault campaign, in so many runs, with `--swarm 500` the swarm, in so many seeds
 * from `--seed` on, with `--damage 2000` damage_main.ts. Also runs with bun and node.
 * `--json` adds the line that `deno task prove` reads; with `--group 3` the seed stands for three
 * rounds of workloads, a share of all. With `--every 10` the power is cut at every tenth operation
 * only, so fewer states do. With `--first NAME` a workload comes before the others, each of which is
 * the same wherever it comes. Exits with 1 when a violation was found.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { type CampaignOptions, runCampaign } from "./crash/campaign.ts";
import { campaignLine, campaignTable, describeViolation } from "./crash/campaign_report.ts";
import { faultTable, runFaultCampaign } from "./fault/fault_campaign.ts";
import { subjects } from "./subjects.ts";
import { runSwarm, swarmTable } from "./swarm/swarm.ts";

const { values } = parseArgs({
  options: {
    states: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    images: { type: "string", default: "12" },
    inner: { type: "string", default: "6" },
    every: { type: "string", default: "1" },
    violations: { type: "string", default: "5" },
    faults: { type: "string" },
    damage: { type: "string" },
    swarm: { type: "string" },
    workload: { type: "string" },
    first: { type: "string" },
    round: { type: "string", default: "0" },
    cut: { type: "string" },
    structure: { type: "string" },
    group: { type: "string" },
    json: { type: "boolean", default: false },
    quiet: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);

/** Those asked for, what comes first before the others. */
function chosen<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return all
    .filter(({ name }) => values.workload === undefined || name === values.workload)
    .sort((a, b) => Number(b.name === values.first) - Number(a.name === values.first));
}

/** What is run: all that was chosen, or with `--group N` as many rounds of subjects, by the seed. */
function extent(): Pick<CampaignOptions, "subjects" | "seed" | "share"> {
  const all = chosen(subjects).filter(({ structure }) =>
    values.structure === undefined || structure === values.structure
  );
  if (values.group === undefined || all.length === 0) return { subjects: all, seed };
  const group = Number(values.group);
  const share = Array.from({ length: group }, (_, at) => {
    const turn = (seed - 1) * group + at;
    return [turn % all.length, Math.floor(turn / all.length)] as const;
  });
  return { subjects: all, seed: 1, share };
}

async function crashes(): Promise<number> {
  const started = performance.now();
  const options = extent();
  const report = await runCampaign({
    ...options,
    round: Number(values.round),
    states: Number(values.states),
    imagesPerCut: Number(values.images),
    innerEvery: Number(values.inner),
    cutEvery: Number(values.every),
    violationsMax: Number(values.violations),
    onlyCut: values.cut === undefined ? undefined : Number(values.cut),
    progress: (states, violations): void => {
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      if (!values.quiet) {
        process.stderr.write(`\r${states} states, ${violations} violations, ${seconds} s `);
      }
    },
  });
  if (!values.quiet) process.stderr.write("\n");
  for (const violation of report.violations) {
    console.log(`${describeViolation(violation, options.seed)}\n`);
  }
  console.log(campaignTable(report.rows));
  if (values.json) console.log(campaignLine(report));
  console.log(`${report.states} states, ${report.violations.length} violations`);
  return report.violations.length;
}

/** The line that `deno task prove` reads. */
function showLine(done: number, found: { states: number; violations: readonly string[] }): void {
  const { states, violations: { length: violations } } = found;
  console.log(JSON.stringify({ rows: [{ done, violations, more: { states } }] }));
}

async function faults(runs: number): Promise<number> {
  const violationsMax = Number(values.violations);
  const report = await runFaultCampaign({ seed, subjects: chosen(subjects), runs, violationsMax });
  for (const violation of report.violations) console.log(`${violation}\n`);
  console.log(faultTable(report));
  if (values.json) showLine(report.runs, report);
  console.log(
    `${report.runs} faults, ${report.states} states, ${report.violations.length} violations`,
  );
  return report.violations.length;
}

/** The seeds from `--seed` on. */
async function swarm(seeds: number): Promise<number> {
  const violationsMax = Number(values.violations);
  const report = await runSwarm({ seeds, from: seed, violationsMax });
  for (const violation of report.violations) console.log(`${violation}\n`);
  console.log(swarmTable(report));
  if (values.json) showLine(report.seeds, report);
  console.log(
    `${report.seeds} seeds, ${report.states} states, ${report.violations.length} violations`,
  );
  return report.violations.length;
}

/** The damage campaign has a command of its own, which sets the exit code. */
async function damage(runs: string): Promise<number> {
  process.argv.splice(2, Infinity, "--runs", runs, "--seed", values.seed, "--lanes", "1");
  if (values.quiet) process.argv.push("--quiet");
  await import("./damage/damage_main.ts");
  return 0;
}

async function chosenCampaign(): Promise<number> {
  if (values.damage !== undefined) return await damage(values.damage);
  if (values.faults !== undefined) return await faults(Number(values.faults));
  if (values.swarm !== undefined) return await swarm(Number(values.swarm));
  return await crashes();
}

if (await chosenCampaign() > 0) process.exitCode = 1;
