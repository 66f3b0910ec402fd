/**
 * Whether a store may still acknowledge anything. The first failed write, sync or truncate of the
 * data file poisons it: after a failed sync nobody knows what is on the disk, and trying again can
 * report success for data that is lost. Only close, open and recovery lead on.
 *
 * @module
 */

import { IoError, isHoldfastError, StateError } from "../errors.ts";
import type { IoFile } from "../io/adapter.ts";

/** The state of one open store. */
export class Health {
  /** The first failure, once there was one. */
  cause: unknown = undefined;
  /** Whether there was one. */
  poisoned = false;
  /** Opened for reading: what is written stays in memory, so nothing may be acknowledged. */
  readOnly = false;
  /** Called once, with the first failure. */
  onPoison: (cause: unknown) => void = () => {};
  readonly #path: string;

  /** A healthy store. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Records the first failure; later ones change nothing. */
  poison(cause: unknown): void {
    if (this.poisoned) return;
    this.poisoned = true;
    this.cause = cause;
    this.onPoison(cause);
  }

  /** The error that every later write gets. */
  error(): StateError {
    return new StateError(
      "POISONED",
      `Cannot write to "${this.#path}": an earlier write or sync failed; close and open it again`,
      { path: this.#path, cause: this.cause },
    );
  }

  /** Whether commits may be acknowledged. */
  get writable(): boolean {
    return !this.poisoned && !this.readOnly;
  }

  /** Throws `POISONED` when the store is, `READ_ONLY` when it was opened for reading. */
  check(): void {
    if (this.poisoned) throw this.error();
    if (this.readOnly) {
      throw new StateError(
        "READ_ONLY",
        `Cannot write to "${this.#path}": it was opened for reading`,
        {
          path: this.#path,
        },
      );
    }
  }
}

/** A file whose failed writes and syncs poison the store. Reads pass through. */
export class GuardedFile implements IoFile {
  /** Syncs that returned. */
  syncs = 0;
  /** Bytes written since the last sync began. */
  unsynced = 0;
  /** Syncs off the thread that have not returned. */
  readonly #syncing = new Set<Promise<void>>();
  readonly #file: IoFile;
  readonly #health: Health;

  /** Guards `file`. */
  constructor(file: IoFile, health: Health) {
    this.#file = file;
    this.#health = health;
  }

  readAt(buffer: Uint8Array, offset: number): number {
    return this.#file.readAt(buffer, offset);
  }

  writeAt(buffer: Uint8Array, offset: number): void {
    this.#health.check();
    this.unsynced += buffer.length;
    try {
      this.#file.writeAt(buffer, offset);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Writes where the file ends. A full disk there is no damage, only a refused commit. */
  grow(buffer: Uint8Array, offset: number): void {
    this.unsynced += buffer.length;
    this.#file.writeAt(buffer, offset);
  }

  truncate(size: number): void {
    this.#health.check();
    try {
      this.#file.truncate(size);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  size(): number {
    return this.#file.size();
  }

  sync(): void {
    this.#health.check();
    this.unsynced = 0;
    try {
      this.#file.sync();
      this.syncs++;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  async syncAsync(): Promise<void> {
    this.#health.check();
    this.unsynced = 0;
    const sync = this.#file.syncAsync();
    this.#syncing.add(sync);
    try {
      await sync;
      this.syncs++;
    } catch (error) {
      throw this.#failed(error);
    } finally {
      this.#syncing.delete(sync);
    }
    this.#health.check();
  }

  /** Whether a sync off the thread has not returned. */
  get isSyncing(): boolean {
    return this.#syncing.size > 0;
  }

  /** Resolves when those have returned, or failed. */
  async syncsReturned(): Promise<void> {
    await Promise.allSettled(this.#syncing);
  }

  close(): void {
    this.#file.close();
  }

  /** `NO_SPACE` tells callers that nothing happened, which nobody knows here. */
  #failed(error: unknown): unknown {
    this.#health.poison(error);
    if (!isHoldfastError(error) || error.code !== "NO_SPACE") return error;
    const { message, path, offset } = error;
    const where = { ...(path !== undefined && { path }), ...(offset !== undefined && { offset }) };
    return new IoError("IO_FAILED", message, { ...where, cause: error });
  }
}
