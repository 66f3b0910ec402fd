/**
 * An open file on `node:fs`. Synchronous positional calls are the fast ones on Deno, Bun and Node
 * alike; the size is tracked, because asking costs 6 microseconds on Deno.
 *
 * Short writes differ: Bun returns the short count, Node retries and then returns it, Deno retries
 * and throws with the partial bytes in the file. `transfer` covers the first two; after any
 * failed write or truncate the size is measured anew, which covers the third.
 *
 * @module
 */

import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  readSync,
  writeSync,
} from "node:fs";
import type { IoFile } from "../../src/io/adapter.ts";
import { checkByteCount } from "../shared/argument.ts";
import {
  closedError,
  endedEarlyError,
  readOnlyError,
  takesNothingError,
} from "../shared/handle_errors.ts";
import { transfer } from "../shared/transfer.ts";
import { attempt, INTERRUPT_LIMIT, ioError, isInterrupted } from "./node_errors.ts";
import { SyncDescriptors } from "./sync_descriptors.ts";

/** One descriptor of the operating system, owned by this object. */
export class NodeFile implements IoFile {
  readonly #fd: number;
  readonly #path: string;
  readonly #writable: boolean;
  #size: number;
  #closed = false;
  readonly #syncs: SyncDescriptors;
  /** Asynchronous syncs under way: the descriptor must not be closed, and reused, under them. */
  #syncing = 0;
  /** The first failure of a sync: what one that overlapped it, or came after, says proves nothing. */
  #failure: { readonly error: unknown } | undefined;

  /** Takes over an open descriptor of a regular file of `size` bytes. */
  constructor(fd: number, path: string, size: number, writable: boolean) {
    this.#fd = fd;
    this.#path = path;
    this.#size = size;
    this.#writable = writable;
    this.#syncs = new SyncDescriptors(fd, path);
  }

  readAt(buffer: Uint8Array, offset: number): number {
    this.#checkOpen();
    checkByteCount("offset", offset);
    const done = transfer(
      buffer.length,
      (already) => this.#readSome(buffer, already, offset + already),
    );
    if (done < buffer.length && offset + done < this.#size && offset + done < this.#measured()) {
      throw endedEarlyError(this.#path, offset + done);
    }
    return done;
  }

  writeAt(buffer: Uint8Array, offset: number): void {
    this.#checkWritable();
    checkByteCount("offset", offset);
    const done = transfer(
      buffer.length,
      (already) => this.#writeSome(buffer, already, offset + already),
    );
    if (done === buffer.length) return;
    this.#measure();
    throw takesNothingError(this.#path, offset + done);
  }

  truncate(size: number): void {
    this.#checkWritable();
    checkByteCount("size", size);
    try {
      attempt("truncate", this.#path, () => ftruncateSync(this.#fd, size));
    } catch (error) {
      this.#measure();
      throw error;
    }
    this.#size = size;
  }

  size(): number {
    this.#checkOpen();
    return this.#size;
  }

  // fdatasync also flushes a changed size (POSIX: metadata needed to retrieve the data). No retry,
  // not even after EINTR: the kernel may have marked the pages clean.
  sync(): void {
    this.#checkOpen();
    try {
      fdatasyncSync(this.#fd);
    } catch (error) {
      this.#failed(error);
    }
    this.#checkSynced();
  }

  async syncAsync(): Promise<void> {
    this.#checkOpen();
    const fd = this.#syncs.take();
    this.#syncing++;
    try {
      await new Promise<void>((resolve, reject) => {
        fdatasync(fd, (error) => error ? reject(error) : resolve());
      });
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#syncs.give(fd);
      this.#syncing--;
      if (this.#closed && this.#syncing === 0) this.#closeDescriptor();
    }
    this.#checkSynced();
  }

  #failed(error: unknown): void {
    this.#failure ??= { error: ioError("sync", this.#path, error) };
  }

  #checkSynced(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#syncs.close();
    if (this.#syncing === 0) this.#closeDescriptor();
  }

  // Not repeated after EINTR: Linux has released the descriptor by then.
  #closeDescriptor(): void {
    try {
      closeSync(this.#fd);
    } catch (error) {
      throw ioError("close", this.#path, error);
    }
  }

  #readSome(buffer: Uint8Array, done: number, at: number): number {
    for (let interrupts = 0;; interrupts++) {
      try {
        return readSync(this.#fd, buffer, done, buffer.length - done, at);
      } catch (error) {
        if (isInterrupted(error) && interrupts < INTERRUPT_LIMIT) continue;
        throw ioError("read", this.#path, error, at);
      }
    }
  }

  #writeSome(buffer: Uint8Array, done: number, at: number): number {
    for (let interrupts = 0;; interrupts++) {
      try {
        const count = writeSync(this.#fd, buffer, done, buffer.length - done, at);
        if (count > 0 && at + count > this.#size) this.#size = at + count;
        return count;
      } catch (error) {
        if (isInterrupted(error) && interrupts < INTERRUPT_LIMIT) continue;
        this.#measure();
        throw ioError("write", this.#path, error, at);
      }
    }
  }

  #measure(): void {
    this.#size = this.#measured();
  }

  #measured(): number {
    return attempt("measure", this.#path, () => fstatSync(this.#fd).size);
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError(this.#path);
  }

  #checkWritable(): void {
    if (this.#closed) throw closedError(this.#path);
    if (!this.#writable) throw readOnlyError(this.#path);
  }
}
