/**
 * A typed, ordered index.
 *
 * @module
 */

import type { Codec, KeyCodec } from "../base/key_codec.ts";
import type { Definition } from "../kernel/definition.ts";
import { ClusterLayout, ClusterReader, ClusterWriter } from "./index_cluster.ts";
import { clusterFeed, singleFeed } from "./index_feed.ts";
import { SingleLayout, SingleReader, SingleWriter } from "./index_single.ts";
import type { IndexAccess, IndexOptions } from "./index_types.ts";

/**
 * Defines an index. In mode "replace" (the default) a key has the value that was put last; in mode
 * "exclusive" it has one value, and to put another is an error; in mode "cluster" it has a sorted
 * set of values.
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
  options: IndexOptions<K, V, "replace" | "exclusive">,
): Definition<IndexAccess<K, V, V | undefined>>;
export function index<K, V>(
  name: string,
  options: IndexOptions<K, V>,
): Definition<IndexAccess<K, V, V[]>> | Definition<IndexAccess<K, V, V | undefined>> {
  const { key, value, mode = "replace" } = options;
  if (key?.ordered !== true) throw new TypeError("An index needs an order-preserving key codec");
  if (typeof value?.encode !== "function") throw new TypeError("An index needs a value codec");
  if (mode !== "replace" && mode !== "exclusive" && mode !== "cluster") {
    throw new TypeError('The mode of an index is "replace", "exclusive" or "cluster"');
  }
  const kind = "index";
  const format = `${mode}(${key.name},${value.name})`;
  if (mode === "cluster") {
    const layout = new ClusterLayout(key, ordered(value));
    return {
      name,
      kind,
      format,
      reader: (tree) => new ClusterReader(tree, layout),
      writer: (tree) => new ClusterWriter(tree, layout),
      feed: clusterFeed(layout.key, layout.value, (range) => layout.bounds(range)),
    };
  }
  const layout = new SingleLayout(key, value, mode === "exclusive");
  return {
    name,
    kind,
    format,
    reader: (tree) => new SingleReader(tree, layout),
    writer: (tree) => new SingleWriter(tree, layout),
    feed: singleFeed(key, value, (range) => layout.bounds(range)),
  };
}

function ordered<V>(value: Codec<V>): KeyCodec<V> {
  const codec = value as KeyCodec<V>;
  if (codec.ordered !== true) {
    throw new TypeError('Mode "cluster" needs an order-preserving value codec');
  }
  return codec;
}
