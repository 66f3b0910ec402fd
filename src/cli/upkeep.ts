/**
 * The sweeping that a served store needs.
 *
 * @module
 */

import { isHoldfastError } from "../errors.ts";
import type { StreamStore } from "../streams/stream_store.ts";

/** Pause between two sweeps when there is nothing left to do, milliseconds. */
const SWEEP_MS = 2_000;

/** Pause after one that has failed: a full disk may have space again, milliseconds. */
const RETRY_MS = 10_000;

/** Errors after which every other sweep would fail as well. */
const FINAL: readonly string[] = ["POISONED", "CLOSED"];

/** How long it pauses. */
export interface UpkeepOptions {
  /** Between two sweeps. @default 2000 */
  readonly sweepMs?: number;
  /** After one that has failed. @default 10000 */
  readonly retryMs?: number;
}

/** Sweeps a store from its making until `stop`. */
export class Upkeep {
  readonly #store: StreamStore;
  readonly #onError: (error: unknown) => void;
  readonly #sweepMs: number;
  readonly #retryMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sweep: Promise<void> = Promise.resolve();
  #stopped = false;

  /** Begins. Errors are passed to `onError`; after `POISONED` or `CLOSED` there is no more sweeping. */
  constructor(
    store: StreamStore,
    onError: (error: unknown) => void,
    { sweepMs = SWEEP_MS, retryMs = RETRY_MS }: UpkeepOptions = {},
  ) {
    this.#store = store;
    this.#onError = onError;
    this.#sweepMs = sweepMs;
    this.#retryMs = retryMs;
    this.#later(sweepMs);
  }

  /** Ends, after the sweep under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sweep;
  }

  #later(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#sweep = this.#once();
    }, ms);
  }

  async #once(): Promise<void> {
    try {
      const { more } = await this.#store.sweep();
      this.#later(more ? 0 : this.#sweepMs);
    } catch (error) {
      this.#onError(error);
      if (!isHoldfastError(error) || !FINAL.includes(error.code)) this.#later(this.#retryMs);
    }
  }
}
