/**
 * Runs of pages that a transaction has written for large values before its commit names them.
 *
 * @module
 */

import type { Engine } from "../engine.ts";

/** Keeps them from reuse until they are committed or given back. */
export class ReservedRuns {
  readonly #engine: Engine;
  readonly #runs: { readonly page: number; readonly pages: number }[] = [];

  /** None yet. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** How many there are. */
  get count(): number {
    return this.#runs.length;
  }

  /** Adds one. */
  add(page: number, pages: number): void {
    this.#engine.reserved.set(page, pages);
    this.#runs.push({ page, pages });
  }

  /** Gives all but the first back. */
  release(from = 0): void {
    for (const { page, pages } of this.#runs.splice(from)) {
      this.#engine.reserved.delete(page);
      this.#engine.space.release(page, pages);
    }
  }
}
