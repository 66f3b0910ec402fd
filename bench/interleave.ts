/**
 * Rounds in which the contestants take turns.
 *
 * @module
 */

import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

/**
 * One warm-up round (number -1, not counted), then the counted ones; in each round every
 * contestant has its turn, another one first each time.
 */
export async function interleave<R extends { readonly name: string }>(
  label: string,
  runners: readonly R[],
  rounds: number,
  measure: (runner: R, round: number) => number | Promise<number>,
): Promise<Record<string, number[]>> {
  const figures: Record<string, number[]> = {};
  for (const { name } of runners) figures[name] = [];
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < runners.length; i++) {
      const runner = runners[(i + round + 1) % runners.length]!;
      await settle();
      const figure = await measure(runner, round);
      if (round >= 0) figures[runner.name]!.push(figure);
    }
    console.error(`${label}: ${round < 0 ? "warm-up" : `round ${round + 1} of ${rounds}`}`);
  }
  return figures;
}

/** Collects garbage and waits (10 s at most) until no engine works in the background. */
async function settle(): Promise<void> {
  (globalThis as { gc?: () => void }).gc?.();
  for (let i = 0; i < 200; i++) {
    const before = process.cpuUsage();
    await delay(50);
    const { user, system } = process.cpuUsage(before);
    if (user + system < 5000) return;
  }
}
