/**
 * An index with a sorted set of values a key: the tree key is the key's self-delimiting form
 * followed by the value, the tree value is empty. Duplicates are neighbours, and adding one twice
 * is the same as adding it once.
 *
 * @module
 */

import { ByteReader } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { KeyCodec } from "../base/key_codec.ts";
import type { HeldCursor, TreeReader, TreeWriter } from "../kernel/definition.ts";
import type { KeyBounds } from "../kernel/tree_cursor.ts";
import { CursorIterator } from "./cursor_iterator.ts";
import { rangeLimit } from "./index_range.ts";
import type { IndexReader, IndexWriter, RangeOptions } from "./index_types.ts";

const pairBytes = new ByteWriter(128);
const NOTHING: Uint8Array = new Uint8Array(0);

/** Reading view of mode "cluster". */
export class ClusterReader<K, V> implements IndexReader<K, V, V[]> {
  readonly #tree: TreeReader;
  readonly #key: KeyCodec<K>;
  readonly #value: KeyCodec<V>;

  /** Binds codecs to a tree. */
  constructor(tree: TreeReader, key: KeyCodec<K>, value: KeyCodec<V>) {
    this.#tree = tree;
    this.#key = key;
    this.#value = value;
  }

  get(key: K): V[] {
    const values: V[] = [];
    for (const [, value] of this.range({ gte: key, lte: key })) values.push(value);
    return values;
  }

  one(key: K): V | undefined {
    for (const [, value] of this.range({ gte: key, lte: key, limit: 1 })) return value;
    return undefined;
  }

  has(key: K): boolean {
    const entries = this.range({ gte: key, lte: key, limit: 1 });
    const found = entries.next().done !== true;
    entries.return?.();
    return found;
  }

  count(): number {
    return this.#tree.count();
  }

  range(options: RangeOptions<K> = {}): IterableIterator<[K, V]> {
    const limit = rangeLimit(options.limit);
    return new CursorIterator(
      this.#tree.cursor(clusterBounds(options, this.#key)),
      limit,
      this.#decode,
    );
  }

  readonly #decode = (cursor: HeldCursor): [K, V] => {
    const reader = new ByteReader(cursor.keyBytes, cursor.keyBegin, cursor.keyEnd);
    const key = this.#key.decodeElement(reader);
    return [key, this.#value.decode(cursor.keyBytes, reader.position, cursor.keyEnd)];
  };
}

/** Writing view of mode "cluster". */
export class ClusterWriter<K, V> extends ClusterReader<K, V> implements IndexWriter<K, V, V[]> {
  readonly #tree: TreeWriter;
  readonly #key: KeyCodec<K>;
  readonly #value: KeyCodec<V>;

  /** Binds codecs to a tree of a transaction. */
  constructor(tree: TreeWriter, key: KeyCodec<K>, value: KeyCodec<V>) {
    super(tree, key, value);
    this.#tree = tree;
    this.#key = key;
    this.#value = value;
  }

  put(key: K, value: V): void {
    this.#tree.put(this.#pair(key, value), NOTHING, 0);
  }

  remove(key: K, value?: V): boolean {
    if (value !== undefined) return this.#tree.remove(this.#pair(key, value));
    const values = this.get(key);
    for (const each of values) this.#tree.remove(this.#pair(key, each));
    return values.length > 0;
  }

  #pair(key: K, value: V): ByteWriter {
    pairBytes.reset();
    this.#key.encodeElement(key, pairBytes);
    this.#value.encode(value, pairBytes);
    return pairBytes;
  }
}

/** All pairs of a key lie between its element form and the successor of that as a prefix. */
export function clusterBounds<K>(options: RangeOptions<K>, codec: KeyCodec<K>): KeyBounds {
  const { gt, gte, lt, lte } = options;
  if (gt !== undefined && gte !== undefined) throw new TypeError("Give gt or gte, not both");
  if (lt !== undefined && lte !== undefined) throw new TypeError("Give lt or lte, not both");
  const lower = gt !== undefined
    ? after(gt, codec)
    : gte !== undefined
    ? prefix(gte, codec)
    : undefined;
  const upper = lt !== undefined
    ? prefix(lt, codec)
    : lte !== undefined
    ? after(lte, codec)
    : undefined;
  return { lower, upper, upperOpen: true, reverse: options.reverse === true };
}

function prefix<K>(key: K, codec: KeyCodec<K>): Uint8Array {
  const out = new ByteWriter(64);
  codec.encodeElement(key, out);
  return out.toBytes();
}

/** The first byte string behind all that begin with the key, or no bound if there is none. */
function after<K>(key: K, codec: KeyCodec<K>): Uint8Array | undefined {
  const bytes = prefix(key, codec);
  let last = bytes.length - 1;
  while (last >= 0 && bytes[last] === 0xff) last--;
  if (last < 0) return undefined;
  const next = bytes.slice(0, last + 1);
  next[last] = next[last]! + 1;
  return next;
}
