/**
 * Our server beside the official one (`@durable-streams/server`, file-backed): one client, one
 * interleaved run. See bench/README.md.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { commandText, positiveInteger, runCommand, UsageError } from "../command_line.ts";
import { installedVersion } from "../compare/peer.ts";
import { machineLine, measureMachine } from "../machine.ts";
import type { Report, ReportRow } from "../report.ts";
import { allMet, toMarkdown, toText } from "../report.ts";
import { createFolder, createRunFolder, removeFolder } from "../run_folder.ts";
import { ServerProcess } from "./server_process.ts";
import type { LargeStream } from "./workload.ts";
import { LoadClient } from "./workload.ts";

const USAGE = `usage: node bench/streams/load.ts [options]
  --ms N             duration of each writing and tail reading round  (2000)
  --rounds N         counted rounds                                   (5)
  --megabytes N      size of the large stream                         (100)
  --contestants A,B  of holdfast,official                             (both)
  --dir FOLDER       where to put the data; must be on a disk         (the temporary folder)
  --json FILE        write the figures
  --markdown         print the table as Markdown
  --check            exit with 1 when a target is missed`;

const WRITERS = 64;
/** A server counts as idle this long after its last request. */
const IDLE_MILLIS = 1000;

/** The script of a server and its arguments for a data folder. */
const CONTESTANTS: Readonly<Record<string, (folder: string) => [string, string[]]>> = {
  holdfast: (folder) => [
    fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url)),
    ["serve", "--data", `${folder}/streams.hold`, "--port", "0"],
  ],
  official: (folder) => [
    fileURLToPath(new URL("../compare/official_server.ts", import.meta.url)),
    [folder],
  ],
};

/** One server of the run and what the client knows about it. */
class Contestant {
  readonly name: string;
  readonly #folder: string;
  /** Resident bytes of the server when it had just started and held nothing. */
  emptyResident = 0;
  #server: ServerProcess | undefined;
  #client: LoadClient | undefined;
  #large: LargeStream | undefined;

  constructor(name: string, folder: string) {
    this.name = name;
    this.#folder = folder;
  }

  async start(): Promise<void> {
    const [script, args] = CONTESTANTS[this.name]!(this.#folder);
    this.#server = await ServerProcess.start(script, args);
    this.#client = new LoadClient(this.#server.port);
  }

  async stop(): Promise<void> {
    this.#client?.close();
    await this.#server?.stop();
  }

  get client(): LoadClient {
    return this.#client!;
  }

  get server(): ServerProcess {
    return this.#server!;
  }

  get large(): LargeStream {
    return this.#large!;
  }

  async fill(bytes: number): Promise<number> {
    this.#large = await this.client.fillLarge(bytes);
    return this.#large.fillMbPerSecond;
  }
}

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      ms: { type: "string", default: "2000" },
      rounds: { type: "string", default: "5" },
      megabytes: { type: "string", default: "100" },
      contestants: { type: "string", default: Object.keys(CONTESTANTS).join() },
      dir: { type: "string" },
      json: { type: "string" },
      markdown: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const millis = positiveInteger("ms", values.ms);
  const rounds = positiveInteger("rounds", values.rounds);
  const bytes = positiveInteger("megabytes", values.megabytes) * 1_000_000;
  const names = values.contestants.split(",");
  for (const name of names) {
    if (!Object.hasOwn(CONTESTANTS, name)) throw new UsageError(`unknown contestant "${name}"`);
  }
  const folder = createRunFolder(values.dir);
  const contestants = names.map((name) => new Contestant(name, createFolder(folder, name)));
  try {
    const machine = measureMachine(folder);
    console.log(machineLine(machine));
    const rows = [
      ...await measureWrites(contestants, rounds, millis, bytes),
      ...await measureReads(contestants, rounds, millis),
    ];
    const report: Report = {
      title: `Durable Streams: against @durable-streams/server ${
        installedVersion("@durable-streams/server")
      }`,
      date: new Date().toISOString(),
      command: commandText(),
      machine,
      machineLine: machineLine(machine),
      contestants: names,
      rows,
    };
    console.log(`\n${values.markdown ? toMarkdown(report) : toText(report)}`);
    if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(report, null, 2));
    if (values.check && !allMet(report)) process.exitCode = 1;
  } finally {
    for (const contestant of contestants) await contestant.stop();
    removeFolder(folder);
  }
});

