/**
 * Numbers of trees that are chosen by whoever makes them.
 *
 * @module
 */

import type { Engine } from "../engine.ts";

/** Most numbers left out at once: checks look at each. */
const GAP_MAX: number = 1 << 20;

/** Gives numbers of one database. */
export class TreeNumbers {
  readonly #engine: Engine;
  /** Numbers that may be given once more. */
  readonly #returned = new Set<number>();

  /** Shares the next number with all other ways of making trees. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * The number that is wanted, if it was never given and is not far ahead of those that were; else
   * the next one.
   */
  take(wanted: number): number {
    if (this.#returned.delete(wanted)) return wanted;
    const { nextTree } = this.#engine;
    const isFree = wanted >= nextTree && wanted - nextTree <= GAP_MAX;
    const number = isFree ? wanted : nextTree;
    this.#engine.nextTree = number + 1;
    return number;
  }

  /** Takes back the number of a tree that is empty and that no reader has ever seen. */
  giveBack(number: number): void {
    this.#returned.add(number);
  }
}
