/** Waiting on a simulated disk, which ends although nothing comes. */

import type { SimulatedDisk } from "../../adapters/simulated.ts";

/** More turns of the event loop than anything here needs. */
const TURNS_MAX = 20_000;

/** The promise was still open after {@linkcode TURNS_MAX} turns. */
export class StuckError extends Error {}

/** Waits for a promise, for a bounded number of turns. */
export async function settle<T>(disk: SimulatedDisk, promise: Promise<T>): Promise<T> {
  let open = true;
  const done = (): void => {
    open = false;
  };
  promise.then(done, done);
  for (let turn = 0; open; turn++) {
    if (turn === TURNS_MAX) throw new StuckError(`not settled after ${TURNS_MAX} turns`);
    await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
  }
  return await promise;
}
