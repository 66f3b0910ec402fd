/**
 * The swarm: many seeds, each of which switches a random half of all operations and faults on and
 * lives a long random life of them, against a model and the checker of its structure. What a rare
 * mixture finds is shrunk to the steps that it takes.
 *
 * @module
 */

import { Prng } from "../../../src/base/prng.ts";
import { streamsSwarm } from "./swarm_streams.ts";
import { endlessWorld } from "./swarm_endless.ts";
import { journalWorld } from "./swarm_journal.ts";
import { kernelWorld } from "./swarm_kernel.ts";
import {
  drawSteps,
  drawSwitches,
  fates,
  type Step,
  SwarmRun,
  type SwarmWorld,
  type Switches,
} from "./swarm_run.ts";

/** What to run. */
export interface SwarmOptions {
  /** How many seeds. */
  readonly seeds: number;
  /** The first of them. Default 0. */
  readonly from?: number;
  /** Steps of each. Default 500. */
  readonly operations?: number;
  /** Default: all. */
  readonly worlds?: readonly SwarmWorld[];
  /** Stops at this many violations. Default 5. */
  readonly violationsMax?: number;
  /** Runs that shrinking a violation may take. Default 300. */
  readonly shrinkMax?: number;
  readonly progress?: (seeds: number, violations: number) => void;
}

/** Counts of one world. */
export interface SwarmRow {
  readonly world: string;
  seeds: number;
  operations: number;
  /** Stores opened and compared. */
  states: number;
  /** Calls that failed as planned. */
  injected: number;
  violations: number;
}

/** What a swarm found. */
export interface SwarmReport {
  readonly seeds: number;
  readonly states: number;
  readonly rows: readonly SwarmRow[];
  /** Full descriptions. */
  readonly violations: readonly string[];
}

/** A seed takes the next of these; the kernel has most to mix. */
export const swarmWorlds: readonly SwarmWorld[] = [
  kernelWorld,
  endlessWorld,
  kernelWorld,
  journalWorld,
  streamsSwarm,
];

/** A seed with all that follows from it. */
interface Draw {
  readonly world: SwarmWorld;
  readonly seed: number;
  readonly switches: Switches;
  readonly steps: readonly Step[];
}

/** How one run ended. */
interface End {
  readonly run: SwarmRun;
  readonly error: unknown;
}

function draw(worlds: readonly SwarmWorld[], seed: number, operations: number): Draw {
  const world = worlds[seed % worlds.length]!;
  const random = new Prng(seed).fork("swarm");
  const switches = drawSwitches(world, random);
  return { world, seed, switches, steps: drawSteps(world, switches, operations, random) };
}

async function play({ world, switches, seed }: Draw, steps: readonly Step[]): Promise<End> {
  const run = new SwarmRun(world, switches, seed);
  try {
    await run.run(steps);
    return { run, error: undefined };
  } catch (error) {
    return { run, error };
  }
}

/** Drops ever smaller parts of the steps as long as what is left still fails. */
async function shrink(
  drawn: Draw,
  failed: End,
  runsMax: number,
): Promise<{ readonly steps: readonly Step[]; readonly end: End }> {
  let { steps } = drawn;
  let end = failed;
  let runs = 0;
  for (let part = Math.ceil(steps.length / 2); part >= 1; part = Math.floor(part / 2)) {
    for (let at = 0; at < steps.length && runs < runsMax;) {
      const fewer = [...steps.slice(0, at), ...steps.slice(at + part)];
      runs++;
      const again = await play(drawn, fewer);
      if (again.error === undefined) at += part;
      else {
        steps = fewer;
        end = again;
      }
    }
  }
  return { steps, end };
}

function describe({ world, seed, switches }: Draw, steps: readonly Step[], end: End): string {
  const { error, run } = end;
  const known = Object.keys({ ...world.actions, ...fates });
  const off = known.filter((action) => !switches.actions.includes(action));
  return [
    `VIOLATION in the swarm, "${world.name}", seed ${seed}: ${error}`,
    `on: ${switches.actions.join(", ")}`,
    `off: ${off.join(", ")}`,
    `faults: ${switches.kinds.map(({ name }) => name).join("; ")}`,
    `disk: ${JSON.stringify(switches.disk)}`,
    `${steps.length} steps: ${JSON.stringify(steps)}`,
    ...run.trace(),
    error instanceof Error ? error.stack ?? "" : "",
  ].join("\n  ");
}

/** Runs a swarm. Deterministic in its options: equal counts on every runtime. */
export async function runSwarm(options: SwarmOptions): Promise<SwarmReport> {
  const { seeds, from = 0, operations = 500, worlds = swarmWorlds } = options;
  const violations: string[] = [];
  const rows = new Map<string, SwarmRow>();
  let done = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const drawn = draw(worlds, seed, operations);
    const { name } = drawn.world;
    const row = rows.get(name) ??
      { world: name, seeds: 0, operations: 0, states: 0, injected: 0, violations: 0 };
    rows.set(name, row);
    const end = await play(drawn, drawn.steps);
    row.seeds++;
    row.operations += drawn.steps.length;
    row.states += end.run.states;
    row.injected += end.run.injected;
    done++;
    if (end.error !== undefined) {
      row.violations++;
      const small = await shrink(drawn, end, options.shrinkMax ?? 300);
      violations.push(describe(drawn, small.steps, small.end));
      if (violations.length >= (options.violationsMax ?? 5)) break;
    }
    options.progress?.(done, violations.length);
  }
  const states = [...rows.values()].reduce((sum, row) => sum + row.states, 0);
  return { seeds: done, states, rows: [...rows.values()], violations };
}

/** The counts as lines of text. */
export function swarmTable({ rows }: SwarmReport): string {
  const columns = ["seeds", "operations", "states", "injected", "violations"] as const;
  const line = (name: string, cells: readonly (string | number)[]): string =>
    name.padEnd(20) + cells.map((cell) => String(cell).padStart(12)).join("");
  return [
    line("world", columns),
    ...rows.map((row) => line(row.world, columns.map((name) => row[name]))),
  ].join("\n");
}
