/**
 * An index with one value a key: tree key and tree value are key and value.
 *
 * @module
 */

import { ByteWriter } from "../base/byte_writer.ts";
import type { Codec, KeyCodec } from "../base/key_codec.ts";
import type { HeldCursor, TreeReader, TreeWriter } from "../kernel/definition.ts";
import { CursorIterator } from "./cursor_iterator.ts";
import { rangeBounds, rangeLimit } from "./index_range.ts";
import type { IndexReader, IndexWriter, RangeOptions } from "./index_types.ts";

/** Keys are encoded here; nothing keeps them beyond a call. */
const keyBytes = new ByteWriter(64);
const valueBytes = new ByteWriter(256);

/** Reading view of mode "replace". */
export class ReplaceReader<K, V> implements IndexReader<K, V, V | undefined> {
  readonly #tree: TreeReader;
  readonly #key: KeyCodec<K>;
  readonly #value: Codec<V>;

  /** Binds codecs to a tree. */
  constructor(tree: TreeReader, key: KeyCodec<K>, value: Codec<V>) {
    this.#tree = tree;
    this.#key = key;
    this.#value = value;
  }

  get(key: K): V | undefined {
    keyBytes.reset();
    this.#key.encode(key, keyBytes);
    return this.#tree.get(keyBytes, this.#value);
  }

  one(key: K): V | undefined {
    return this.get(key);
  }

  has(key: K): boolean {
    keyBytes.reset();
    this.#key.encode(key, keyBytes);
    return this.#tree.has(keyBytes);
  }

  count(): number {
    return this.#tree.count();
  }

  range(options: RangeOptions<K> = {}): IterableIterator<[K, V]> {
    const limit = rangeLimit(options.limit);
    const bounds = rangeBounds(options, (key, out) => this.#key.encode(key, out));
    const keyCodec = this.#key;
    const valueCodec = this.#value;
    return new CursorIterator(this.#tree.cursor(bounds), limit, (cursor: HeldCursor): [K, V] => {
      cursor.loadValue();
      return [
        keyCodec.decode(cursor.keyBytes, cursor.keyBegin, cursor.keyEnd),
        valueCodec.decode(cursor.valueBytes, cursor.valueBegin, cursor.valueEnd),
      ];
    });
  }
}

/** Writing view of mode "replace". */
export class ReplaceWriter<K, V> extends ReplaceReader<K, V>
  implements IndexWriter<K, V, V | undefined> {
  readonly #tree: TreeWriter;
  readonly #key: KeyCodec<K>;
  readonly #value: Codec<V>;

  /** Binds codecs to a tree of a transaction. */
  constructor(tree: TreeWriter, key: KeyCodec<K>, value: Codec<V>) {
    super(tree, key, value);
    this.#tree = tree;
    this.#key = key;
    this.#value = value;
  }

  put(key: K, value: V): void {
    keyBytes.reset();
    this.#key.encode(key, keyBytes);
    valueBytes.reset();
    this.#value.encode(value, valueBytes);
    this.#tree.put(keyBytes, valueBytes.bytes, valueBytes.length);
    valueBytes.shrink();
  }

  remove(key: K, value?: V): boolean {
    if (value !== undefined) throw new TypeError('Only mode "cluster" removes single values');
    keyBytes.reset();
    this.#key.encode(key, keyBytes);
    return this.#tree.remove(keyBytes);
  }
}
