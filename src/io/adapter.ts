/**
 * The IO contract: all that Holdfast asks of a platform, small enough to model exactly in a
 * simulated disk. The hot path (an open file) is synchronous and positional; the namespace is
 * asynchronous, because OPFS can do it no other way.
 *
 * Errors: every method throws or rejects with `IoError` (codes `NO_SPACE`, `IO_*`); an unknown
 * operating system error is `IO_FAILED`, never a known one.
 *
 * @module
 */

import type { Digest } from "../base/digest.ts";

/** What a backend guarantees. The core branches on these and never on the name of a runtime. */
export interface IoCapabilities {
  /** `sync` reaches a medium that survives power loss. */
  readonly durable: boolean;
  /** A created, renamed or removed name is durable only after `syncDirectory`. */
  readonly directorySync: boolean;
  /** `rename` replaces an existing target atomically. */
  readonly atomicReplace: boolean;
  /** `syncAsync` runs off the thread; otherwise it is `sync` behind a promise. */
  readonly asyncSync: boolean;
  /** Who `tryLock` keeps out: other processes ("kernel"), or handles of this process alone. */
  readonly lock: "kernel" | "process";
}

/** How to open a file: it must exist for "read" and "write", must not exist for "create-new". */
export type IoOpenMode = "read" | "write" | "create" | "create-new";

/** An open file. One owner; not shared between threads. */
export interface IoFile {
  /**
   * Reads into the whole of `buffer` from byte `offset`; loops over short reads. A device that gives
   * nothing before the end of the file is `IO_FAILED`, never a short count.
   * @returns bytes read: less than `buffer.length` only at the end of the file.
   */
  readAt(buffer: Uint8Array, offset: number): number;
  /**
   * Writes the whole of `buffer` at byte `offset`; loops over short writes, where a device that
   * takes nothing is `IO_FAILED`; a hole before `offset` reads as zeros. Not durable until `sync`.
   * On failure any part may have been written.
   */
  writeAt(buffer: Uint8Array, offset: number): void;
  /** Cuts or extends (with zeros) to `size` bytes. Not durable until `sync`. */
  truncate(size: number): void;
  /** Size in bytes, tracked by the adapter: never asks the operating system. */
  size(): number;
  /**
   * Returns when all writes and truncates that returned before the call are durable (not the
   * file's name: see `syncDirectory`). After a failure the state of those writes is unknown, and
   * a later success proves nothing: never retry.
   *
   * Syncs of one file may overlap. On a real system a write that fails fails every sync that was to
   * make it durable, and after one has failed all others do; a simulated one may tell only the first.
   */
  sync(): void;
  /** Like `sync`, off the thread where the capability `asyncSync` says so. */
  syncAsync(): Promise<void>;
  /** Releases the file. Idempotent. Makes nothing durable. */
  close(): void;
}

/** One owner alone, or any number of readers and no owner. */
export type IoLockMode = "exclusive" | "shared";

/** A held lock. `release` ends it, and so does the death of its process, however it dies. */
export interface IoLock {
  /** The real path of the store: what its owner opens, renames and syncs by. */
  readonly path: string;
  /** Frees the lock. Idempotent. */
  release(): void;
}

/** The facts about one file that opening a store needs. */
export interface IoStat {
  /** Size in bytes. */
  readonly size: number;
  /** Number of hard links; 1 where the platform cannot tell. */
  readonly links: number;
}

/** A platform: files, names, locks, clock, entropy, turns of the event loop. */
export interface IoAdapter {
  /** A short name for messages, for example "node". */
  readonly name: string;
  /** What this backend guarantees. */
  readonly capabilities: IoCapabilities;
  /** Opens a file; a created one has mode 0600. */
  open(path: string, mode: IoOpenMode): Promise<IoFile>;
  /** Size and link count, or `undefined` when there is no such file. */
  stat(path: string): Promise<IoStat | undefined>;
  /** The names in a folder, sorted, without "." and "..". */
  list(directory: string): Promise<string[]>;
  /** Renames within one folder, replacing the target. Durable after `syncDirectory`. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; a missing one is no error. Durable after `syncDirectory`. */
  remove(path: string): Promise<void>;
  /** Makes the names of the folder that holds `path` durable. */
  syncDirectory(path: string): Promise<void>;
  /**
   * Tries to become the owner of the store at `path`, or one of its readers, at once; by real path,
   * so that symbolic links do not matter. The data file itself may not exist yet, its folder must.
   *
   * A reader needs no permission to write: where the lock file does not exist and cannot be made,
   * it goes on without the kernel's lock. On a file system that is read-only nobody can become the
   * owner; elsewhere somebody with more rights can, whom only a lock on the data file would stop.
   * @param mode default "exclusive"
   * @returns the lock, or `undefined` when an owner, or for an owner anybody, holds it. An attempt
   *   that is refused may for that moment be in the way of another one.
   */
  tryLock(path: string, mode?: IoLockMode): Promise<IoLock | undefined>;
  /** Milliseconds since 1970, may go backwards. */
  now(): number;
  /** Milliseconds of a clock that never goes backwards. */
  monotonic(): number;
  /** Fills `bytes` with unpredictable bytes. */
  random(bytes: Uint8Array): void;
  /** Calls back in the next turn of the event loop, after pending I/O and promise jobs. */
  nextTurn(callback: () => void): void;
  /** CRC-32 (IEEE) where the platform has a native one: `(bytes, start value)`. */
  readonly crc32?: (bytes: Uint8Array, value?: number) => number;
  /** The platform's own digest function of a name, where it has one that works incrementally. */
  readonly digest?: (name: string) => Digest | undefined;
}
