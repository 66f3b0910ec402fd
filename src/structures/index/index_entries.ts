/**
 * What all modes of an index read alike: entries in key order.
 *
 * @module
 */

import type { HeldCursor, TreeReader } from "../../kernel/definition.ts";
import type { KeyBounds } from "../../kernel/tree/tree_cursor.ts";
import { CursorIterator, visitCursor } from "../cursor_iterator.ts";
import { rangeWindow } from "./index_range.ts";
import type { RangeOptions } from "./index_types.ts";

/** How the entries of an index lie in its tree. */
export interface EntryLayout<K, V> {
  /** The tree keys between which a range lies. */
  bounds(range: RangeOptions<K>): KeyBounds;
  /** The key of the entry at which a cursor stands. */
  keyAt(cursor: HeldCursor): K;
  /** Its value. */
  valueAt(cursor: HeldCursor): V;
  /** Both. */
  entryAt(cursor: HeldCursor): [K, V];
}

/** Reads entries of a tree. */
export class EntryReader<K, V> {
  readonly #tree: TreeReader;
  readonly #layout: EntryLayout<K, V>;
  readonly #keyAt = (cursor: HeldCursor): K => this.#layout.keyAt(cursor);
  readonly #valueAt = (cursor: HeldCursor): V => this.#layout.valueAt(cursor);
  readonly #entryAt = (cursor: HeldCursor): [K, V] => this.#layout.entryAt(cursor);

  /** Binds a layout to a tree. */
  constructor(tree: TreeReader, layout: EntryLayout<K, V>) {
    this.#tree = tree;
    this.#layout = layout;
  }

  first(): [K, V] | undefined {
    return this.#firstOf({});
  }

  last(): [K, V] | undefined {
    return this.#firstOf({ reverse: true });
  }

  floor(key: K): [K, V] | undefined {
    return this.#firstOf({ lte: key, reverse: true });
  }

  ceiling(key: K): [K, V] | undefined {
    return this.#firstOf({ gte: key });
  }

  count(range?: RangeOptions<K>): number {
    if (range === undefined) return this.#tree.count();
    const window = rangeWindow(range);
    return visitCursor(this.#cursor(range), window);
  }

  range(range: RangeOptions<K> = {}): IterableIterator<[K, V]> {
    return this.#iterate(range, this.#entryAt);
  }

  keys(range: RangeOptions<K> = {}): IterableIterator<K> {
    return this.#iterate(range, this.#keyAt);
  }

  values(range: RangeOptions<K> = {}): IterableIterator<V> {
    return this.#iterate(range, this.#valueAt);
  }

  #firstOf(range: RangeOptions<K>): [K, V] | undefined {
    let found: [K, V] | undefined;
    visitCursor(this.#cursor(range), { offset: 0, limit: 1 }, (cursor) => {
      found = this.#layout.entryAt(cursor);
    });
    return found;
  }

  #iterate<T>(range: RangeOptions<K>, decode: (cursor: HeldCursor) => T): IterableIterator<T> {
    // The window first: once there is a cursor, nothing may throw before somebody can close it.
    const window = rangeWindow(range);
    return new CursorIterator(this.#cursor(range), window, decode);
  }

  #cursor(range: RangeOptions<K>): HeldCursor {
    return this.#tree.cursor(this.#layout.bounds(range));
  }
}
