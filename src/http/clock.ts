/**
 * Time as the handler sees it, so that tests decide when it passes.
 *
 * @module
 */

/** A clock with timers. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once, after `ms` milliseconds. */
  setTimer(callback: () => void, ms: number): unknown;
  /** Forgets a timer; one that has fired or was forgotten is no error. */
  clearTimer(timer: unknown): void;
}

/** The clock and the timers of the platform. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  setTimer: (callback, ms) => setTimeout(callback, ms),
  clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};
