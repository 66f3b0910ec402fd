/**
 * Holdfast beside lmdb, node:sqlite and classic-level in one interleaved run. See bench/README.md.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { commandText, positiveInteger, runCommand, UsageError } from "../command_line.ts";
import { interleave } from "../interleave.ts";
import { machineLine, measureMachine } from "../machine.ts";
import type { Report, ReportRow } from "../report.ts";
import { allMet, toMarkdown, toText } from "../report.ts";
import { createFolder, createRunFolder, occupiedBytes, removeFolder } from "../run_folder.ts";
import type { Contestant, ContestantModule } from "./contestant.ts";
import * as workload from "./workload.ts";

const USAGE = `usage: node --expose-gc bench/compare/kernel.ts [options]
  --entries N        entries of the load, get and scan rows      (1000000)
  --puts N           puts of one caller a round                  (10000)
  --shared N         puts and appends of 64 callers a round      (64000)
  --gets N           random gets a round                         (200000)
  --rounds N         counted rounds of every row but the load    (5)
  --load-rounds N    counted rounds of the load                  (3)
  --contestants A,B  of holdfast,lmdb,sqlite,level               (all)
  --dir FOLDER       where to put the data; must be on a disk    (the temporary folder)
  --json FILE        write the figures
  --markdown         print the table as Markdown
  --check            exit with 1 when a target is missed`;

const CONTESTANTS: Readonly<Record<string, () => Promise<{ load(): Promise<ContestantModule> }>>> =
  {
    holdfast: () => import("./holdfast.ts"),
    lmdb: () => import("./lmdb.ts"),
    sqlite: () => import("./sqlite.ts"),
    level: () => import("./level.ts"),
  };

interface Settings {
  readonly entries: number;
  readonly puts: number;
  readonly shared: number;
  readonly gets: number;
  readonly rounds: number;
  readonly loadRounds: number;
}

interface Runner {
  readonly name: string;
  readonly module: ContestantModule;
}

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      entries: { type: "string", default: "1000000" },
      puts: { type: "string", default: "10000" },
      shared: { type: "string", default: "64000" },
      gets: { type: "string", default: "200000" },
      rounds: { type: "string", default: "5" },
      "load-rounds": { type: "string", default: "3" },
      contestants: { type: "string", default: Object.keys(CONTESTANTS).join() },
      dir: { type: "string" },
      json: { type: "string" },
      markdown: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const settings: Settings = {
    entries: positiveInteger("entries", values.entries),
    puts: positiveInteger("puts", values.puts),
    shared: positiveInteger("shared", values.shared),
    gets: positiveInteger("gets", values.gets),
    rounds: positiveInteger("rounds", values.rounds),
    loadRounds: positiveInteger("load-rounds", values["load-rounds"]),
  };
  const runners: Runner[] = [];
  for (const name of values.contestants.split(",")) runners.push(await loadRunner(name));

  const folder = createRunFolder(values.dir);
  try {
    const machine = measureMachine(folder);
    console.log(machineLine(machine));
    const versions = runners.map(({ name, module }) => `${name} ${module.version}`).join(", ");
    console.log(versions);
    const rows = [
      ...await measureWrites(runners, folder, settings),
      ...await measureReads(runners, folder, settings),
    ];
    const report: Report = {
      title: `Kernel: ${versions}`,
      date: new Date().toISOString(),
      command: commandText(),
      machine,
      machineLine: machineLine(machine),
      contestants: runners.map(({ name }) => name),
      rows,
    };
    console.log(`\n${values.markdown ? toMarkdown(report) : toText(report)}`);
    if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(report, null, 2));
    if (values.check && !allMet(report)) process.exitCode = 1;
  } finally {
    removeFolder(folder);
  }
});

async function loadRunner(name: string): Promise<Runner> {
  const contestant = Object.hasOwn(CONTESTANTS, name) ? CONTESTANTS[name] : undefined;
  if (contestant === undefined) throw new UsageError(`unknown contestant "${name}"`);
  return { name, module: await (await contestant()).load() };
}

/** The rows that commit often, on a store of each contestant that starts empty. */
async function measureWrites(
  runners: readonly Runner[],
  folder: string,
  settings: Settings,
): Promise<ReportRow[]> {
  const stores = new Map<Runner, Contestant>();
  for (const runner of runners) {
    stores.set(runner, await runner.module.open(createFolder(folder, runner.name, "writes")));
  }
  const { puts, shared, rounds } = settings;
  const rows: ReportRow[] = [
    {
      name: "durable put, 1 caller",
      unit: "puts/s",
      better: "higher",
      target: 0.8,
      rounds: await interleave(
        "put1",
        runners,
        rounds,
        (runner, round) => workload.putOne(stores.get(runner)!, 1000 + round, puts),
      ),
    },
    {
      name: "durable put, 64 callers",
      unit: "puts/s",
      better: "higher",
      target: 2,
      rounds: await interleave(
        "put64",
        runners,
        rounds,
        (runner, round) => workload.putShared(stores.get(runner)!, 2000 + round, shared),
      ),
    },
    {
      name: "durable append 100 B, 64 callers",
      unit: "records/s",
      better: "higher",
      target: 1.5,
      rounds: await interleave(
        "append64",
        runners,
        rounds,
        (runner) => workload.appendShared(stores.get(runner)!, shared),
      ),
    },
  ];
  for (const store of stores.values()) await store.close();
  return rows;
}

