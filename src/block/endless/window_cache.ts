/**
 * The parts of segments that were read last, checked and whole.
 *
 * @module
 */

import { readWindow, type SegmentWindow } from "../stream/segment_window.ts";
import type { StreamSegment } from "../stream/stream_segment.ts";

/** Places of batches in a segment: 2^31 bytes in units of 64. */
const PLACES: number = 2 ** 25;

/** Keeps windows up to a number of bytes; the one used last goes last. What is there never changes. */
export class WindowCache {
  /** Bytes that are kept. */
  bytes = 0;

  readonly #windows = new Map<number, SegmentWindow>();
  readonly #limit: number;

  /** Keeps nothing yet. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The batches of a segment from `at` on, as far as one window reaches and at most to `end`.
   * @returns `undefined` when there is no whole batch at `at`
   */
  get(segment: StreamSegment, at: number, end: number): SegmentWindow | undefined {
    const key = segment.header.number * PLACES + at / 64;
    const known = this.#windows.get(key);
    if (known !== undefined) {
      this.#windows.delete(key);
      this.#windows.set(key, known);
      return known;
    }
    const window = readWindow(segment, at, end);
    if (window === undefined) return undefined;
    this.#windows.set(key, window);
    this.bytes += window.bytes.length;
    for (const [old, { bytes }] of this.#windows) {
      if (this.bytes <= this.#limit) break;
      this.#windows.delete(old);
      this.bytes -= bytes.length;
    }
    return window;
  }
}
