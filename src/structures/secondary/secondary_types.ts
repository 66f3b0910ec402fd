/**
 * Secondary indexes: the records of an index by something in their values.
 *
 * @module
 */

import type { KeyCodec } from "../../base/key_codec.ts";
import type { Change } from "../../kernel/watch/change.ts";
import type { CheckProblem } from "../../kernel/check/check.ts";
import type { IndexReader, IndexWriter, RangeOptions, WatchRange } from "../index/index_types.ts";

/**
 * What a secondary index keeps of each record. `of` must depend on nothing but its arguments; it
 * gets values as they come back from their codec. What it throws, a put throws, and changes nothing.
 */
export type SecondaryIndex<K, V, S> =
  & {
    /** Order-preserving codec of the secondary keys. */
    readonly key: KeyCodec<S>;
    /** Whether two records must not have a key in common. @default false */
    readonly unique?: boolean;
  }
  & (
    | {
      /** A record has at most one key. */
      readonly multi?: false;
      /** The key of a record, or `undefined` to leave it out. */
      readonly of: (value: V, key: K) => NoInfer<S> | undefined;
    }
    | {
      /** A record has any number of keys. */
      readonly multi: true;
      /** The keys of a record; one given twice counts once. */
      readonly of: (value: V, key: K) => Iterable<NoInfer<S>>;
    }
  );

/** Secondary indexes by name; `S` has the types of their keys. */
export type SecondaryIndexes<K, V, S> = {
  readonly [N in keyof S]: SecondaryIndex<K, V, S[N]>;
};

/**
 * Reads records by a secondary key, in the order of it, then of their own. Iterators are as those of
 * {@linkcode IndexReader}, and see keys and records of one moment.
 */
export interface SecondaryReader<S, K, V> {
  /** The records that have a secondary key. */
  get(key: S): [K, V][];
  /** The first of them. */
  one(key: S): [K, V] | undefined;
  /** Whether there is one. */
  has(key: S): boolean;
  /** Number of entries: of records, each as often as it has keys in the range. */
  count(range?: RangeOptions<S>): number;
  /** Secondary key, key and value, once for each key of a record. */
  range(range?: RangeOptions<S>): IterableIterator<[S, K, V]>;
  /** Secondary key and key; reads no values. */
  keys(range?: RangeOptions<S>): IterableIterator<[S, K]>;
}

/** What {@linkcode IndexedReader.verify} found. */
export interface VerifyReport {
  /** Whether all secondary indexes agree with the records. */
  readonly ok: boolean;
  /** Where they do not, at most 1,000 entries. */
  readonly problems: readonly CheckProblem[];
}

/** Reads an index that has secondary ones. */
export interface IndexedReader<K, V, S> extends IndexReader<K, V, V | undefined> {
  /** The records by one of the secondary indexes. @throws {RangeError} if there is none so named */
  by<N extends keyof S & string>(name: N): SecondaryReader<S[N], K, V>;
  /** Compares every record with the secondary indexes, and the other way round. */
  verify(): VerifyReport;
}

/**
 * Reads and changes an index that has secondary ones, which follow in the same transaction.
 * Whatever puts a record throws `ALREADY_EXISTS`, and changes nothing, where another record has a
 * key of it in a unique index.
 */
export interface IndexedWriter<K, V, S>
  extends IndexedReader<K, V, S>, IndexWriter<K, V, V | undefined> {
  /**
   * Makes a secondary index anew from the records: after a change of what `of` does. The commit
   * conflicts with every other change of records.
   * @throws {StateError} `ALREADY_EXISTS`: it is unique, and two records have a key in common;
   *   nothing has changed
   */
  rebuild(name: keyof S & string): void;
}

/** The access types of an index that has secondary ones. */
export interface IndexedAccess<K, V, S> {
  /** `db.open(...)`. */
  readonly reader: IndexedReader<K, V, S>;
  /** `tx.open(...)`. */
  readonly writer: IndexedWriter<K, V, S>;
  /** `db.watch(...)`. */
  readonly change: Change<K, V>;
  /** What it can be narrowed to. */
  readonly range: WatchRange<K>;
}
