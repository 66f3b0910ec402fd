/**
 * Files in memory: sparse, in chunks, so that growing never copies.
 *
 * @module
 */

import type { IoFile } from "../src/io/adapter.ts";
import { checkByteCount } from "./shared/argument.ts";
import { closedError, readOnlyError } from "./shared/handle_errors.ts";

/** Bytes in one chunk. */
const CHUNK = 65536;

/**
 * The content of a file, shared by all its handles. Invariant: every byte of a chunk at or beyond
 * `size` is zero, so that growing shows zeros.
 */
export class MemoryContent {
  /** Size in bytes. */
  size = 0;
  readonly #chunks = new Map<number, Uint8Array>();

  /** Copies bytes from `offset` into `buffer`; returns how many there were. */
  read(buffer: Uint8Array, offset: number): number {
    const length = Math.min(buffer.length, Math.max(0, this.size - offset));
    let done = 0;
    while (done < length) {
      const start = (offset + done) % CHUNK;
      const count = Math.min(CHUNK - start, length - done);
      const chunk = this.#chunks.get(Math.floor((offset + done) / CHUNK));
      if (chunk === undefined) buffer.fill(0, done, done + count);
      else buffer.set(chunk.subarray(start, start + count), done);
      done += count;
    }
    return length;
  }

  /** Copies `buffer` to `offset`. */
  write(buffer: Uint8Array, offset: number): void {
    let done = 0;
    while (done < buffer.length) {
      const start = (offset + done) % CHUNK;
      const count = Math.min(CHUNK - start, buffer.length - done);
      const number = Math.floor((offset + done) / CHUNK);
      let chunk = this.#chunks.get(number);
      if (chunk === undefined) {
        chunk = new Uint8Array(CHUNK);
        this.#chunks.set(number, chunk);
      }
      chunk.set(buffer.subarray(done, done + count), start);
      done += count;
    }
    if (done > 0) this.size = Math.max(this.size, offset + done);
  }

  /** Sets the size; what is cut off is forgotten. */
  resize(size: number): void {
    if (size < this.size) {
      const last = Math.floor(size / CHUNK);
      for (const number of this.#chunks.keys()) if (number > last) this.#chunks.delete(number);
      this.#chunks.get(last)?.fill(0, size % CHUNK);
    }
    this.size = size;
  }
}

/** A handle on a file in memory. */
export class MemoryFile implements IoFile {
  readonly #content: MemoryContent;
  readonly #path: string;
  readonly #writable: boolean;
  #closed = false;

  /** Opens `content`; `path` is for messages only. */
  constructor(content: MemoryContent, path: string, writable: boolean) {
    this.#content = content;
    this.#path = path;
    this.#writable = writable;
  }

  readAt(buffer: Uint8Array, offset: number): number {
    this.#checkOpen();
    checkByteCount("offset", offset);
    return this.#content.read(buffer, offset);
  }

  writeAt(buffer: Uint8Array, offset: number): void {
    this.#checkWritable();
    checkByteCount("offset", offset);
    this.#content.write(buffer, offset);
  }

  truncate(size: number): void {
    this.#checkWritable();
    checkByteCount("size", size);
    this.#content.resize(size);
  }

  size(): number {
    this.#checkOpen();
    return this.#content.size;
  }

  sync(): void {
    this.#checkOpen();
  }

  async syncAsync(): Promise<void> {
    this.#checkOpen();
  }

  close(): void {
    this.#closed = true;
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError(this.#path);
  }

  #checkWritable(): void {
    if (this.#closed) throw closedError(this.#path);
    if (!this.#writable) throw readOnlyError(this.#path);
  }
}
