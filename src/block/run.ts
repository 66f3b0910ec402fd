/**
 * A run of blocks over some storage.
 *
 * @module
 */

import { CorruptionError, StateError } from "../errors.ts";
import type { IoFile } from "../io/adapter.ts";
import type { Blocks, BlockShape } from "./blocks.ts";

/** What holds the bytes of a run. */
export type RunStorage = Pick<IoFile, "readAt" | "writeAt" | "sync" | "syncAsync" | "close">;

/** Where the bytes of a run are. */
export interface RunPlace {
  /** What holds them. */
  readonly storage: RunStorage;
  /** Offset of the first in the storage. */
  readonly offset: number;
  /** What errors call it. */
  readonly path: string;
}

/** Keeps reads and writes within the run, and ends with `close`. */
export class Run implements Blocks {
  readonly id: number;
  readonly blockBytes: number;
  readonly blockCount: number;
  /** Whether `close` was called. */
  closed = false;
  readonly #place: RunPlace;

  /** Takes over the storage. */
  constructor(id: number, { blockBytes, blockCount }: BlockShape, place: RunPlace) {
    this.id = id;
    this.blockBytes = blockBytes;
    this.blockCount = blockCount;
    this.#place = place;
  }

  readAt(buffer: Uint8Array, offset: number): number {
    this.#check(offset);
    const length = Math.max(0, Math.min(buffer.length, this.#bytes - offset));
    if (length === 0) return 0;
    const { storage, offset: begin, path } = this.#place;
    const part = length === buffer.length ? buffer : buffer.subarray(0, length);
    const read = storage.readAt(part, begin + offset);
    if (read === length) return length;
    throw new CorruptionError("CORRUPT_BLOCKS", `"${path}" is shorter than its blocks`, {
      path,
      offset: begin + offset + read,
    });
  }

  writeAt(buffer: Uint8Array, offset: number): void {
    this.#check(offset);
    if (offset + buffer.length > this.#bytes) {
      throw new RangeError(
        `Cannot write ${buffer.length} bytes at ${offset}: the run has ${this.#bytes} bytes`,
      );
    }
    this.#place.storage.writeAt(buffer, this.#place.offset + offset);
  }

  sync(): void {
    this.#check(0);
    this.#place.storage.sync();
  }

  async syncAsync(): Promise<void> {
    this.#check(0);
    await this.#place.storage.syncAsync();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#place.storage.close();
  }

  get #bytes(): number {
    return this.blockBytes * this.blockCount;
  }

  #check(offset: number): void {
    if (this.closed) {
      const { path } = this.#place;
      throw new StateError("CLOSED", `The run ${this.id} of "${path}" was closed`, { path });
    }
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new RangeError(`An offset in a run must be an integer from 0, not ${offset}`);
    }
  }
}
