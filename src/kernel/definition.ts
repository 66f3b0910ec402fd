/**
 * What a structure has to say of itself so that the kernel can keep it: a name, a kind, the format
 * of its keys and values, and how to make its reading and writing view over one ordered tree.
 *
 * @module
 */

import type { ByteWriter } from "../base/byte_writer.ts";
import type { Codec } from "../base/key_codec.ts";
import type { ChangeFeed } from "./change.ts";
import type { EntryCursor, KeyBounds } from "./tree_cursor.ts";
import type { Guard } from "./witness.ts";

/** An {@linkcode EntryCursor} that holds a view until it is closed. */
export interface HeldCursor extends EntryCursor {
  /** Lets go of the view. Idempotent; also done at the end of the walk. */
  close(): void;
}

/** Reads one tree, as somebody sees it. Keys are what a `ByteWriter` holds. */
export interface TreeReader {
  /** The number of the tree, never given to another one; -1 while there is no tree. */
  readonly id: number;
  /** The decoded value of a key, or `undefined`. */
  get<T>(key: ByteWriter, codec: Codec<T>): T | undefined;
  /** Whether a key is there. */
  has(key: ByteWriter): boolean;
  /** Number of entries. */
  count(): number;
  /** Writes the highest key to `out`. @returns `false` when there is none. */
  lastKey(out: ByteWriter): boolean;
  /** A walk over the entries as they are now, whatever happens later. */
  cursor(bounds: KeyBounds): HeldCursor;
}

/** Reads and changes one tree inside a transaction. */
export interface TreeWriter extends TreeReader {
  /**
   * Moves when what the transaction sees may have changed by more than puts and removals of this
   * view: by a rollback to a savepoint, or by others where its isolation shows them. What was
   * remembered may be wrong then.
   */
  readonly revision: number;
  /**
   * Inserts or replaces: the value is `bytes[0, length)`. Copies key and value. `guard` says what
   * must hold until the commit at every isolation.
   */
  put(key: ByteWriter, bytes: Uint8Array, length: number, guard?: Guard): void;
  /** Removes a key. @returns whether it was there. */
  remove(key: ByteWriter, guard?: Guard): boolean;
  /** Whether a key is there, asked for the sake of a change of that key: see `"version-on-read"`. */
  probe(key: ByteWriter): boolean;
  /** Runs reads whose results the caller does not learn: they cause no conflict. */
  aside<T>(body: () => T): T;
  /**
   * A number that no transaction on this tree has got since the database was opened, not even one
   * that runs at the same time: the next one, or at the first call what `first` says.
   */
  takeSerial(first: () => number): number;
}

/** The reading and the writing view of a structure, as types. */
export interface Access {
  /** View of `db.open` and `snapshot.open`. */
  readonly reader: unknown;
  /** View of `tx.open`. */
  readonly writer: unknown;
  /** What `db.watch` yields; default: bytes of the tree. */
  readonly change?: unknown;
  /** The part that `db.watch` can be narrowed to; default: none. */
  readonly range?: unknown;
}

/** The reading view of a structure. */
export type Reader<A> = A extends { readonly reader: infer R } ? R : never;

/** The writing view of a structure. */
export type Writer<A> = A extends { readonly writer: infer W } ? W : never;

/** A structure: made by `index()`, `recordLog()` and so on, opened by any number of databases. */
export interface Definition<A> {
  /** Name in the database. */
  readonly name: string;
  /** Kind of structure, for example "index". */
  readonly kind: string;
  /** Mode and codecs. Another text under a used name is `TYPE_MISMATCH`. */
  readonly format: string;
  /** Makes the reading view. */
  reader(tree: TreeReader): Reader<A>;
  /** Makes the writing view. */
  writer(tree: TreeWriter): Writer<A>;
  /** Tells its changes; without it they are bytes of the tree. */
  readonly feed?: ChangeFeed<A>;
}
