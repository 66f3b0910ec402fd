/**
 * Descriptors for the syncs of one file that run off the thread: each has one of its own while it
 * runs.
 *
 * Linux tells of a failed write once for each open file description, to whichever sync asks first
 * (`errseq_t`, fs/sync.c). Of two syncs that overlap on one descriptor, both of which had to make
 * that write durable, the other one would succeed.
 *
 * @module
 */

import { closeSync, fstatSync, openSync } from "node:fs";

/** The descriptors of one file. */
export class SyncDescriptors {
  readonly #fd: number;
  readonly #path: string;
  readonly #idle: number[] = [];
  #closed = false;

  /** For the file that `fd` is open for, at `path`. */
  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#path = path;
  }

  /** One that no sync uses. Where the path leads to another file by now, that of the file itself. */
  take(): number {
    return this.#idle.pop() ?? this.#open() ?? this.#fd;
  }

  /** The sync has returned. */
  give(fd: number): void {
    if (fd === this.#fd) return;
    if (this.#closed) closeSync(fd);
    else this.#idle.push(fd);
  }

  /** Closes those that are idle, and the others when they are. */
  close(): void {
    this.#closed = true;
    for (const fd of this.#idle.splice(0)) closeSync(fd);
  }

  #open(): number | undefined {
    let fd: number;
    try {
      // Writable, as Windows asks of what is to be synced.
      fd = openSync(this.#path, "r+");
    } catch {
      // Renamed, removed, or no descriptors left: one is shared, as if there were one alone.
      return undefined;
    }
    const [mine, own] = [fstatSync(fd, { bigint: true }), fstatSync(this.#fd, { bigint: true })];
    if (mine.ino === own.ino && mine.dev === own.dev) return fd;
    closeSync(fd);
    return undefined;
  }
}
