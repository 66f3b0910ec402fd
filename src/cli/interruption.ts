/**
 * The end of a command by a signal, tidily.
 *
 * @module
 */

import process from "node:process";

/** Exit code of a command that a signal ended. */
export const EXIT_INTERRUPTED = 130;

/** Why a command ended: SIGINT or SIGTERM. */
export class Interruption extends Error {}

/** Aborts at the first SIGINT or SIGTERM; the second ends the process as ever. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => controller.abort(new Interruption(`ended by ${signal}`)));
  }
  return controller.signal;
}
