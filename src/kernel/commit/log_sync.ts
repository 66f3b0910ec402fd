/**
 * The sync that makes batches of the log durable, on this thread or off it.
 *
 * @module
 */

import type { Engine } from "../engine.ts";
import { ASYNC_SYNC_BYTES, ASYNC_SYNC_MS } from "../limits.ts";

/** Weight of the newest sync in the average. */
const SYNC_WEIGHT = 0.1;

/** Syncs the file for the log and knows how long that takes. */
export class LogSync {
  /** Average duration in milliseconds. */
  averageMs = 0;

  readonly #engine: Engine;

  /** For the log of an engine. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Whether it takes so long that the thread should not wait for it. It writes all that was written
   * to the file: large values, new space, and beside a checkpoint its pages, of which the thread has
   * more to make.
   */
  isSlow(besideCheckpoint: boolean): boolean {
    const { io, file } = this.#engine;
    return (besideCheckpoint || file.unsynced > ASYNC_SYNC_BYTES ||
      this.averageMs > ASYNC_SYNC_MS) && io.capabilities.asyncSync;
  }

  /** Syncs on this thread; `sequence` is that behind the last record written. */
  now(sequence: number): true {
    const { io, file, log } = this.#engine;
    const began = io.monotonic();
    // Durable after this: every batch written so far, so every record before `sequence`.
    file.sync();
    this.#measured(io.monotonic() - began);
    log.synced(sequence);
    return true;
  }

  /**
   * Syncs off the thread. Resolves to what takes note of it, or throws what the sync threw: to be
   * called unless another sync has covered the same records meanwhile.
   */
  async offThread(sequence: number): Promise<() => true> {
    const { io, file, log } = this.#engine;
    const began = io.monotonic();
    let failure: { error: unknown } | undefined;
    try {
      // Durable after this: as above; nothing is written to the log while it runs.
      await file.syncAsync();
    } catch (error) {
      failure = { error };
    }
    return () => {
      if (failure !== undefined) throw failure.error;
      this.#measured(io.monotonic() - began);
      log.synced(sequence);
      return true;
    };
  }

  #measured(ms: number): void {
    // One slow sync, as behind a checkpoint, does not make a slow disk.
    this.averageMs += (Math.min(ms, 4 * ASYNC_SYNC_MS) - this.averageMs) * SYNC_WEIGHT;
  }
}
