/**
 * What every engine of the comparison must do. Each contestant opens one store in a folder of its
 * own; a method that returns a promise is durable (survives power loss) when the promise resolves,
 * one that returns nothing is durable when it returns.
 *
 * @module
 */

/** One engine, open. Keys and values are plain `Uint8Array`s; a method may not keep them. */
export interface Contestant {
  /** Durable put, the way of the engine that is fastest for a single caller. */
  put(key: Uint8Array, value: Uint8Array): void | Promise<void>;
  /** Durable put, the way of the engine that is fastest when 64 callers do it at once. */
  putShared(key: Uint8Array, value: Uint8Array): void | Promise<void>;
  /** All entries in one durable transaction. */
  load(keys: readonly Uint8Array[], values: readonly Uint8Array[]): void | Promise<void>;
  /** The value in memory that the caller owns, `undefined` when absent. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** Reads every entry in key order and folds it with {@link fold}. */
  scan(): ScanResult | Promise<ScanResult>;
  /** Durable append of one record to an ordered log. */
  append(record: Uint8Array): void | Promise<void>;
  close(): void | Promise<void>;
}

/** What a scan saw. `hash` depends on every key's order, so equal hashes mean equal scans. */
export interface ScanResult {
  readonly entries: number;
  readonly hash: number;
}

/** A way to open an engine, with the version the report names. */
export interface ContestantModule {
  readonly version: string;
  open(directory: string): Promise<Contestant>;
}

/** Page or block cache given to each engine that has one (lmdb maps its file instead). */
export const CACHE_BYTES: number = 256 * 1024 * 1024;

/** Folds one entry into a running hash: touches both ends of key and value. */
export function fold(hash: number, key: Uint8Array, value: Uint8Array): number {
  const ends = key[0]! ^ (key[key.length - 1]! << 8) ^ (value[0]! << 16) ^
    (value[value.length - 1]! << 24);
  return (Math.imul(hash, 31) + ends) | 0;
}
