/**
 * Reads records by a secondary key.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { assert } from "../../errors.ts";
import type { HeldCursor, TreeReader } from "../../kernel/definition.ts";
import { CursorIterator, visitCursor } from "../cursor_iterator.ts";
import { rangeWindow } from "../index/index_range.ts";
import type { SingleLayout } from "../index/index_single.ts";
import type { RangeOptions } from "../index/index_types.ts";
import type { SecondaryPart } from "./secondary_part.ts";
import type { SecondaryReader } from "./secondary_types.ts";

const keyBytes = new ByteWriter(64);

/** Where the entries of a secondary index lie. */
type NamedLayout<K> = Pick<SecondaryPart<K, never>, "name" | "layout">;

/** The tree of a secondary index, as far as it is read here. */
type EntrySource = Pick<TreeReader, "count" | "cursor">;

/** View of a secondary index and of the records, in one state or transaction. */
export class SecondaryView<S, K, V> implements SecondaryReader<S, K, V> {
  readonly #part: NamedLayout<K>;
  readonly #tree: EntrySource;
  readonly #records: TreeReader;
  readonly #layout: SingleLayout<K, V>;

  /** Binds the tree of the index and that of the records. */
  constructor(
    part: NamedLayout<K>,
    tree: EntrySource,
    records: TreeReader,
    layout: SingleLayout<K, V>,
  ) {
    this.#part = part;
    this.#tree = tree;
    this.#records = records;
    this.#layout = layout;
  }

  get(key: S): [K, V][] {
    return this.#recordsIn({ gte: key, lte: key });
  }

  one(key: S): [K, V] | undefined {
    return this.#recordsIn({ gte: key, lte: key, limit: 1 })[0];
  }

  has(key: S): boolean {
    return this.count({ gte: key, lte: key, limit: 1 }) > 0;
  }

  count(range?: RangeOptions<S>): number {
    if (range === undefined) return this.#tree.count();
    const window = rangeWindow(range);
    return visitCursor(this.#cursor(range), window);
  }

  range(range: RangeOptions<S> = {}): IterableIterator<[S, K, V]> {
    const window = rangeWindow(range);
    const cursor = this.#cursor(range);
    // Taken in the same breath as the cursor: both are of one moment.
    const records = this.#records.hold();
    return new CursorIterator(cursor, window, (at): [S, K, V] => {
      const [secondary, key] = this.#entryAt(at);
      return [secondary, key, this.#valueOf(records, key)];
    }, records);
  }

  keys(range: RangeOptions<S> = {}): IterableIterator<[S, K]> {
    const window = rangeWindow(range);
    return new CursorIterator(this.#cursor(range), window, (at) => this.#entryAt(at));
  }

  #recordsIn(range: RangeOptions<S>): [K, V][] {
    const found: [K, V][] = [];
    visitCursor(this.#cursor(range), rangeWindow(range), (at) => {
      const key = this.#part.layout.valueAt(at);
      found.push([key, this.#valueOf(this.#records, key)]);
    });
    return found;
  }

  #cursor(range: RangeOptions<S>): HeldCursor {
    return this.#tree.cursor(this.#part.layout.bounds(range as RangeOptions<unknown>));
  }

  #entryAt(cursor: HeldCursor): [S, K] {
    return this.#part.layout.entryAt(cursor) as [S, K];
  }

  #valueOf(records: TreeReader, key: K): V {
    keyBytes.reset();
    this.#layout.key.encode(key, keyBytes);
    const value = records.get(keyBytes, this.#layout.value);
    assert(value !== undefined, `Index "${this.#part.name}" has an entry of a record that is gone`);
    return value;
  }
}
