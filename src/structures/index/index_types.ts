/**
 * The options and views of an index.
 *
 * @module
 */

import type { Codec, KeyCodec } from "../../base/key_codec.ts";
import type { Change } from "../../kernel/watch/change.ts";

/**
 * What a put does when the key is there: replace the value, refuse another value, or keep a sorted
 * set of values.
 */
export type IndexMode = "replace" | "exclusive" | "cluster";

/** Codecs and mode of an index. */
export interface IndexOptions<K, V, M extends IndexMode = IndexMode> {
  /** Order-preserving codec of the keys. */
  readonly key: KeyCodec<K>;
  /** Codec of the values; in mode "cluster" an order-preserving one. */
  readonly value: M extends "cluster" ? KeyCodec<V> : Codec<V>;
  /** What a put does when the key is there. @default "replace" */
  readonly mode?: M;
}

/** The first elements of a tuple, but not all of them. */
export type TuplePrefix<T extends readonly unknown[]> = T extends
  readonly [infer Head, infer Next, ...infer Rest]
  ? readonly [] | readonly [Head, ...TuplePrefix<readonly [Next, ...Rest]>]
  : readonly [];

/** What a key may begin with: a string, bytes, or the first elements of a tuple. */
export type KeyPrefix<K> = K extends string | Uint8Array ? K
  : K extends readonly unknown[] ? TuplePrefix<K>
  : never;

/**
 * Which entries: all that meet every bound given. Bounds in the wrong order meet at no entry.
 */
export interface RangeOptions<K> {
  /** Only keys above this one. */
  readonly gt?: K;
  /** Only keys from this one on. */
  readonly gte?: K;
  /** Only keys below this one. */
  readonly lt?: K;
  /** Only keys up to this one. */
  readonly lte?: K;
  /**
   * Only keys that begin with this: for keys of `codec.string`, `bytes`, `fixed`, `tuple`, and
   * `desc` of these. A prefix of a tuple is its first elements, each of them whole.
   */
  readonly prefix?: KeyPrefix<K>;
  /** From high to low. */
  readonly reverse?: boolean;
  /** So many entries are passed over first. @default 0 */
  readonly offset?: number;
  /** At most this many entries. */
  readonly limit?: number;
}

/**
 * Reads an index. Results are owned by the caller.
 *
 * Iterators are lazy and see the entries as they were at the call, whatever changes meanwhile: to
 * remove what they yield is safe. They hold that view until they end, fail, or are left by `break`
 * or `return()`. One that has failed fails again with the same error.
 */
export interface IndexReader<K, V, G> {
  /** Modes "replace" and "exclusive": the value, or `undefined`. Mode "cluster": all, in order. */
  get(key: K): G;
  /** What `get` gives for each key. */
  getMany(keys: Iterable<K>): G[];
  /** The (first) value, or `undefined`. */
  one(key: K): V | undefined;
  /** Whether the key is there. */
  has(key: K): boolean;
  /** The entry with the lowest key. */
  first(): [K, V] | undefined;
  /** The entry with the highest key. */
  last(): [K, V] | undefined;
  /** The last entry whose key is this one or below. */
  floor(key: K): [K, V] | undefined;
  /** The first entry whose key is this one or above. */
  ceiling(key: K): [K, V] | undefined;
  /**
   * Number of entries: of keys, or in mode "cluster" of pairs. Of a range, or in a transaction that
   * has changed something, it walks over them.
   */
  count(range?: RangeOptions<K>): number;
  /** Entries in key order. */
  range(range?: RangeOptions<K>): IterableIterator<[K, V]>;
  /** The keys of these entries; reads no values. */
  keys(range?: RangeOptions<K>): IterableIterator<K>;
  /** The values of these entries. */
  values(range?: RangeOptions<K>): IterableIterator<V>;
}

/** Reads and changes an index in a transaction. Values are equal if their bytes are. */
export interface IndexWriter<K, V, G> extends IndexReader<K, V, G> {
  /**
   * Mode "replace": sets the value. Mode "cluster": adds it to the set of the key. Mode
   * "exclusive": adds the key; a key that has an equal value stays as it is.
   * @throws {StateError} `ALREADY_EXISTS`: mode "exclusive", and the key has another value in what
   *   the transaction sees. If another transaction adds the key at the same time, the commit throws
   *   `CONFLICT`, and what `update` runs again meets that value. `TOO_LARGE`
   */
  put(key: K, value: V): void;
  /**
   * Removes a key, or when `value` is given only that value of it.
   * @returns whether anything was removed
   */
  remove(key: K, value?: V): boolean;
  /** Removes the entries of a range. @returns how many */
  deleteRange(range: RangeOptions<K>): number;
  /**
   * Changes a value if it is what the caller expects: `undefined` stands for a key that is not
   * there, before and after. In mode "cluster" `expected` is any one value of the key; that a key
   * has none is not looked after until the commit. Replaces in mode "exclusive" too.
   * @returns whether it was as expected
   */
  compareAndSet(key: K, expected: V | undefined, next: V | undefined): boolean;
  /**
   * Puts what `change` makes of the present value: of `undefined` if there is none, and `undefined`
   * removes it. In mode "cluster" of all values, and the array returned is the new set. Replaces in
   * mode "exclusive" too.
   *
   * ```ts
   * import { codec, Database, index } from "@holdfast/holdfast";
   *
   * const visits = index("visits", { key: codec.string, value: codec.u32 });
   * const db = await Database.memory();
   * const count = await db.update((tx) => tx.open(visits).update("home", (n = 0) => n + 1));
   * console.log(count); // 1
   * await db.close();
   * ```
   *
   * @returns what `change` returned
   * @throws {ConflictError} `CONFLICT`: mode "replace" or "exclusive", and another transaction has
   *   committed while `change` ran, where the isolation shows that; or a savepoint was rolled back
   */
  update<R extends G>(key: K, change: (present: G) => R): R;
}

/** What a watch of an index can be narrowed to: one key, or a range of keys. */
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
  /** Only keys that begin with this, as in {@linkcode RangeOptions}. */
  readonly prefix?: KeyPrefix<K>;
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
