/**
 * Real processes whose system calls are made to fail by strace: EIO, ENOSPC, EDQUOT, EMFILE, EROFS,
 * once or from then on, or in whose place they are killed. See `strain_chain.ts` for what must hold.
 *
 * @module
 */

import { Prng } from "../../src/base/prng.ts";
import type { Runtime } from "../tools/runtimes.ts";
import type { SceneName } from "./scenes.ts";
import { StrainChain } from "./strain_chain.ts";
import { Tally } from "./tally.ts";

/** What to play. */
export interface StrainOptions {
  /** Runs of each runtime. */
  readonly runs: number;
  readonly runtimes: readonly Runtime[];
  readonly seed: number;
  readonly scenes: readonly SceneName[];
  /** Runs of each runtime in which it is the server. */
  readonly servers: number;
  /** Processes at one time. @default 2 */
  readonly lanes?: number;
}

/** Plays the runs. The caller has made sure that strace works. */
export async function runStrains(options: StrainOptions): Promise<Tally> {
  const { runs, servers, runtimes, seed, scenes, lanes = 2 } = options;
  const tally = new Tally();
  for (const runtime of runtimes) tally.begin(runtime);
  const play = async (lane: number): Promise<void> => {
    const random = new Prng(seed).fork(`strain ${lane}`);
    for (let at = lane; at < servers * runtimes.length; at += lanes) {
      await playServer(runtimes[at % runtimes.length]!, runtimes, random, tally);
    }
    const chains = scenes.map((scene) => new StrainChain(scene, tally));
    if (chains.length === 0) return;
    for (let at = lane; at < runs * runtimes.length; at += lanes) {
      const chain = chains[random.below(chains.length)]!;
      await chain.run(runtimes[at % runtimes.length]!, random);
    }
    for (const chain of chains) await chain.finish(runtimes[random.below(runtimes.length)]!);
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => play(lane)));
  return tally;
}

async function playServer(
  runtime: Runtime,
  runtimes: readonly Runtime[],
  random: Prng,
  tally: Tally,
): Promise<void> {
  // Its client is a package.
  const { strainServer } = await import("./server_strain.ts");
  const next = runtimes[random.below(runtimes.length)]!;
  const wrong = await strainServer(runtime, next, random);
  tally.count(runtime, wrong.length === 0);
  if (wrong.length === 0) return;
  console.log(`FAILED: server on ${runtime.name}, opened again on ${next.name}`);
  for (const what of wrong.slice(0, 5)) console.log(`    ${what}`);
}
