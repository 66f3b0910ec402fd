/**
 * How an index tells its changes.
 *
 * @module
 */

import { ByteReader } from "../../base/byte_reader.ts";
import type { Codec, KeyCodec } from "../../base/key_codec.ts";
import type { Change, ChangeFeed } from "../../kernel/watch/change.ts";
import type { KeyBounds } from "../../kernel/tree/tree_cursor.ts";
import type { IndexAccess, RangeOptions, WatchRange } from "./index_types.ts";

const RANGE_OPTIONS: readonly string[] = ["key", "gt", "gte", "lt", "lte", "prefix"];

/** Decodes a change of the tree. */
type Decode<K, V> = (change: Change) => Change<K, V>;

/** Where the tree keys of a range lie. */
type Bounds<K> = (range: RangeOptions<K>) => KeyBounds;

/** Changes of an index whose tree key and value are key and value. */
export function singleFeed<K, V, G>(
  keys: KeyCodec<K>,
  values: Codec<V>,
  bounds: Bounds<K>,
): ChangeFeed<IndexAccess<K, V, G>> {
  return feedOf(bounds, ({ kind, key, value, sequence }) => {
    const decoded = keys.decode(key, 0, key.length);
    return kind === "remove"
      ? { kind, key: decoded, value: undefined, sequence }
      : { kind, key: decoded, value: values.decode(value, 0, value.length), sequence };
  });
}

/** Changes of an index whose tree key is the pair of key and value. */
export function clusterFeed<K, V, G>(
  keys: KeyCodec<K>,
  values: KeyCodec<V>,
  bounds: Bounds<K>,
): ChangeFeed<IndexAccess<K, V, G>> {
  return feedOf(bounds, ({ kind, key: pair, sequence }) => {
    const reader = new ByteReader(pair);
    const key = keys.decodeElement(reader);
    return { kind, key, value: values.decode(pair, reader.position, pair.length), sequence };
  });
}

function feedOf<K, V, G>(
  bounds: Bounds<K>,
  decode: Decode<K, V>,
): ChangeFeed<IndexAccess<K, V, G>> {
  return {
    bounds: (range: WatchRange<K>): KeyBounds => {
      const unknown = Object.keys(range).find((name) => !RANGE_OPTIONS.includes(name));
      if (unknown !== undefined) throw new TypeError(`Unknown option "${unknown}" of a watch`);
      const { key, ...rest } = range;
      if (key === undefined) return bounds(rest);
      if (Object.keys(rest).length > 0) throw new TypeError("Give a key or a range, not both");
      return bounds({ gte: key, lte: key });
    },
    decode,
  };
}
