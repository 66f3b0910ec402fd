/**
 * Rounds of `kill -9`: processes of all three runtimes own the same stores one after the other, and
 * each is killed at a random moment. See `kill_chain.ts`.
 *
 * Arguments: `--rounds N` (of each runtime, default 30), `--runtime deno|bun|node|all` (default all),
 * `--scene NAME` (default all, the server included), `--seed N` (default: drawn and printed), which
 * decides about everything but time. Each kill is one test, judged by the process that opens the store
 * next. The last line is `N passed, N failed`.
 *
 * @module
 */

import { numberFlag, parseFlags } from "../../src/cli/flags.ts";
import { Prng } from "../../src/base/prng.ts";
import { findRuntime, type Runtime, RUNTIME_NAMES } from "../tools/runtimes.ts";
import { type Chain, KillChain } from "./kill_chain.ts";
import { SCENE_NAMES } from "./scenes.ts";
import { Tally } from "./tally.ts";

/** What to play. */
export interface KillOptions {
  /** Rounds of each runtime. */
  readonly rounds: number;
  readonly runtimes: readonly Runtime[];
  readonly seed: number;
  /** What they work on: scenes, and "server". */
  readonly scenes: readonly string[];
  /** Processes at one time. @default 2 */
  readonly lanes?: number;
}

/** Plays the rounds. */
export async function runKills(options: KillOptions): Promise<Tally> {
  const { rounds, runtimes, seed, scenes, lanes = 2 } = options;
  const random = new Prng(seed);
  const tally = new Tally();
  for (const runtime of runtimes) tally.begin(runtime);
  const turns = shuffled(
    runtimes.flatMap((runtime) => Array<Runtime>(rounds).fill(runtime)),
    random,
  );
  let done = 0;
  const play = async (lane: number): Promise<void> => {
    const chains = await chainsOf(scenes, tally, seed + lane);
    const own = random.fork(`lane ${lane}`);
    for (let at = lane; at < turns.length; at += lanes) {
      await chains[Math.floor(at / lanes) % chains.length]!.round(turns[at]!, own);
      if (++done % 100 === 0) console.log(`${done} of ${turns.length} rounds`);
    }
    for (const chain of chains) await chain.finish(runtimes[own.below(runtimes.length)]!);
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => play(lane)));
  return tally;
}

async function chainsOf(scenes: readonly string[], tally: Tally, seed: number): Promise<Chain[]> {
  const chains: Chain[] = SCENE_NAMES.filter((name) => scenes.includes(name))
    .map((name) => new KillChain(name, tally));
  if (scenes.includes("server")) {
    // Its client is a package.
    const { ServerChain } = await import("./server_chain.ts");
    chains.push(new ServerChain(tally, seed));
  }
  return chains;
}

function shuffled<T>(all: T[], random: Prng): T[] {
  for (let at = all.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all;
}

const FLAGS = {
  rounds: { value: "N", help: "rounds of each runtime" },
  runtime: { value: "NAME", help: "runtime of the processes" },
  scene: { value: "NAME", help: "what they work on" },
  seed: { value: "N", help: "seed of all that is random" },
};

async function main(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, FLAGS);
  const rounds = numberFlag(flags, "rounds", 1, 100_000) ?? 30;
  const seed = numberFlag(flags, "seed", 0) ?? Math.floor(Math.random() * 1_000_000_000);
  const wanted = flags.values.get("runtime") ?? "all";
  const names = RUNTIME_NAMES.filter((name) => wanted === "all" || wanted === name);
  if (names.length === 0) throw new RangeError(`--runtime is all or one of ${RUNTIME_NAMES}`);
  const scene = flags.values.get("scene") ?? "all";
  const scenes = ["server", ...SCENE_NAMES].filter((name) => scene === "all" || scene === name);
  if (scenes.length === 0) throw new RangeError(`--scene is all, server or one of ${SCENE_NAMES}`);
  console.log(`seed ${seed}`);
  const runtimes = await Promise.all(names.map((name) => findRuntime(name)));
  const tally = await runKills({ rounds, runtimes, seed, scenes });
  for (const line of tally.lines()) console.log(line);
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));
