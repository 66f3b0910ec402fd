/**
 * What every engine of the comparison must do. Each contestant opens one store in a folder of its
 * own; a method that returns a promise has kept the data when the promise resolves, one that
 * returns nothing has kept it when it returns: as safely as the durability says that it was opened
 * with.
 *
 * @module
 */

import type { WholeRows } from "./whole_rows.ts";

/** Where data is when a change is done: on the medium (survives power loss); with the system. */
export type Durability = "disk" | "os";

/** A value, or nothing. */
export type Found = Uint8Array | undefined;

/** One engine, open. Keys and values are plain `Uint8Array`s; a method may not keep them. */
export interface Contestant {
  /** Put, the way of the engine that is fastest for a single caller. */
  put(key: Uint8Array, value: Uint8Array): void | Promise<void>;
  /** Put, the way of the engine that is fastest when 64 callers do it at once. */
  putShared(key: Uint8Array, value: Uint8Array): void | Promise<void>;
  /** All entries in one transaction. */
  load(keys: readonly Uint8Array[], values: readonly Uint8Array[]): void | Promise<void>;
  /** The value in memory that the caller owns, `undefined` when absent. */
  get(key: Uint8Array): Found | Promise<Found>;
  /** The values of several keys in their order, owned by the caller; where the engine has that. */
  getMany?(keys: readonly Uint8Array[]): Found[] | Promise<Found[]>;
  /** Reads every entry in key order and folds it with {@link fold}. */
  scan(): ScanResult | Promise<ScanResult>;
  /** Append of one record to an ordered log, the way that is fastest when 64 callers do it. */
  append(record: Uint8Array): void | Promise<void>;
  /** What its log and its checkpoints have come to; where the engine tells. */
  upkeep?(): Upkeep;
  /** Set where the engine lives in another process: then the rows call nothing else of it. */
  readonly rows?: WholeRows;
  close(): void | Promise<void>;
}

/** Of an engine with a log that checkpoints empty. */
export interface Upkeep {
  /** In use: an opening would have to replay them if the process ended now. */
  readonly logBytes: number;
  /** Checkpoints that have ended since the store was opened. */
  readonly checkpoints: number;
  /** Pages written since then, which only checkpoints do. */
  readonly pagesWritten: number;
}

/** What a scan saw. `hash` depends on every key's order, so equal hashes mean equal scans. */
export interface ScanResult {
  readonly entries: number;
  readonly hash: number;
}

/** A way to open an engine, with the version the report names. */
export interface ContestantModule {
  readonly version: string;
  /** What the engine can be opened with. */
  readonly durabilities: readonly Durability[];
  /**
   * Opens the store of a folder, a new one if it is empty, with a cache of so many bytes
   * ({@link CACHE_BYTES} if nothing is said) where the engine has one.
   */
  open(directory: string, durability: Durability, cacheBytes?: number): Promise<Contestant>;
}

/** What an engine with a setting for it can be opened with. */
export const EITHER_DURABILITY: readonly Durability[] = ["disk", "os"];

/** Page or block cache of each engine that has one (lmdb maps its file instead). */
export const CACHE_BYTES: number = 256 * 1024 * 1024;

/** Folds one entry into a running hash: touches both ends of key and value. */
export function fold(hash: number, key: Uint8Array, value: Uint8Array): number {
  const ends = key[0]! ^ (key[key.length - 1]! << 8) ^ (value[0]! << 16) ^
    (value[value.length - 1]! << 24);
  return (Math.imul(hash, 31) + ends) | 0;
}
