/**
 * The readers that wait: so many and no more, and all of them end when the server does.
 *
 * @module
 */

import { Capacity } from "./capacity.ts";
import { busy } from "./store_problem.ts";

/** All waiting readers of one handler. */
export class Waiters {
  readonly #room: Capacity;
  readonly #ends = new Set<() => void>();

  /** At most `limit` readers wait; when `signal` aborts, all end. One listener serves them all. */
  constructor(limit: number, signal: AbortSignal) {
    this.#room = new Capacity(limit);
    signal.addEventListener("abort", () => {
      for (const end of [...this.#ends]) end();
    }, { once: true });
  }

  /** How many wait. */
  get count(): number {
    return this.#room.used;
  }

  /**
   * Lets a reader wait; `end` is called when the server shuts down.
   * @returns what to call, once or more often, when the reader waits no longer.
   * @throws HttpProblem `BUSY` when too many wait.
   */
  enter(end: () => void): () => void {
    if (!this.#room.tryTake(1)) throw busy("too many readers wait");
    this.#ends.add(end);
    return () => {
      if (this.#ends.delete(end)) this.#room.give(1);
    };
  }
}
