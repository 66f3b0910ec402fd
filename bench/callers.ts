/**
 * Callers that work side by side, each waiting for its own.
 *
 * @module
 */

import { performance } from "node:perf_hooks";

/** As many as a row of many callers has. */
export const CALLERS = 64;

/** `count` steps, shared by so many callers. @returns steps per second */
export async function together(
  callers: number,
  count: number,
  step: (i: number) => unknown,
): Promise<number> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await step(next++);
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  return count / (performance.now() - begin) * 1000;
}
