/**
 * A typed, ordered index.
 *
 * @module
 */

import type { Codec, KeyCodec } from "../../base/key_codec.ts";
import type { Definition } from "../../kernel/definition.ts";
import { ClusterLayout, ClusterReader, ClusterWriter } from "./index_cluster.ts";
import { clusterFeed, singleFeed } from "./index_feed.ts";
import { SingleLayout, SingleReader, SingleWriter } from "./index_single.ts";
import { type Parts, RecordIndexReader, RecordIndexWriter } from "./index_indexed.ts";
import type { IndexAccess, IndexOptions } from "./index_types.ts";
import { SecondaryPart } from "../secondary/secondary_part.ts";
import { formatOf, upgradeParts } from "../secondary/secondary_upgrade.ts";
import type { IndexedAccess, SecondaryIndexes } from "../secondary/secondary_types.ts";

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
/**
 * Defines an index with secondary ones, which its transactions keep up to date.
 *
 * ```ts
 * import { codec, Database, index } from "@holdfast/holdfast";
 *
 * const users = index("users", {
 *   key: codec.string,
 *   value: codec.json<{ city: string; mail: string; tags: string[] }>(),
 *   indexes: {
 *     byCity: { key: codec.string, of: (user) => user.city },
 *     byMail: { key: codec.string, of: (user) => user.mail, unique: true },
 *     byTag: { key: codec.string, of: (user) => user.tags, multi: true },
 *   },
 * });
 * const db = await Database.memory();
 * const ann = { city: "Oslo", mail: "ann@example.org", tags: ["admin"] };
 * await db.update((tx) => tx.open(users).put("ann", ann));
 * console.log(db.open(users).by("byMail").one("ann@example.org")); // ["ann", { city: "Oslo", ... }]
 * for (const [city, name] of db.open(users).by("byCity").range({ gte: "O" })) {
 *   console.log(city, name); // Oslo ann
 * }
 * await db.close();
 * ```
 *
 * Each secondary index is a structure of its own, named `users#byCity`. A program that does not
 * know them all gets `TYPE_MISMATCH` instead of writing past them. To add, change or remove
 * secondary indexes, open the index with the new definition in a transaction: that builds what is
 * missing and removes what is gone. Until then reading with it is `TYPE_MISMATCH`.
 */
export function index<K, V, S extends object>(
  name: string,
  options: IndexOptions<K, V, "replace" | "exclusive"> & {
    readonly indexes: SecondaryIndexes<K, V, S>;
  },
): Definition<IndexedAccess<K, V, S>>;
/** Defines an index in which a key has one value. */
export function index<K, V>(
  name: string,
  options: IndexOptions<K, V, "replace" | "exclusive">,
): Definition<IndexAccess<K, V, V | undefined>>;
export function index<K, V, S extends object>(
  name: string,
  options: IndexOptions<K, V> & { readonly indexes?: SecondaryIndexes<K, V, S> },
):
  | Definition<IndexAccess<K, V, V[]>>
  | Definition<IndexAccess<K, V, V | undefined>>
  | Definition<IndexedAccess<K, V, S>> {
  const { key, value, mode = "replace", indexes } = options;
  if (key?.ordered !== true) throw new TypeError("An index needs an order-preserving key codec");
  if (typeof value?.encode !== "function") throw new TypeError("An index needs a value codec");
  if (mode !== "replace" && mode !== "exclusive" && mode !== "cluster") {
    throw new TypeError('The mode of an index is "replace", "exclusive" or "cluster"');
  }
  const kind = "index";
  const format = `${mode}(${key.name},${value.name})`;
  if (mode === "cluster") {
    if (indexes !== undefined) {
      throw new TypeError('An index of mode "cluster" has no secondary ones');
    }
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
  const feed = singleFeed<K, V, V | undefined>(key, value, (range) => layout.bounds(range));
  const parts = partsOf<K, V>(name, key, indexes ?? {});
  const indexed: Definition<IndexedAccess<K, V, S>> = {
    name,
    kind,
    format: format + formatOf(parts),
    reader: (tree, open) => new RecordIndexReader<K, V, S>(tree, layout, parts, open),
    writer: (tree, open) => new RecordIndexWriter<K, V, S>(tree, layout, parts, open),
    feed,
    parts: Array.from(parts.values(), (part) => part.definition as Definition<unknown>),
    verify: (tree, open) => new RecordIndexReader(tree, layout, parts, open).verify().problems,
    upgradeFrom: (former) => upgradeParts(name, format, former, parts),
  };
  if (parts.size > 0) return indexed;
  return {
    name,
    kind,
    format,
    reader: (tree) => new SingleReader(tree, layout),
    writer: (tree) => new SingleWriter(tree, layout),
    feed,
    upgradeFrom: (former) =>
      upgradeParts<K, V, IndexAccess<K, V, V | undefined>>(name, format, former, parts),
  };
}

function partsOf<K, V>(owner: string, key: KeyCodec<K>, indexes: object): Parts<K, V> {
  const parts = new Map<string, SecondaryPart<K, V>>();
  const named = Object.entries(indexes as SecondaryIndexes<K, V, Record<string, unknown>>);
  for (const [name, options] of named) {
    parts.set(name, new SecondaryPart(owner, name, key, options));
  }
  return parts;
}

function ordered<V>(value: Codec<V>): KeyCodec<V> {
  const codec = value as KeyCodec<V>;
  if (codec.ordered !== true) {
    throw new TypeError('Mode "cluster" needs an order-preserving value codec');
  }
  return codec;
}
