/**
 * A map whose entries never change.
 *
 * Tree: key and value are key and value, as in an index with one value a key
 * (`index/index_single.ts`). No entry is ever replaced or removed: only dropping the structure ends
 * it.
 *
 * @module
 */

import { ByteWriter } from "../base/byte_writer.ts";
import type { Codec, KeyCodec } from "../base/key_codec.ts";
import type { Change } from "../kernel/watch/change.ts";
import type { Definition, TreeReader, TreeWriter } from "../kernel/definition.ts";
import { singleFeed } from "./index/index_feed.ts";
import { SingleLayout, SingleReader } from "./index/index_single.ts";
import type { RangeOptions, WatchRange } from "./index/index_types.ts";

/** Codecs of a once map. */
export interface OnceMapOptions<K, V> {
  /** Order-preserving codec of the keys. */
  readonly key: KeyCodec<K>;
  /** Codec of the values. */
  readonly value: Codec<V>;
}

/** What {@linkcode OnceMapWriter.putIfAbsent} has found. */
export interface OncePut<V> {
  /** Whether the key has the value given: it had none before. */
  readonly inserted: boolean;
  /** The value that counts: the one given, or the one that the key has. */
  readonly value: V;
}

/** Reads a once map. Results are owned by the caller. */
export interface OnceMapReader<K, V> {
  /** Number of entries. In a transaction that has added some, it walks over all. */
  readonly size: number;
  /** The value of a key, or `undefined`. */
  get(key: K): V | undefined;
  /** Whether the key is there. */
  has(key: K): boolean;
  /**
   * Entries in key order, as they are at the call. Lazy; the view is held until the iterator ends,
   * fails, or is left by `break` or `return()`.
   */
  entries(range?: RangeOptions<K>): IterableIterator<[K, V]>;
}

/** Reads and extends a once map in a transaction. */
export interface OnceMapWriter<K, V> extends OnceMapReader<K, V> {
  /**
   * Adds a key that is not there; leaves one that is there as it is.
   *
   * Of transactions that add one key at the same time the first to commit wins, at every isolation:
   * the others' commits throw `CONFLICT`, and what `update` runs again meets the value of the first.
   * @throws {StateError} `TOO_LARGE`
   * @throws {ConflictError} `IN_DOUBT`: a prepared transaction adds the key
   */
  putIfAbsent(key: K, value: V): OncePut<V>;
}

/** The access types of a once map. */
export interface OnceMapAccess<K, V> {
  /** `db.open(...)`. */
  readonly reader: OnceMapReader<K, V>;
  /** `tx.open(...)`. */
  readonly writer: OnceMapWriter<K, V>;
  /** `db.watch(...)`. */
  readonly change: Change<K, V>;
  /** What it can be narrowed to. */
  readonly range: WatchRange<K>;
}

/**
 * Defines a once map: the first value of a key is its value for good.
 *
 * ```ts
 * import { codec, Database, onceMap } from "@holdfast/holdfast";
 *
 * const owners = onceMap("owners", { key: codec.string, value: codec.json<{ name: string }>() });
 * const db = await Database.memory();
 * await db.update((tx) => tx.open(owners).putIfAbsent("door", { name: "ann" }));
 * const { inserted, value } = await db.update(
 *   (tx) => tx.open(owners).putIfAbsent("door", { name: "bob" }),
 * );
 * console.log(inserted, value.name); // false ann
 * await db.close();
 * ```
 *
 * @throws {TypeError} unless there is an order-preserving key codec, and a value codec
 */
export function onceMap<K, V>(
  name: string,
  options: OnceMapOptions<K, V>,
): Definition<OnceMapAccess<K, V>> {
  const { key, value } = options;
  if (key?.ordered !== true) throw new TypeError("A once map needs an order-preserving key codec");
  if (typeof value?.encode !== "function") throw new TypeError("A once map needs a value codec");
  const layout = new SingleLayout(key, value, true);
  const feed = singleFeed<K, V, V | undefined>(key, value, (range) => layout.bounds(range));
  return {
    name,
    kind: "once-map",
    format: `once(${key.name},${value.name})`,
    reader: (tree) => new OnceReader(tree, layout),
    writer: (tree) => new OnceWriter(tree, layout),
    feed: {
      bounds: (range) => feed.bounds(range),
      decode: (change, tree) => feed.decode(change, tree),
    },
  };
}

/** Keys and values are encoded here; nothing keeps them beyond a call. */
const keyBytes = new ByteWriter(64);
const valueBytes = new ByteWriter(256);

class OnceReader<K, V> implements OnceMapReader<K, V> {
  readonly #entries: SingleReader<K, V>;

  constructor(tree: TreeReader, layout: SingleLayout<K, V>) {
    this.#entries = new SingleReader(tree, layout);
  }

  get size(): number {
    return this.#entries.count();
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  entries(range?: RangeOptions<K>): IterableIterator<[K, V]> {
    return this.#entries.range(range);
  }
}

class OnceWriter<K, V> extends OnceReader<K, V> implements OnceMapWriter<K, V> {
  readonly #tree: TreeWriter;
  readonly #layout: SingleLayout<K, V>;

  constructor(tree: TreeWriter, layout: SingleLayout<K, V>) {
    super(tree, layout);
    this.#tree = tree;
    this.#layout = layout;
  }

  putIfAbsent(key: K, value: V): OncePut<V> {
    const { key: keys, value: values } = this.#layout;
    // Refused alike whether the key is there or not.
    valueBytes.reset();
    values.encode(value, valueBytes);
    keyBytes.reset();
    keys.encode(key, keyBytes);
    if (this.#tree.probe(keyBytes)) {
      return { inserted: false, value: this.#tree.get(keyBytes, values) as V };
    }
    // At any isolation: of two that found nothing, the second would replace the first.
    this.#tree.put(keyBytes, valueBytes.bytes, valueBytes.length, "unchanged");
    valueBytes.shrink();
    return { inserted: true, value };
  }
}
