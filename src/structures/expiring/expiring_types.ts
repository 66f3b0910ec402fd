/**
 * The views of an index whose entries may expire.
 *
 * @module
 */

import type { Change } from "../../kernel/watch/change.ts";
import type { WatchRange } from "../index/index_types.ts";
import type { IndexedReader, IndexedWriter } from "../secondary/secondary_types.ts";

/** When an entry expires: one of both, or never. */
export interface Expiry {
  /** In milliseconds since 1970: from then on it is not there. */
  readonly expiresAt?: number;
  /** In milliseconds after the time of the transaction, from 1 on. */
  readonly ttlMs?: number;
}

/**
 * Reads an index whose entries may expire. What has expired is not there, for every method: by the
 * present in `db.open`, by the time when it was taken in a snapshot, by the time when the
 * transaction first asked in that, by the time of their making in iterators. So what one of them
 * sees does not change by waiting. `count` walks over the entries, and `keys` reads their values.
 */
export interface ExpiringReader<K, V, S> extends IndexedReader<K, V, S> {
  /**
   * When the entry of a key expires, in milliseconds since 1970: `Infinity` if never, `undefined`
   * if there is none.
   */
  expiresAt(key: K): number | undefined;
}

/**
 * Reads and changes an index whose entries may expire. What has expired is replaced as if it were
 * not there, in mode "exclusive" and in unique secondary indexes too; until it is swept it takes
 * space. `update` and `compareAndSet` leave an entry the time that it has, `put` gives it another.
 */
export interface ExpiringWriter<K, V, S> extends ExpiringReader<K, V, S>, IndexedWriter<K, V, S> {
  /**
   * Puts as an index does, and says when the entry expires: never, unless `expiry` does. In mode
   * "exclusive" a key that has an equal value stays as it is, its time included.
   * @throws {TypeError} {RangeError} for a wrong expiry
   * @throws {StateError} `ALREADY_EXISTS`, `TOO_LARGE`
   */
  put(key: K, value: V, expiry?: Expiry): void;
  /**
   * Removes what has expired, the oldest first and at most `limit` entries. Reads only those.
   * @returns how many
   */
  sweep(limit?: number): number;
}

/** The access types of an index whose entries may expire. */
export interface ExpiringAccess<K, V, S> {
  /** `db.open(...)`. */
  readonly reader: ExpiringReader<K, V, S>;
  /** `tx.open(...)`. */
  readonly writer: ExpiringWriter<K, V, S>;
  /** `db.watch(...)`: to expire is no change, to be swept is a removal. */
  readonly change: Change<K, V>;
  /** What it can be narrowed to. */
  readonly range: WatchRange<K>;
}
