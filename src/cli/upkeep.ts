/**
 * The sweeping that a served store needs.
 *
 * @module
 */

import type { StreamStore } from "../streams/stream_store.ts";

/** Pause between two sweeps when there is nothing left to do, milliseconds. */
const SWEEP_MS = 2_000;

/** Sweeps a store from its making until `stop`. */
export class Upkeep {
  readonly #store: StreamStore;
  readonly #onError: (error: unknown) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sweep: Promise<void> = Promise.resolve();
  #stopped = false;

  /** Begins. After an error, which is passed to `onError`, there is no more sweeping. */
  constructor(store: StreamStore, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
    this.#later(SWEEP_MS);
  }

  /** Ends, after the sweep under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sweep;
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#sweep = this.#once();
    }, ms);
  }

  async #once(): Promise<void> {
    try {
      const { more } = await this.#store.sweep();
      if (!this.#stopped) this.#later(more ? 0 : SWEEP_MS);
    } catch (error) {
      this.#onError(error);
    }
  }
}
