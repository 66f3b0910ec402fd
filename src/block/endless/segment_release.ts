/**
 * Gives trimmed segments back to the allocator: oldest first, never under a reader.
 *
 * @module
 */

import { isHoldfastError } from "../../errors.ts";
import type { StreamCore } from "./stream_core.ts";

/** Detaches and releases whole segments before the start of a stream. */
export class SegmentRelease {
  /** Why the last release failed; it is tried again with the next. */
  failure: unknown;

  readonly #core: StreamCore;
  #running: Promise<number> | undefined;

  /** For one stream. */
  constructor(core: StreamCore) {
    this.#core = core;
  }

  /**
   * Releases what can be: not the last segment, nor what it needs to be opened alone, nor one that is
   * being read over several turns. Readers go on: what they have is theirs, and they skip the rest.
   * @returns how many were released
   */
  run(): Promise<number> {
    this.#detach();
    if (this.#core.trimmed.length === 0) return Promise.resolve(0);
    this.#running ??= this.#release();
    return this.#running;
  }

  /** The runs before the first segment that is needed. */
  #detach(): void {
    const { controls: { start }, segments, runs, trimmed } = this.#core;
    let needed = 0;
    while (needed < segments.length - 1) {
      const { header, synced } = segments[needed + 1]!;
      // The next segment can stand alone: its first batch is durable, and with it the start.
      if (synced.at === 0 || start < header.firstOffset) break;
      // A record that begins here ends there.
      if (header.continues && start === header.firstOffset) break;
      needed++;
    }
    const first = segments[needed];
    const count = first === undefined ? 0 : runs.findIndex(({ segment }) => segment === first);
    trimmed.push(...runs.splice(0, count));
    segments.splice(0, needed);
  }

  async #release(): Promise<number> {
    const { allocator, trimmed } = this.#core;
    let released = 0;
    await Promise.resolve();
    for (let run = trimmed[0]; run !== undefined; run = trimmed[0]) {
      if ((run.segment?.readers ?? 0) > 0) break;
      try {
        await allocator.release(run.blocks);
      } catch (error) {
        this.#running = undefined;
        if (!isHoldfastError(error)) throw error;
        this.failure = error;
        return released;
      }
      trimmed.shift();
      released++;
    }
    this.failure = undefined;
    this.#running = undefined;
    return released;
  }
}
