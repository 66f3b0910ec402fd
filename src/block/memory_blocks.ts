/**
 * Blocks without a file: in memory, or nowhere.
 *
 * @module
 */

import { type BlockAllocator, type BlockShape, checkShape } from "./blocks.ts";
import type { RunStorage } from "./run.ts";
import { RunList, type RunSource } from "./run_list.ts";

/** Bytes that are taken at once. */
const CHUNK_BYTES = 65_536;

/**
 * An allocator whose blocks are in memory; they take none until they are written. They live as long
 * as the returned object is open: a stream that is opened on it again finds what it left. Nothing is
 * durable, `sync` does nothing.
 *
 * @throws {RangeError} if the shape is outside the bounds of {@linkcode BlockShape}
 */
export function memoryBlocks(shape: BlockShape): BlockAllocator {
  checkShape(shape);
  const kept = new Map<number, MemoryStorage>();
  const take = (id: number): MemoryStorage => {
    const storage = kept.get(id) ?? new MemoryStorage();
    kept.set(id, storage);
    return storage;
  };
  return new RunList(sourceOf(take, (id) => kept.delete(id)), shape, [], 1);
}

/**
 * An allocator whose blocks forget what is written and always read as zeros: shows what a stream
 * costs without its storage.
 *
 * @throws {RangeError} if the shape is outside the bounds of {@linkcode BlockShape}
 */
export function voidBlocks(shape: BlockShape): BlockAllocator {
  checkShape(shape);
  return new RunList(sourceOf(() => new VoidStorage(), () => {}), shape, [], 1);
}

function sourceOf(take: (id: number) => RunStorage, drop: (id: number) => void): RunSource {
  const place = async (id: number) => ({ storage: take(id), offset: 0, path: "memory" });
  return {
    create: place,
    open: place,
    forget: async () => {},
    remove: async (id) => drop(id),
    close: async () => {},
  };
}

class VoidStorage implements RunStorage {
  readAt(buffer: Uint8Array, _offset: number): number {
    buffer.fill(0);
    return buffer.length;
  }

  writeAt(_buffer: Uint8Array, _offset: number): void {}

  sync(): void {}

  async syncAsync(): Promise<void> {}

  close(): void {}
}

class MemoryStorage extends VoidStorage {
  readonly #chunks = new Map<number, Uint8Array>();

  override readAt(buffer: Uint8Array, offset: number): number {
    for (let done = 0; done < buffer.length;) {
      const start = (offset + done) % CHUNK_BYTES;
      const count = Math.min(CHUNK_BYTES - start, buffer.length - done);
      const chunk = this.#chunks.get(Math.floor((offset + done) / CHUNK_BYTES));
      if (chunk === undefined) buffer.fill(0, done, done + count);
      else buffer.set(chunk.subarray(start, start + count), done);
      done += count;
    }
    return buffer.length;
  }

  override writeAt(buffer: Uint8Array, offset: number): void {
    for (let done = 0; done < buffer.length;) {
      const start = (offset + done) % CHUNK_BYTES;
      const count = Math.min(CHUNK_BYTES - start, buffer.length - done);
      const number = Math.floor((offset + done) / CHUNK_BYTES);
      const chunk = this.#chunks.get(number) ?? new Uint8Array(CHUNK_BYTES);
      this.#chunks.set(number, chunk);
      chunk.set(buffer.subarray(done, done + count), start);
      done += count;
    }
  }
}
