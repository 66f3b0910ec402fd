/**
 * Open files of the origin private file system. The browser gives out one handle of a file that may
 * write, or any number that read; here all the files of one adapter share that handle.
 *
 * @module
 */

import type { IoFile } from "../../src/io/adapter.ts";
import { checkByteCount } from "../shared/argument.ts";
import {
  closedError,
  endedEarlyError,
  readOnlyError,
  takesNothingError,
} from "../shared/handle_errors.ts";
import { transfer } from "../shared/transfer.ts";
import { opfsError } from "./opfs_errors.ts";
import type { OpfsAccessHandle } from "./opfs_platform.ts";

/**
 * The one handle of a file in an adapter. Nobody outside changes the file while it is open: a
 * handle that may write is the only one, and one that reads keeps writers out. So the size is ours.
 */
export class OpfsHandle {
  /** Whether it may write. */
  readonly writable: boolean;
  /** For messages. */
  readonly path: string;
  readonly #access: OpfsAccessHandle;
  readonly #closed: () => void;
  #size: number;
  #users = 0;

  /** Takes over an open handle; `closed` is called when its last file was closed. */
  constructor(access: OpfsAccessHandle, path: string, writable: boolean, closed: () => void) {
    this.#access = access;
    this.path = path;
    this.writable = writable;
    this.#closed = closed;
    this.#size = access.getSize();
  }

  /** Size in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Opens one more file on it. */
  file(writable: boolean): IoFile {
    this.#users++;
    return new OpfsFile(this, writable);
  }

  /** Reads all of `buffer`, or up to the end of the file. */
  read(buffer: Uint8Array, offset: number): number {
    const done = transfer(buffer.length, (already) => {
      const at = offset + already;
      try {
        return this.#access.read(buffer.subarray(already), { at });
      } catch (error) {
        throw opfsError("read", this.path, error, at);
      }
    });
    if (done < buffer.length && offset + done < this.#size) {
      throw endedEarlyError(this.path, offset + done);
    }
    return done;
  }

  /** Writes all of `buffer`. */
  write(buffer: Uint8Array, offset: number): void {
    const done = transfer(buffer.length, (already) => {
      const at = offset + already;
      try {
        const count = this.#access.write(buffer.subarray(already), { at });
        if (count > 0 && at + count > this.#size) this.#size = at + count;
        return count;
      } catch (error) {
        this.#measure();
        throw opfsError("write", this.path, error, at);
      }
    });
    if (done === buffer.length) return;
    this.#measure();
    throw takesNothingError(this.path, offset + done);
  }

  /** Sets the size. */
  truncate(size: number): void {
    try {
      this.#access.truncate(size);
    } catch (error) {
      this.#measure();
      throw opfsError("truncate", this.path, error);
    }
    this.#size = size;
  }

  /** Flushes, once: after a failure nobody knows what was written. */
  flush(): void {
    try {
      this.#access.flush();
    } catch (error) {
      throw opfsError("sync", this.path, error);
    }
  }

  /** One file fewer; closes with the last. */
  leave(): void {
    if (--this.#users > 0) return;
    this.#closed();
    try {
      this.#access.close();
    } catch (error) {
      throw opfsError("close", this.path, error);
    }
  }

  #measure(): void {
    try {
      this.#size = this.#access.getSize();
    } catch (error) {
      throw opfsError("measure", this.path, error);
    }
  }
}

class OpfsFile implements IoFile {
  readonly #handle: OpfsHandle;
  readonly #writable: boolean;
  #closed = false;

  constructor(handle: OpfsHandle, writable: boolean) {
    this.#handle = handle;
    this.#writable = writable;
  }

  readAt(buffer: Uint8Array, offset: number): number {
    this.#checkOpen();
    checkByteCount("offset", offset);
    return this.#handle.read(buffer, offset);
  }

  writeAt(buffer: Uint8Array, offset: number): void {
    this.#checkWritable();
    checkByteCount("offset", offset);
    this.#handle.write(buffer, offset);
  }

  truncate(size: number): void {
    this.#checkWritable();
    checkByteCount("size", size);
    this.#handle.truncate(size);
  }

  size(): number {
    this.#checkOpen();
    return this.#handle.size;
  }

  // A handle that only reads has nothing to flush, and browsers refuse it the call.
  sync(): void {
    this.#checkOpen();
    if (this.#handle.writable) this.#handle.flush();
  }

  async syncAsync(): Promise<void> {
    this.sync();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handle.leave();
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError(this.#handle.path);
  }

  #checkWritable(): void {
    this.#checkOpen();
    if (!this.#writable) throw readOnlyError(this.#handle.path);
  }
}
