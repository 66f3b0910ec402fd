/**
 * Several steps of a transaction that count as one.
 *
 * A caller may catch what a method of a structure throws, and commit. No half of what the method
 * does may be in that commit, whichever of its steps threw: one that changes more than one key runs
 * in {@linkcode allOrNothing}.
 *
 * @module
 */

import type { ChangeMark, Revertible } from "./savepoint.ts";

/** Runs steps. If one throws, the changes of all of them are taken back, and it is thrown on. */
export function allOrNothing<T, M = ChangeMark>(changes: Revertible<M>, steps: () => T): T {
  const mark = changes.mark();
  try {
    return steps();
  } catch (error) {
    changes.undo(mark);
    throw error;
  }
}
