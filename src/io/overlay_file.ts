/**
 * A file that is only read, with changes kept in memory over it.
 *
 * @module
 */

import { compareBytes } from "../base/compare.ts";
import { StateError } from "../errors.ts";
import type { IoFile } from "./adapter.ts";

/** Changes are kept in blocks of this size. */
const BLOCK_BYTES = 4096;

/**
 * Looks like a file that can be written; the file below is only read, and not one byte of it changes.
 * A written block that equals what is below it, or zeros beyond its end, takes no memory. All that
 * was written is gone when it is closed; `sync` does nothing.
 *
 * Invariant: a byte is that of its kept block, else that of the file below before `#bytesBelow`,
 * else zero; kept blocks are zero from the size on.
 */
export class OverlayFile implements IoFile {
  readonly #below: IoFile;
  readonly #kept = new Map<number, Uint8Array>();
  readonly #present = new Uint8Array(BLOCK_BYTES);
  #bytesBelow: number;
  #size: number;
  #closed = false;

  /** Takes over an open file. */
  constructor(below: IoFile) {
    this.#below = below;
    this.#bytesBelow = below.size();
    this.#size = below.size();
  }

  /** Bytes of memory that the changes take. */
  get keptBytes(): number {
    return this.#kept.size * BLOCK_BYTES;
  }

  readAt(buffer: Uint8Array, offset: number): number {
    this.#checkOpen();
    const length = Math.max(0, Math.min(buffer.length, this.#size - offset));
    const window = buffer.subarray(0, length);
    const first = this.#kept.get(Math.floor(offset / BLOCK_BYTES));
    const start = offset % BLOCK_BYTES;
    if (first !== undefined && start + length <= BLOCK_BYTES) {
      window.set(first.subarray(start, start + length));
      return length;
    }
    this.#readBelow(window, offset);
    if (this.#kept.size > 0) {
      eachBlock(window, offset, (part, block, at) => {
        const kept = this.#kept.get(block);
        if (kept !== undefined) part.set(kept.subarray(at, at + part.length));
      });
    }
    return length;
  }

  writeAt(buffer: Uint8Array, offset: number): void {
    this.#checkOpen();
    eachBlock(buffer, offset, (part, block, at) => {
      let kept = this.#kept.get(block);
      if (kept === undefined) {
        const present = this.#present;
        this.#readBelow(present, block * BLOCK_BYTES);
        if (compareBytes(part, 0, part.length, present, at, at + part.length) === 0) return;
        kept = present.slice();
        this.#kept.set(block, kept);
      }
      kept.set(part, at);
    });
    if (buffer.length > 0) this.#size = Math.max(this.#size, offset + buffer.length);
  }

  truncate(size: number): void {
    this.#checkOpen();
    if (size < this.#size) {
      const last = Math.floor(size / BLOCK_BYTES);
      for (const block of this.#kept.keys()) if (block > last) this.#kept.delete(block);
      this.#kept.get(last)?.fill(0, size % BLOCK_BYTES);
      this.#bytesBelow = Math.min(this.#bytesBelow, size);
    }
    this.#size = size;
  }

  size(): number {
    this.#checkOpen();
    return this.#size;
  }

  sync(): void {
    this.#checkOpen();
  }

  async syncAsync(): Promise<void> {
    this.#checkOpen();
  }

  close(): void {
    this.#closed = true;
    this.#kept.clear();
    this.#below.close();
  }

  /** Fills all of `buffer`; zeros where the file below has nothing, or nothing any more. */
  #readBelow(buffer: Uint8Array, offset: number): void {
    const there = Math.max(0, Math.min(buffer.length, this.#bytesBelow - offset));
    const read = there === 0 ? 0 : this.#below.readAt(buffer.subarray(0, there), offset);
    buffer.fill(0, read);
  }

  #checkOpen(): void {
    if (this.#closed) throw new StateError("CLOSED", "Cannot use a file that was closed");
  }
}

/** Calls back with each part of `buffer` that lies in one block, the block, and where in it. */
function eachBlock(
  buffer: Uint8Array,
  offset: number,
  visit: (part: Uint8Array, block: number, at: number) => void,
): void {
  for (let done = 0; done < buffer.length;) {
    const block = Math.floor((offset + done) / BLOCK_BYTES);
    const at = (offset + done) % BLOCK_BYTES;
    const part = buffer.subarray(done, done + BLOCK_BYTES - at);
    visit(part, block, at);
    done += part.length;
  }
}
