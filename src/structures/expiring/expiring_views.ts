/**
 * An index whose entries may expire, seen: the records, of which only those that have not expired
 * are shown, and beside the secondary indexes one of the times at which they do.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import type { OpenReader, OpenWriter, TreeReader, TreeWriter } from "../../kernel/definition.ts";
import type { KeyBounds } from "../../kernel/tree/tree_cursor.ts";
import { visitCursor, WHOLE } from "../cursor_iterator.ts";
import type { ExpiringReader, ExpiringWriter, Expiry } from "./expiring_types.ts";
import { type Expiring, NEVER } from "./expiring_value.ts";
import { named, type Parts, partTree, RecordIndexReader } from "../index/index_indexed.ts";
import { type SingleLayout, SingleReader, SingleWriter } from "../index/index_single.ts";
import { LivePartCursor } from "./live_cursor.ts";
import { LiveReader, LiveWriter } from "./live_tree.ts";
import type { SecondaryPart } from "../secondary/secondary_part.ts";
import { SecondaryView } from "../secondary/secondary_reader.ts";
import { rebuildPart, verifyParts } from "../secondary/secondary_rebuild.ts";
import type { SecondaryReader, VerifyReport } from "../secondary/secondary_types.ts";
import { IndexedTree, type OpenPart } from "../secondary/secondary_writer.ts";

const SWEEP_DEFAULT = 1000;

/** How such an index lies in its trees. */
export interface ExpiringShape<K, V> {
  /** Entries as they are seen. */
  readonly seen: SingleLayout<K, V>;
  /** Entries as they are kept. */
  readonly kept: SingleLayout<K, Expiring<V>>;
  /** The secondary indexes by name, that of the times among them. */
  readonly parts: Parts<K, Expiring<V>>;
  /** That of the times. */
  readonly times: string;
}