/** The load, and the rows that read what its last round has loaded. */
async function measureReads(
  runners: readonly Runner[],
  folder: string,
  settings: Settings,
): Promise<ReportRow[]> {
  const { entries, gets, rounds, loadRounds } = settings;
  const keyBytes = workload.randomBytes(1, entries * workload.KEY_BYTES);
  const warmUp = keyBytes.subarray(0, Math.ceil(entries / 20) * workload.KEY_BYTES);
  const stores = new Map<Runner, Contestant>();
  const sizes: Record<string, number[]> = {};
  const loads = await interleave("load", runners, loadRounds, async (runner, round) => {
    const directory = createFolder(folder, runner.name, `load${round}`);
    const store = await runner.module.open(directory);
    const rate = await workload.load(store, round < 0 ? warmUp : keyBytes);
    if (round === loadRounds - 1) {
      stores.set(runner, store);
    } else {
      await store.close();
      removeFolder(directory);
    }
    return rate;
  });
  const getRates = await interleave(
    "get",
    runners,
    rounds,
    (runner, round) => workload.getRandom(stores.get(runner)!, keyBytes, 3000 + round, gets),
  );
  const hashes = new Set<number>();
  const scans = await interleave("scan", runners, rounds, async (runner) => {
    const { rate, result } = await workload.scanAll(stores.get(runner)!);
    if (result.entries !== entries || hashes.add(result.hash).size > 1) {
      throw new Error(`${runner.name} scanned other entries, or another order, than the others`);
    }
    return rate;
  });
  for (const [{ name }, store] of stores) {
    await store.close();
    sizes[name] = [occupiedBytes(join(folder, name, `load${loadRounds - 1}`)) / 1e6];
  }
  const count = entries.toLocaleString("en");
  return [
    {
      name: `load ${count}, durable transactions of 1,000`,
      unit: "entries/s",
      better: "higher",
      target: 0.7,
      rounds: loads,
    },
    { name: "space on disk after load and close", unit: "MB", better: "lower", rounds: sizes },
    {
      name: "random get, fresh copy",
      unit: "gets/s",
      better: "higher",
      target: 1,
      rounds: getRates,
    },
    {
      name: "full ordered scan",
      unit: "entries/s",
      better: "higher",
      target: 2,
      rounds: scans,
    },
  ];
}
