/**
 * The options and views of an index.
 *
 * @module
 */

import type { Codec, KeyCodec } from "../base/key_codec.ts";
import type { Change } from "../kernel/change.ts";

/** What a put does when the key is there: replace the value, or keep a sorted set of values. */
export type IndexMode = "replace" | "cluster";

/** Codecs and mode of an index. */
export interface IndexOptions<K, V, M extends IndexMode = IndexMode> {
  /** Order-preserving codec of the keys. */
  readonly key: KeyCodec<K>;
  /** Codec of the values; in mode "cluster" an order-preserving one. */
  readonly value: M extends "cluster" ? KeyCodec<V> : Codec<V>;
  /** What a put does when the key is there. @default "replace" */
  readonly mode?: M;
}

/** Bounds of a range: half-open or closed on either side, in either direction. */
export interface RangeOptions<K> {
  /** Only keys above this one. */
  readonly gt?: K;
  /** Only keys from this one on. */
  readonly gte?: K;
  /** Only keys below this one. */
  readonly lt?: K;
  /** Only keys up to this one. */
  readonly lte?: K;
  /** From high to low. */
  readonly reverse?: boolean;
  /** At most this many entries. */
  readonly limit?: number;
}

/** Reads an index. Results are owned by the caller. */
export interface IndexReader<K, V, G> {
  /** Mode "replace": the value, or `undefined`. Mode "cluster": all values, in order. */
  get(key: K): G;
  /** The (first) value, or `undefined`. */
  one(key: K): V | undefined;
  /** Whether the key is there. */
  has(key: K): boolean;
  /** Number of entries: of keys, or in mode "cluster" of pairs. */
  count(): number;
  /** Entries in key order, as they are at the call; later changes do not show. */
  range(options?: RangeOptions<K>): IterableIterator<[K, V]>;
}

/** Reads and changes an index in a transaction. */
export interface IndexWriter<K, V, G> extends IndexReader<K, V, G> {
  /** Mode "replace": sets the value. Mode "cluster": adds it to the set of the key. */
  put(key: K, value: V): void;
  /**
   * Removes a key, or in mode "cluster" one value of it when `value` is given.
   * @returns whether anything was removed
   */
  remove(key: K, value?: V): boolean;
}

/** What a watch of an index can be narrowed to: one key, or the keys between bounds. */
export interface WatchRange<K> {
  /** Only this key. */
  readonly key?: K;
  /** Only keys above this one. */
  readonly gt?: K;
  /** Only keys from this one on. */
  readonly gte?: K;
  /** Only keys below this one. */
  readonly lt?: K;
  /** Only keys up to this one. */
  readonly lte?: K;
}

/** The access types of an index. */
export interface IndexAccess<K, V, G> {
  /** `db.open(...)`. */
  readonly reader: IndexReader<K, V, G>;
  /** `tx.open(...)`. */
  readonly writer: IndexWriter<K, V, G>;
  /** `db.watch(...)`. */
  readonly change: Change<K, V>;
  /** What it can be narrowed to. */
  readonly range: WatchRange<K>;
}
