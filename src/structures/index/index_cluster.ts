/**
 * An index with a sorted set of values a key: the tree key is the key's self-delimiting form
 * followed by the value, the tree value is empty. Duplicates are neighbours, and adding one twice
 * is the same as adding it once.
 *
 * @module
 */

import { ByteReader } from "../../base/byte_reader.ts";
import { ByteWriter } from "../../base/byte_writer.ts";
import type { KeyCodec } from "../../base/key_codec.ts";
import type { HeldCursor, TreeReader, TreeWriter } from "../../kernel/definition.ts";
import type { KeyBounds } from "../../kernel/tree/tree_cursor.ts";
import { type CursorWindow, visitCursor } from "../cursor_iterator.ts";
import { type EntryLayout, EntryReader } from "./index_entries.ts";
import { rangeBounds, rangeWindow } from "./index_range.ts";
import type { IndexReader, IndexWriter, RangeOptions } from "./index_types.ts";
import { removeEntries } from "../remove_entries.ts";

const pairBytes = new ByteWriter(128);
const NOTHING: Uint8Array = new Uint8Array(0);
const ONE: CursorWindow = { offset: 0, limit: 1 };

/** Where the pairs of such an index lie. */
export class ClusterLayout<K, V> implements EntryLayout<K, V> {
  readonly key: KeyCodec<K>;
  readonly value: KeyCodec<V>;

  /** Lays out keys and values of these codecs. */
  constructor(key: KeyCodec<K>, value: KeyCodec<V>) {
    this.key = key;
    this.value = value;
  }

  bounds(range: RangeOptions<K>): KeyBounds {
    return rangeBounds(range, this.key, true);
  }

  keyAt(cursor: HeldCursor): K {
    return this.key.decodeElement(
      new ByteReader(cursor.keyBytes, cursor.keyBegin, cursor.keyEnd),
    );
  }

  valueAt(cursor: HeldCursor): V {
    return this.entryAt(cursor)[1];
  }

  entryAt(cursor: HeldCursor): [K, V] {
    const reader = new ByteReader(cursor.keyBytes, cursor.keyBegin, cursor.keyEnd);
    const key = this.key.decodeElement(reader);
    return [key, this.value.decode(cursor.keyBytes, reader.position, cursor.keyEnd)];
  }
}

/** Reading view of mode "cluster". */
export class ClusterReader<K, V> extends EntryReader<K, V> implements IndexReader<K, V, V[]> {
  readonly #tree: TreeReader;
  readonly #layout: ClusterLayout<K, V>;

  /** Binds a layout to a tree. */
  constructor(tree: TreeReader, layout: ClusterLayout<K, V>) {
    super(tree, layout);
    this.#tree = tree;
    this.#layout = layout;
  }

  get(key: K): V[] {
    return [...this.values({ gte: key, lte: key })];
  }

  getMany(keys: Iterable<K>): V[][] {
    return Array.from(keys, (key) => this.get(key));
  }

  one(key: K): V | undefined {
    const [value] = this.values({ gte: key, lte: key, limit: 1 });
    return value;
  }

  has(key: K): boolean {
    const bounds = this.#layout.bounds({ gte: key, lte: key });
    return visitCursor(this.#tree.cursor(bounds), ONE) > 0;
  }
}

/** Writing view of mode "cluster". */
export class ClusterWriter<K, V> extends ClusterReader<K, V> implements IndexWriter<K, V, V[]> {
  readonly #tree: TreeWriter;
  readonly #layout: ClusterLayout<K, V>;

  /** Binds a layout to a tree of a transaction. */
  constructor(tree: TreeWriter, layout: ClusterLayout<K, V>) {
    super(tree, layout);
    this.#tree = tree;
    this.#layout = layout;
  }

  put(key: K, value: V): void {
    this.#tree.put(this.#pair(key, value), NOTHING, 0);
  }

  remove(key: K, value?: V): boolean {
    if (value !== undefined) return this.#tree.remove(this.#pair(key, value));
    return this.deleteRange({ gte: key, lte: key }) > 0;
  }

  deleteRange(range: RangeOptions<K>): number {
    const window = rangeWindow(range);
    return removeEntries(this.#tree, this.#layout.bounds(range), window);
  }

  compareAndSet(key: K, expected: V | undefined, next: V | undefined): boolean {
    return this.#tree.atomic(() => {
      if (expected === undefined) {
        if (this.has(key)) return false;
      } else if (!this.#tree.remove(this.#pair(key, expected), "unchanged")) return false;
      if (next !== undefined) this.put(key, next);
      return true;
    });
  }

  update<R extends V[]>(key: K, change: (present: V[]) => R): R {
    const next = change(this.get(key));
    this.#tree.atomic(() => {
      this.remove(key);
      for (const value of next) this.put(key, value);
    });
    return next;
  }

  #pair(key: K, value: V): ByteWriter {
    pairBytes.reset();
    this.#layout.key.encodeElement(key, pairBytes);
    this.#layout.value.encode(value, pairBytes);
    return pairBytes;
  }
}