/** Reading view. */
export class ExpiringIndexReader<K, V, S> extends SingleReader<K, V>
  implements ExpiringReader<K, V, S> {
  readonly #tree: TreeReader;
  readonly #shape: ExpiringShape<K, V>;
  readonly #open: OpenReader;

  /** Binds a shape to the tree of the records. */
  constructor(tree: TreeReader, shape: ExpiringShape<K, V>, open: OpenReader) {
    super(new LiveReader(tree), shape.seen);
    this.#tree = tree;
    this.#shape = shape;
    this.#open = open;
  }

  expiresAt(key: K): number | undefined {
    return expiresAt(this.#tree, this.#shape, key);
  }

  by<N extends keyof S & string>(name: N): SecondaryReader<S[N], K, V> {
    const part = secondary(this.#shape, this.#shape.parts, name);
    return viewOf(this.#shape, part, partTree(part, this.#tree, this.#open), this.#tree);
  }

  verify(): VerifyReport {
    const { kept, parts } = this.#shape;
    return new RecordIndexReader(this.#tree, kept, parts, this.#open).verify();
  }
}

/** Writing view. */
export class ExpiringIndexWriter<K, V, S> extends SingleWriter<K, V>
  implements ExpiringWriter<K, V, S> {
  readonly #tree: TreeWriter;
  readonly #shape: ExpiringShape<K, V>;
  readonly #opened: ReadonlyMap<string, OpenPart<K, Expiring<V>>>;
  readonly #indexed: IndexedTree<K, Expiring<V>>;
  readonly #live: LiveWriter;

  /** Binds a shape to a tree of a transaction; the trees of the indexes come to be with it. */
  constructor(tree: TreeWriter, shape: ExpiringShape<K, V>, open: OpenWriter) {
    const opened = new Map<string, OpenPart<K, Expiring<V>>>();
    for (const [name, part] of shape.parts) opened.set(name, { part, tree: open(part.definition) });
    // A record that has expired does not keep its unique keys.
    const vacate = (record: ByteWriter): boolean => !live.probe(record) && indexed.remove(record);
    const indexed = new IndexedTree(tree, shape.kept, [...opened.values()], vacate);
    const live = new LiveWriter(indexed);
    super(live, shape.seen);
    this.#tree = tree;
    this.#shape = shape;
    this.#opened = opened;
    this.#indexed = indexed;
    this.#live = live;
  }

  override put(key: K, value: V, expiry: Expiry = {}): void {
    this.#live.expiry = timeOf(expiry, this.#tree);
    try {
      super.put(key, value);
    } finally {
      this.#live.expiry = undefined;
    }
  }

  expiresAt(key: K): number | undefined {
    return expiresAt(this.#tree, this.#shape, key);
  }

  by<N extends keyof S & string>(name: N): SecondaryReader<S[N], K, V> {
    const { part, tree } = secondary(this.#shape, this.#opened, name);
    return viewOf(this.#shape, part, tree, this.#tree);
  }

  verify(): VerifyReport {
    return verifyParts(this.#tree, this.#shape.kept, [...this.#opened.values()]);
  }

  rebuild(name: keyof S & string): void {
    rebuildPart(this.#tree, this.#shape.kept, named(this.#opened, name));
  }

  sweep(limit: number = SWEEP_DEFAULT): number {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new RangeError("The limit of a sweep is a whole number from 1 on");
    }
    const { part, tree } = named(this.#opened, this.#shape.times);
    const { key } = this.#shape.seen;
    const due = part.layout.bounds({ lte: BigInt(Math.floor(this.#tree.now())) });
    let removed = 0;
    this.#indexed.atomic(() =>
      visitCursor(tree.cursor(due), { offset: 0, limit }, (at) => {
        const record = new ByteWriter(64);
        key.encode(part.layout.valueAt(at), record);
        if (!this.#live.probe(record) && this.#indexed.remove(record)) removed++;
      })
    );
    return removed;
  }
}

/**
 * When an expiry is, or `NEVER`.
 * @throws {TypeError} for both forms, or an option that there is not
 * @throws {RangeError} unless it is a whole number of milliseconds from 1 on
 */
function timeOf(expiry: Expiry, tree: TreeReader): number {
  const { expiresAt, ttlMs, ...rest } = expiry;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new TypeError(`Unknown option "${unknown}" of a put`);
  if (expiresAt !== undefined && ttlMs !== undefined) {
    throw new TypeError("Give expiresAt or ttlMs, not both");
  }
  for (const [name, value] of Object.entries({ expiresAt, ttlMs })) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 1)) {
      throw new RangeError(`The option ${name} of a put is a whole number from 1 on`);
    }
  }
  if (ttlMs === undefined) return expiresAt ?? NEVER;
  return Math.min(Math.ceil(tree.now()) + ttlMs, Number.MAX_SAFE_INTEGER);
}

function expiresAt<K, V>(
  tree: TreeReader,
  { seen }: ExpiringShape<K, V>,
  key: K,
): number | undefined {
  const out = new ByteWriter(64);
  seen.key.encode(key, out);
  const found = new LiveReader(tree).expiresAt(out);
  return found === NEVER ? Infinity : found;
}

/** What belongs to a secondary index that was asked for by its name. */
function secondary<K, V, T>(
  { times }: ExpiringShape<K, V>,
  parts: ReadonlyMap<string, T>,
  name: string,
): T {
  if (name === times) throw new RangeError(`There is no secondary index "${name}"`);
  return named(parts, name);
}

/** A secondary index without the entries of records that have expired. */
function viewOf<K, V, S>(
  { seen }: ExpiringShape<K, V>,
  part: SecondaryPart<K, Expiring<V>>,
  tree: TreeReader,
  records: TreeReader,
): SecondaryView<S, K, V> {
  const cursor = (bounds: KeyBounds): LivePartCursor => {
    const entries = tree.cursor(bounds);
    const held = new LiveReader(records).hold();
    const key = new ByteWriter(64);
    return new LivePartCursor(entries, held, (at) => {
      key.reset();
      seen.key.encode(part.layout.valueAt(at), key);
      return held.has(key);
    });
  };
  const count = (): number => visitCursor(cursor({}), WHOLE);
  // Which entries are seen is decided by one time; their values are then read whatever the time is.
  return new SecondaryView(part, { cursor, count }, new LiveReader(records, 0), seen);
}
