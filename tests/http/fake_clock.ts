/**
 * A clock that tests move by hand.
 *
 * @module
 */

import type { Clock } from "../../src/http/clock.ts";

/** Stands still until `advance`; timers fire in order of their time. */
export class FakeClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  readonly #timers = new Map<number, { at: number; callback: () => void }>();
  #last = 0;

  now(): number {
    return this.#now;
  }

  setTimer(callback: () => void, ms: number): unknown {
    this.#timers.set(++this.#last, { at: this.#now + ms, callback });
    return this.#last;
  }

  clearTimer(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves the clock on and fires what is due. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end)
        .sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
      if (due === undefined) break;
      const [id, { at, callback }] = due;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, at);
      callback();
    }
    this.#now = end;
  }
}
