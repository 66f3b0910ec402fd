/**
 * Many deadlines of one length behind one timer.
 *
 * @module
 */

import type { Clock } from "./clock.ts";

/** Deadlines that all lie the same time ahead of their beginning, so the oldest is due first. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #dueBy = new Map<() => void, number>();
  #timer: unknown;

  /** Deadlines of `ms` milliseconds. */
  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Calls `expire` when the time is over, unless the returned function is called before. */
  begin(expire: () => void): () => void {
    // A function may be given twice; each deadline is its own.
    const own = (): void => expire();
    this.#dueBy.set(own, this.#clock.now() + this.#ms);
    if (this.#dueBy.size === 1) this.#arm(this.#ms);
    return () => {
      if (this.#dueBy.delete(own) && this.#dueBy.size === 0) this.#clock.clearTimer(this.#timer);
    };
  }

  #arm(ms: number): void {
    this.#timer = this.#clock.setTimer(() => this.#expire(), Math.max(0, ms));
  }

  #expire(): void {
    const now = this.#clock.now();
    for (const [expire, due] of this.#dueBy) {
      if (due > now) {
        this.#arm(due - now);
        return;
      }
      this.#dueBy.delete(expire);
      expire();
    }
  }
}
