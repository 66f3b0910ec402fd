/**
 * Real processes whose system calls are made to fail by strace: EIO, ENOSPC, EDQUOT, EMFILE, EROFS,
 * once or from then on. See `strain_chain.ts` for what must hold.
 *
 * @module
 */

import { Prng } from "../../src/base/prng.ts";
import type { Runtime } from "../tools/runtimes.ts";
import { SCENE_NAMES, type SceneName } from "./scenes.ts";
import { StrainChain } from "./strain_chain.ts";
import { Tally } from "./tally.ts";

/** What to play. */
export interface StrainOptions {
  /** Runs of each runtime. */
  readonly runs: number;
  readonly runtimes: readonly Runtime[];
  readonly seed: number;
  /** @default all */
  readonly scenes?: readonly SceneName[];
  /** Processes at one time. @default 2 */
  readonly lanes?: number;
}

/** Plays the runs. The caller has made sure that strace works. */
export async function runStrains(options: StrainOptions): Promise<Tally> {
  const { runs, runtimes, seed, scenes = SCENE_NAMES, lanes = 2 } = options;
  const tally = new Tally();
  for (const runtime of runtimes) tally.begin(runtime);
  const play = async (lane: number): Promise<void> => {
    const random = new Prng(seed).fork(`strain ${lane}`);
    const chains = scenes.map((scene) => new StrainChain(scene, tally));
    for (let at = lane; at < runs * runtimes.length; at += lanes) {
      const chain = chains[random.below(chains.length)]!;
      await chain.run(runtimes[at % runtimes.length]!, random);
    }
    for (const chain of chains) await chain.finish(runtimes[random.below(runtimes.length)]!);
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => play(lane)));
  return tally;
}
