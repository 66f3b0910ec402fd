/**
 * Many deadlines of one length behind one timer.
 *
 * @module
 */

import type { Clock } from "./clock.ts";

/**
 * Deadlines that all lie the same time ahead of their beginning, so the oldest is due first. The
 * timer outlives deadlines that were met: under load the next one begins right after.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #dueBy = new Map<() => void, number>();
  #armed = false;

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
    if (!this.#armed) this.#arm(this.#ms);
    return () => void this.#dueBy.delete(own);
  }

  #arm(ms: number): void {
    this.#armed = true;
    const timer = this.#clock.setTimer(() => this.#expire(), Math.max(0, ms));
    // Whoever waits for a body has a connection, which keeps the process alive; the timer must not.
    (timer as { unref?: () => void } | undefined)?.unref?.();
  }

  #expire(): void {
    this.#armed = false;
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
