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
import { refuseHeldLockFile } from "./store_lock.ts";

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
    let fd: number | undefined;
    try {
      refuseHeldLockFile(this.#path);
      // Writable, as Windows asks of what is to be synced.
      fd = openSync(this.#path, "r+");
      if (isSameFile(fd, this.#fd)) return fd;
    } catch {
      // Renamed, removed, or no descriptors left: one is shared, as if there were one alone.
    }
    if (fd !== undefined) closeSync(fd);
    return undefined;
  }
}

function isSameFile(fd: number, other: number): boolean {
  const [one, two] = [fstatSync(fd, { bigint: true }), fstatSync(other, { bigint: true })];
  return one.ino === two.ino && one.dev === two.dev;
}
