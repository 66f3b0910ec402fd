/**
 * The bytes of an extent, read in windows: as much memory as a window, or as the longest batch.
 *
 * @module
 */

import type { IoFile } from "../io/adapter.ts";
import type { LogExtent } from "./log_extent.ts";

/** How much is read at once to look at, at most. */
const LOOK_BYTES = 32 * 1024;

/** Reads one extent. */
export class LogWindow {
  /** What is present. Replaced, never overwritten: parts of it stay as they are. */
  bytes: Uint8Array = new Uint8Array(0);
  /** What {@linkcode LogWindow.look} made present. Overwritten by the next look. */
  seen: Uint8Array = new Uint8Array(0);
  /** The extent. */
  readonly extent: LogExtent;

  readonly #file: Pick<IoFile, "readAt">;
  readonly #windowBytes: number;
  #loadBytes: number;
  #begin = 0;
  #seenBegin = 0;
  #isFixed = false;
  #lookBuffer: Uint8Array | undefined;

  /**
   * Reads nothing yet. Then up to `windowBytes` at once, the first time up to `firstBytes` and twice
   * as much each time: little where little is.
   */
  constructor(
    file: Pick<IoFile, "readAt">,
    extent: LogExtent,
    windowBytes: number = extent.bytes,
    firstBytes: number = windowBytes,
  ) {
    this.#file = file;
    this.extent = extent;
    this.#windowBytes = windowBytes;
    this.#loadBytes = firstBytes;
  }

  /**
   * Makes `length` bytes from `at` in the extent present.
   * @returns where they begin in `bytes`; -1 when extent or file end before them, or the fixed window
   */
  load(at: number, length: number): number {
    const index = at - this.#begin;
    if (index >= 0 && index + length <= this.bytes.length) return index;
    if (this.#isFixed || at + length > this.extent.bytes) return -1;
    const most = Math.min(this.#loadBytes, this.#windowBytes);
    this.#loadBytes = 2 * most;
    const bytes = new Uint8Array(Math.min(Math.max(length, most), this.extent.bytes - at));
    const read = this.#file.readAt(bytes, this.extent.offset + at);
    this.bytes = read === bytes.length ? bytes : bytes.subarray(0, read);
    this.#begin = at;
    return length <= read ? 0 : -1;
  }

  /** What is not present yet is not there from now on. */
  fix(): void {
    this.#isFixed = true;
  }

  /**
   * Makes `length` bytes, no more than `LOOK_BYTES`, from `at` present for a moment.
   * @returns where they begin in `seen`; -1 when extent or file end before them
   */
  look(at: number, length: number): number {
    const index = at - this.#seenBegin;
    if (index >= 0 && index + length <= this.seen.length) return index;
    if (at + length > this.extent.bytes) return -1;
    this.#lookBuffer ??= new Uint8Array(
      Math.min(LOOK_BYTES, Math.max(length, this.#windowBytes), this.extent.bytes),
    );
    const bytes = this.#lookBuffer.subarray(0, this.extent.bytes - at);
    const read = this.#file.readAt(bytes, this.extent.offset + at);
    this.seen = bytes.subarray(0, read);
    this.#seenBegin = at;
    return length <= read ? 0 : -1;
  }
}
