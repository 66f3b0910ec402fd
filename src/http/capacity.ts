/**
 * A count that must not exceed a limit: waiters, requests, bytes.
 *
 * @module
 */

/** So many of something at one time, and no more. */
export class Capacity {
  readonly #limit: number;
  #used = 0;

  /** Makes a capacity of which nothing is used. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How much is in use. */
  get used(): number {
    return this.#used;
  }

  /** Takes `amount`, or takes nothing and returns false when that would exceed the limit. */
  tryTake(amount: number): boolean {
    if (this.#used + amount > this.#limit) return false;
    this.#used += amount;
    return true;
  }

  /** Gives back what was taken. */
  give(amount: number): void {
    this.#used -= amount;
  }
}
