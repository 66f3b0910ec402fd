/**
 * An index with one value a key, in mode "replace" or "exclusive": tree key and tree value are key
 * and value.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { codec } from "../../base/codec.ts";
import { compareBytes } from "../../base/compare.ts";
import type { Codec, KeyCodec } from "../../base/key_codec.ts";
import { ConflictError, StateError } from "../../errors.ts";
import type { HeldCursor, TreeReader, TreeWriter } from "../../kernel/definition.ts";
import type { KeyBounds } from "../../kernel/tree/tree_cursor.ts";
import type { Guard } from "../../kernel/transaction/witness.ts";
import { type EntryLayout, EntryReader } from "./index_entries.ts";
import { rangeBounds, rangeWindow } from "./index_range.ts";
import type { IndexReader, IndexWriter, RangeOptions } from "./index_types.ts";
import { removeEntries } from "../remove_entries.ts";

/** Keys and values are encoded here; nothing keeps them beyond a call. */
const keyBytes = new ByteWriter(64);
const valueBytes = new ByteWriter(256);

/** Where the entries of such an index lie. */
export class SingleLayout<K, V> implements EntryLayout<K, V> {
  readonly key: KeyCodec<K>;
  readonly value: Codec<V>;
  /** Whether a put refuses a key that has another value. */
  readonly exclusive: boolean;

  /** Lays out keys and values of these codecs. */
  constructor(key: KeyCodec<K>, value: Codec<V>, exclusive: boolean) {
    this.key = key;
    this.value = value;
    this.exclusive = exclusive;
  }

  bounds(range: RangeOptions<K>): KeyBounds {
    return rangeBounds(range, this.key, false);
  }

  keyAt(cursor: HeldCursor): K {
    return this.key.decode(cursor.keyBytes, cursor.keyBegin, cursor.keyEnd);
  }

  valueAt(cursor: HeldCursor): V {
    cursor.loadValue();
    return this.value.decode(cursor.valueBytes, cursor.valueBegin, cursor.valueEnd);
  }

  entryAt(cursor: HeldCursor): [K, V] {
    return [this.keyAt(cursor), this.valueAt(cursor)];
  }
}

/** Reading view of modes "replace" and "exclusive". */
export class SingleReader<K, V> extends EntryReader<K, V>
  implements IndexReader<K, V, V | undefined> {
  readonly #tree: TreeReader;
  readonly #key: KeyCodec<K>;
  readonly #value: Codec<V>;

  /** Binds a layout to a tree. */
  constructor(tree: TreeReader, layout: SingleLayout<K, V>) {
    super(tree, layout);
    this.#tree = tree;
    this.#key = layout.key;
    this.#value = layout.value;
  }

  get(key: K): V | undefined {
    keyBytes.reset();
    this.#key.encode(key, keyBytes);
    return this.#tree.get(keyBytes, this.#value);
  }

  getMany(keys: Iterable<K>): (V | undefined)[] {
    const bytes = new ByteWriter(1024);
    const ends: number[] = [];
    for (const key of keys) {
      this.#key.encode(key, bytes);
      ends.push(bytes.length);
    }
    return this.#tree.getMany({ bytes, ends }, this.#value);
  }

  one(key: K): V | undefined {
    return this.get(key);
  }

  has(key: K): boolean {
    keyBytes.reset();
    this.#key.encode(key, keyBytes);
    return this.#tree.has(keyBytes);
  }
}

/** Writing view of modes "replace" and "exclusive". */
export class SingleWriter<K, V> extends SingleReader<K, V>
  implements IndexWriter<K, V, V | undefined> {
  readonly #tree: TreeWriter;
  readonly #layout: SingleLayout<K, V>;

  /** Binds a layout to a tree of a transaction. */
  constructor(tree: TreeWriter, layout: SingleLayout<K, V>) {
    super(tree, layout);
    this.#tree = tree;
    this.#layout = layout;
  }

  put(key: K, value: V): void {
    const { exclusive } = this.#layout;
    this.#encodeValue(value);
    this.#encodeKey(key);
    if (exclusive && this.#tree.probe(keyBytes)) {
      if (isEncoded(this.#tree.get(keyBytes, codec.bytes)!)) return;
      throw new StateError(
        "ALREADY_EXISTS",
        'Cannot put another value: the key has one, and the mode of the index is "exclusive"',
      );
    }
    this.#write(exclusive ? "unchanged" : undefined);
  }

  remove(key: K, value?: V): boolean {
    if (value !== undefined && !this.#holds(key, value)) return false;
    this.#encodeKey(key);
    return this.#tree.remove(keyBytes, value === undefined ? undefined : "unchanged");
  }

  deleteRange(range: RangeOptions<K>): number {
    const window = rangeWindow(range);
    return removeEntries(this.#tree, this.#layout.bounds(range), window);
  }

  compareAndSet(key: K, expected: V | undefined, next: V | undefined): boolean {
    if (expected === undefined ? this.has(key) : !this.#holds(key, expected)) return false;
    this.#set(key, next);
    return true;
  }

  update<R extends V | undefined>(key: K, change: (present: V | undefined) => R): R {
    const { revision } = this.#tree;
    const next = change(this.get(key));
    // What depends on the value is guarded from the put on, no earlier.
    if (this.#tree.revision !== revision) {
      throw new ConflictError(
        "CONFLICT",
        "Cannot update an entry: what its transaction sees has changed while the function ran",
      );
    }
    this.#set(key, next);
    return next;
  }

  /** Nobody else may change meanwhile what this depends on. */
  #set(key: K, value: V | undefined): void {
    if (value === undefined) {
      this.#encodeKey(key);
      this.#tree.remove(keyBytes, "unchanged");
      return;
    }
    this.#encodeValue(value);
    this.#encodeKey(key);
    this.#write("unchanged");
  }

  /** Whether the value of a key is this one. */
  #holds(key: K, value: V): boolean {
    this.#encodeValue(value);
    this.#encodeKey(key);
    const present = this.#tree.get(keyBytes, codec.bytes);
    return present !== undefined && isEncoded(present);
  }

  #encodeKey(key: K): void {
    keyBytes.reset();
    this.#layout.key.encode(key, keyBytes);
  }

  #encodeValue(value: V): void {
    valueBytes.reset();
    this.#layout.value.encode(value, valueBytes);
  }

  #write(guard: Guard | undefined): void {
    this.#tree.put(keyBytes, valueBytes.bytes, valueBytes.length, guard);
    valueBytes.shrink();
  }
}

/** Whether the value that was encoded last has these bytes. */
function isEncoded(bytes: Uint8Array): boolean {
  return compareBytes(bytes, 0, bytes.length, valueBytes.bytes, 0, valueBytes.length) === 0;
}
