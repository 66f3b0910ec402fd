/**
 * An index whose entries may expire.
 *
 * @module
 */

import { codec } from "../../base/codec.ts";
import type { Codec, KeyCodec } from "../../base/key_codec.ts";
import type { Definition } from "../../kernel/definition.ts";
import type { ExpiringAccess } from "./expiring_types.ts";
import { type Expiring, expiringCodec, LiveCodec, NEVER } from "./expiring_value.ts";
import { ExpiringIndexReader, ExpiringIndexWriter, type ExpiringShape } from "./expiring_views.ts";
import { singleFeed } from "../index/index_feed.ts";
import { SingleLayout } from "../index/index_single.ts";
import type { IndexOptions } from "../index/index_types.ts";
import { SecondaryPart } from "../secondary/secondary_part.ts";
import type { SecondaryIndex, SecondaryIndexes } from "../secondary/secondary_types.ts";
import { formatOf, upgradeParts } from "../secondary/secondary_upgrade.ts";

/** Name of the secondary index of the times: times and keys of the records that expire. */
const TIMES = "expiry";

/** Codecs, mode and secondary indexes of an index whose entries may expire. */
export interface ExpiringOptions<K, V, S extends object>
  extends IndexOptions<K, V, "replace" | "exclusive"> {
  /** Secondary indexes by name. */
  readonly indexes?: SecondaryIndexes<K, V, S>;
}

/**
 * Defines an index whose entries may expire. What has expired is not there any more, for whatever
 * reads; it takes space until it is swept.
 *
 * ```ts
 * import { codec, Database, expiringIndex, sweepExpired } from "@holdfast/holdfast";
 *
 * const sessions = expiringIndex("sessions", { key: codec.string, value: codec.string });
 * const db = await Database.memory();
 * await db.update((tx) => {
 *   tx.open(sessions).put("s1", "ann", { ttlMs: 30 * 60_000 });
 *   tx.open(sessions).put("s2", "bob", { expiresAt: Date.UTC(2000, 0, 1) });
 *   tx.open(sessions).put("s3", "service");
 * });
 * console.log([...db.open(sessions).range()]); // [["s1", "ann"], ["s3", "service"]]
 * console.log(await sweepExpired(db, sessions)); // 1
 * await db.close();
 * ```
 *
 * The clock is that of the io adapter. One that goes back shows again what has expired and was not
 * swept; nothing expires early by it.
 *
 * Each entry is kept with its time, and the times of those that expire in a structure of their own,
 * named `sessions#expiry`: to put one costs that second entry. So it is not the format of an index
 * without expiry, and to open one as the other is `TYPE_MISMATCH`. Exports carry the times along, as
 * bytes of the value.
 */
export function expiringIndex<K, V, S extends object = Record<never, never>>(
  name: string,
  options: ExpiringOptions<K, V, S>,
): Definition<ExpiringAccess<K, V, S>> {
  const { key, value, mode = "replace", indexes } = options;
  if (key?.ordered !== true) throw new TypeError("An index needs an order-preserving key codec");
  if (typeof value?.encode !== "function") throw new TypeError("An index needs a value codec");
  if (mode !== "replace" && mode !== "exclusive") {
    throw new TypeError('The mode of an index whose entries expire is "replace" or "exclusive"');
  }
  const seen = new SingleLayout(key, value, mode === "exclusive");
  const kept = new SingleLayout(key, expiringCodec(value), false);
  const parts = partsOf<K, V>(name, key, indexes ?? {});
  const shape: ExpiringShape<K, V> = { seen, kept, parts, times: TIMES };
  const format = `${mode}(${key.name},${kept.value.name})`;
  return {
    name,
    kind: "index",
    format: format + formatOf(parts),
    reader: (tree, open) => new ExpiringIndexReader<K, V, S>(tree, shape, open),
    writer: (tree, open) => new ExpiringIndexWriter<K, V, S>(tree, shape, open),
    feed: singleFeed<K, V, V | undefined>(
      key,
      // At this time nothing has expired, so there always is a value.
      new LiveCodec(value, NEVER) as Codec<V>,
      (range) => seen.bounds(range),
    ),
    parts: Array.from(parts.values(), (part) => part.definition as Definition<unknown>),
    verify: (tree, open) => new ExpiringIndexReader(tree, shape, open).verify().problems,
    upgradeFrom: (former) => upgradeParts(name, format, former, parts),
  };
}

/** The secondary indexes, of entries as they are kept, and that of the times. */
function partsOf<K, V>(
  owner: string,
  key: KeyCodec<K>,
  indexes: object,
): Map<string, SecondaryPart<K, Expiring<V>>> {
  const parts = new Map<string, SecondaryPart<K, Expiring<V>>>();
  const times: SecondaryIndex<K, Expiring<V>, bigint> = {
    key: codec.u64,
    of: ({ expiresAt }) => expiresAt === NEVER ? undefined : BigInt(expiresAt),
  };
  parts.set(
    TIMES,
    new SecondaryPart(owner, TIMES, key, times as SecondaryIndex<K, Expiring<V>, unknown>),
  );
  const named = Object.entries(indexes as SecondaryIndexes<K, V, Record<string, unknown>>);
  for (const [name, options] of named) {
    if (name === TIMES) {
      throw new TypeError(`The name "${TIMES}" is that of the index of the times`);
    }
    parts.set(name, new SecondaryPart(owner, name, key, ofKept(options)));
  }
  return parts;
}

/** A secondary index of values, as one of values with their times. */
function ofKept<K, V>(
  options: SecondaryIndex<K, V, unknown>,
): SecondaryIndex<K, Expiring<V>, unknown> {
  const { of } = options;
  const ofValue = typeof of === "function" && (({ value }: Expiring<V>, key: K) => of(value, key));
  return { ...options, of: ofValue } as SecondaryIndex<K, Expiring<V>, unknown>;
}
