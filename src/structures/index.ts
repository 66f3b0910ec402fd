/**
 * A typed, ordered index.
 *
 * @module
 */

import type { KeyCodec } from "../base/key_codec.ts";
import type { Definition } from "../kernel/definition.ts";
import { clusterBounds, ClusterReader, ClusterWriter } from "./index_cluster.ts";
import { clusterFeed, singleFeed } from "./index_feed.ts";
import { rangeBounds } from "./index_range.ts";
import { ReplaceReader, ReplaceWriter } from "./index_replace.ts";
import type { IndexAccess, IndexOptions } from "./index_types.ts";

/**
 * Defines an index. In mode "replace" a key has one value; in mode "cluster" it has a sorted set.
 *
 * ```ts
 * import { codec, Database, index } from "@holdfast/holdfast";
 *
 * const byCity = index("by-city", { key: codec.string, value: codec.string, mode: "cluster" });
 * const db = await Database.memory();
 * await db.update((tx) => {
 *   tx.open(byCity).put("Oslo", "ann");
 *   tx.open(byCity).put("Oslo", "bob");
 * });
 * console.log(db.open(byCity).get("Oslo")); // ["ann", "bob"]
 * await db.close();
 * ```
 */
export function index<K, V>(
  name: string,
  options: IndexOptions<K, V, "cluster"> & { readonly mode: "cluster" },
): Definition<IndexAccess<K, V, V[]>>;
/** Defines an index in which a key has one value. */
export function index<K, V>(
  name: string,
  options: IndexOptions<K, V, "replace">,
): Definition<IndexAccess<K, V, V | undefined>>;
export function index<K, V>(
  name: string,
  options: IndexOptions<K, V>,
): Definition<IndexAccess<K, V, V[] | V | undefined>> {
  const { key, value, mode = "replace" } = options;
  if (key?.ordered !== true) throw new TypeError("An index needs an order-preserving key codec");
  if (typeof value?.encode !== "function") throw new TypeError("An index needs a value codec");
  if (mode !== "replace" && mode !== "cluster") {
    throw new TypeError('The mode of an index is "replace" or "cluster"');
  }
  const format = `${mode}(${key.name},${value.name})`;
  if (mode === "replace") {
    return {
      name,
      kind: "index",
      format,
      reader: (tree) => new ReplaceReader(tree, key, value),
      writer: (tree) => new ReplaceWriter(tree, key, value),
      feed: singleFeed(key, value, (range) => rangeBounds(range, (k, out) => key.encode(k, out))),
    };
  }
  const ordered = value as KeyCodec<V>;
  if (ordered.ordered !== true) {
    throw new TypeError('Mode "cluster" needs an order-preserving value codec');
  }
  return {
    name,
    kind: "index",
    format,
    reader: (tree) => new ClusterReader(tree, key, ordered),
    writer: (tree) => new ClusterWriter(tree, key, ordered),
    feed: clusterFeed(key, ordered, (range) => clusterBounds(range, key)),
  };
}