async function measureWrites(
  contestants: readonly Contestant[],
  rounds: number,
  millis: number,
  bytes: number,
): Promise<ReportRow[]> {
  for (const contestant of contestants) {
    await contestant.start();
    await delay(IDLE_MILLIS);
    contestant.emptyResident = contestant.server.memory().resident;
  }
  const appends = (writers: number, streams: number) => (contestant: Contestant) =>
    contestant.client.append(writers, streams, millis);
  const unit = "appends/s";
  const better = "higher";
  const fills: Record<string, number[]> = {};
  const rows: ReportRow[] = [
    {
      name: "durable append 100 B, 1 writer",
      unit,
      better,
      target: 2,
      rounds: await interleave("1 writer", contestants, rounds, appends(1, 1)),
    },
    {
      name: "durable append 100 B, 64 writers on 1 stream",
      unit,
      better,
      target: 8,
      rounds: await interleave("64 on 1", contestants, rounds, appends(WRITERS, 1)),
    },
    {
      name: "durable append 100 B, 64 writers on 64 streams",
      unit,
      better,
      target: 4,
      rounds: await interleave("64 on 64", contestants, rounds, appends(WRITERS, WRITERS)),
    },
    { name: "fill with 64 KiB appends, 1 writer", unit: "MB/s", better, rounds: fills },
  ];
  for (const contestant of contestants) fills[contestant.name] = [await contestant.fill(bytes)];
  return rows;
}

/** Restarts the servers on their data, so that memory is measured from an idle one. */
async function measureReads(
  contestants: readonly Contestant[],
  rounds: number,
  millis: number,
): Promise<ReportRow[]> {
  const idle: Record<string, number[]> = {};
  const empty: Record<string, number[]> = {};
  const growth: Record<string, number[]> = {};
  const growthOverEmpty: Record<string, number[]> = {};
  for (const contestant of contestants) {
    await contestant.stop();
    await contestant.start();
    await delay(IDLE_MILLIS);
    const { name, emptyResident, server } = contestant;
    empty[name] = [emptyResident / 1e6];
    idle[name] = [server.memory().resident / 1e6];
    growth[name] = [];
    growthOverEmpty[name] = [];
  }
  const catchUps = await interleave("catch-up", contestants, rounds, async (contestant, round) => {
    const { client, server, large, name } = contestant;
    server.resetPeak();
    const rate = await client.catchUp(large, round < 0);
    const peak = server.memory().peak / 1e6;
    growth[name]!.push(peak - idle[name]![0]!);
    growthOverEmpty[name]!.push(peak - empty[name]![0]!);
    return rate;
  });
  const tails = await interleave(
    "tail",
    contestants,
    rounds,
    (contestant) => contestant.client.readTail(contestant.large, millis),
  );
  const size = `${Math.round(contestants[0]!.large.bytes / 1e6)} MB`;
  return [
    {
      name: `read the last 100 B of ${size}`,
      unit: "reads/s",
      better: "higher",
      target: 200,
      rounds: tails,
    },
    { name: `catch-up of ${size}`, unit: "MB/s", better: "higher", target: 1, rounds: catchUps },
    {
      name: "memory growth in catch-up, over the restarted idle server",
      unit: "MB",
      better: "lower",
      target: 0.1,
      rounds: growth,
    },
    {
      name: "memory growth in catch-up, over the empty idle server",
      unit: "MB",
      better: "lower",
      target: 0.1,
      rounds: growthOverEmpty,
    },
    { name: "memory when idle, restarted", unit: "MB", better: "lower", rounds: idle },
    { name: "memory when idle, empty", unit: "MB", better: "lower", rounds: empty },
  ];
}

/** One warm-up round (number -1, not counted), then the counted ones, taking turns. */
async function interleave(
  label: string,
  contestants: readonly Contestant[],
  rounds: number,
  measure: (contestant: Contestant, round: number) => Promise<number>,
): Promise<Record<string, number[]>> {
  const figures: Record<string, number[]> = {};
  for (const { name } of contestants) figures[name] = [];
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < contestants.length; i++) {
      const contestant = contestants[(i + round + 1) % contestants.length]!;
      const figure = await measure(contestant, round);
      if (round >= 0) figures[contestant.name]!.push(figure);
    }
    console.error(`${label}: ${round < 0 ? "warm-up" : `round ${round + 1} of ${rounds}`}`);
  }
  return figures;
}
