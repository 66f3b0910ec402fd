/**
 * Rounds of `kill -9`: processes of all three runtimes own the same stores one after the other, and
 * each is killed at a random moment. See `kill_chain.ts`.
 *
 * @module
 */

import { Prng } from "../../src/base/prng.ts";
import type { Runtime } from "../tools/runtimes.ts";
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
