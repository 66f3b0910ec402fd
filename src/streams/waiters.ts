/**
 * Who waits for which stream to change. Streams without waiters hold no memory.
 *
 * @module
 */

import { StateError } from "../errors.ts";

/** One call that waits. */
interface Waiter {
  readonly wake: () => void;
  readonly fail: (error: unknown) => void;
}

/** The waiters of all streams, by name. */
export class Waiters {
  readonly #byName = new Map<string, Set<Waiter>>();

  /** How many wait. */
  get count(): number {
    let count = 0;
    for (const waiters of this.#byName.values()) count += waiters.size;
    return count;
  }

  /** Waits for {@linkcode Waiters.wake} with this name, or for the signal. */
  wait(name: string, signal: AbortSignal | undefined): Promise<"changed" | "aborted"> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        signal?.removeEventListener("abort", abort);
        this.#remove(name, waiter);
      };
      const abort = (): void => {
        end();
        resolve("aborted");
      };
      const waiter: Waiter = {
        wake: () => {
          end();
          resolve("changed");
        },
        fail: (error) => {
          end();
          reject(error);
        },
      };
      const waiters = this.#byName.get(name);
      if (waiters === undefined) this.#byName.set(name, new Set([waiter]));
      else waiters.add(waiter);
      signal?.addEventListener("abort", abort);
    });
  }

  /** Wakes all that wait for this name. */
  wake(name: string): void {
    const waiters = this.#byName.get(name);
    if (waiters === undefined) return;
    this.#byName.delete(name);
    for (const waiter of waiters) waiter.wake();
  }

  /** Ends all waits with `CLOSED`. */
  close(): void {
    const error = new StateError("CLOSED", "the stream store was closed");
    for (const waiters of this.#byName.values()) {
      for (const waiter of waiters) waiter.fail(error);
    }
    this.#byName.clear();
  }

  #remove(name: string, waiter: Waiter): void {
    const waiters = this.#byName.get(name);
    if (waiters === undefined || !waiters.delete(waiter)) return;
    if (waiters.size === 0) this.#byName.delete(name);
  }
}
