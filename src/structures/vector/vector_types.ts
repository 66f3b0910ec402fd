/**
 * What vectors offer.
 *
 * @module
 */

import type { Codec } from "../../base/key_codec.ts";
import type { Change } from "../../kernel/watch/change.ts";
import type { BigintArray, NumberArray } from "./column.ts";

/**
 * The typed array of a column. Of a part that is no number, date or boolean it is the bytes of its
 * codec, one element's behind another's.
 */
export type ColumnOf<V> = [V] extends [bigint] ? BigintArray
  : [V] extends [Date] ? Float64Array<ArrayBuffer>
  : [V] extends [number] ? NumberArray
  : Uint8Array<ArrayBuffer>;

/** Where an element that is to be migrated comes from. */
export interface VectorOrigin {
  /** The data version under which it was written. */
  readonly version: number;
  /** The codec of which it is. */
  readonly codec: Codec<unknown>;
  /** Its index, which stays. */
  readonly index: number;
}

/** Options of a vector. */
export interface VectorOptions<T> {
  /**
   * What elements read as that were never set, or were deleted. Part of the format. Without it they
   * read as `undefined`.
   */
  readonly default?: T;
  /** Version of the data, a whole number. @default 0 */
  readonly version?: number;
  /**
   * Makes an element of this definition of one that was written under a lower version, by another
   * codec perhaps. Called for all of them, in the order of their indexes, by the transaction that
   * opens the vector first. What it throws, `tx.open` throws, and nothing was changed.
   */
  migrate?(element: unknown, origin: VectorOrigin): T;
}

/** Reads a vector. Indexes are whole numbers below `length`. */
export interface VectorReader<T> {
  /** Number of elements, absent ones included. */
  readonly length: number;
  /** An element; `undefined` where there is none, and the default, if there is one, where it is absent. */
  get(index: number): T | undefined;
  /** As `get`; a negative index counts from the end. */
  at(index: number): T | undefined;
  /** Whether an element was set, to whatever value, and not deleted. */
  has(index: number): boolean;
  /**
   * Index and value of each element from `from` on and before `to`, as they are at the call, in the
   * order of indexes. Absent elements are left out, unless there is a default that they read as.
   */
  entries(from?: number, to?: number): IterableIterator<[number, T]>;
  /** The values of `entries`. */
  values(from?: number, to?: number): IterableIterator<T>;
  /** The values of all elements. */
  [Symbol.iterator](): IterableIterator<T>;
  /**
   * One field of elements that are structs or tuples (by its place there, as text) as a typed array
   * that is yours: entry 0 is that of element `from`. Absent elements are the default, or 0: see
   * `presence`.
   * @throws {TypeError} there is no such field, or its values do not go into typed arrays (u128, i128)
   */
  field<K extends keyof T & string>(name: K, from?: number, to?: number): ColumnOf<T[K]>;
  /** As `field`, of elements that are no structs or tuples: all of the vector is one column. */
  toTypedArray(from?: number, to?: number): ColumnOf<T>;
  /** 1 for each element that was set, 0 for each that is absent. */
  presence(from?: number, to?: number): Uint8Array<ArrayBuffer>;
  /**
   * The index of an element that equals `target`, in a vector that is sorted; else a negative number
   * whose complement (`~`) is where it would have to be inserted. `compare` says by a negative
   * number that an element stands before the target; needed but for numbers, bigints, strings,
   * booleans and dates.
   * @throws {StateError} `NOT_FOUND`: it came to an absent element
   */
  binarySearch<U = T>(target: U, compare?: (element: T, target: U) => number): number;
}

/**
 * Reads and changes a vector in a transaction. Transactions that set elements far from each other do
 * not conflict; those that change the length do, at every isolation, and so do those that change
 * elements of one chunk. A method that throws has changed nothing.
 */
export interface VectorWriter<T> extends VectorReader<T> {
  /**
   * Sets an element. An index from the length on makes the vector longer: those between are absent,
   * and take no space.
   * @throws {RangeError} the index is no whole number from 0 to 2^53 - 2
   */
  set(index: number, element: T): void;
  /** Adds elements at the end. @returns the new length */
  push(...elements: T[]): number;
  /** Removes the last element. @returns it; `undefined` of an empty vector */
  pop(): T | undefined;
  /** Puts elements before the one at an index, which may be the length. Costs what stands behind. */
  insert(index: number, ...elements: T[]): number;
  /** Removes an element, and moves those behind it. @returns it */
  removeAt(index: number): T | undefined;
  /** Removes an element, and moves the last one to its place. @returns it */
  swapRemove(index: number): T | undefined;
  /** Makes an element absent. @returns whether it was set */
  delete(index: number): boolean;
  /** Makes it no longer than this. */
  truncate(length: number): void;
  /** Makes it as long as this: what is new is `fill`, or absent. */
  resize(length: number, fill?: T): void;
  /** Says how long it is going to be. Space is taken when elements are set, so this only checks. */
  reserve(length: number): void;
  /** Sets all elements of a range; negative bounds count from the end. */
  fill(element: T, from?: number, to?: number): void;
  /** Adds elements at the end, all or none. @returns the new length */
  extend(elements: Iterable<T>): number;
  /** Removes all elements. */
  clear(): void;
}

/** The access types of a vector. */
export interface VectorAccess<T> {
  /** `db.open(...)`. */
  readonly reader: VectorReader<T>;
  /** `tx.open(...)`. */
  readonly writer: VectorWriter<T>;
  /**
   * `db.watch(...)`: a chunk of neighbouring elements was changed. The key is the index of the first,
   * the value all of them, `undefined` where one is absent.
   */
  readonly change: Change<number, (T | undefined)[]>;
}
