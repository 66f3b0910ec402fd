/**
 * What a structure has to say of itself so that the kernel can keep it: a name, a kind, the format
 * of its keys and values, and how to make its reading and writing view over one ordered tree.
 *
 * @module
 */

import type { ByteWriter } from "../base/byte_writer.ts";
import type { Digest } from "../base/digest.ts";
import type { Codec } from "../base/key_codec.ts";
import type { Draft } from "./transaction/drafts.ts";
import type { ChangeFeed } from "./watch/change.ts";
import type { CheckProblem } from "./check/check.ts";
import type { KeyBatch } from "./tree/find_many.ts";
import type { EntryCursor, KeyBounds } from "./tree/tree_cursor.ts";
import type { Guard } from "./transaction/witness.ts";

/** An {@linkcode EntryCursor} that holds a view until it is closed. */
export interface HeldCursor extends EntryCursor {
  /** Lets go of the view. Idempotent; also done at the end of the walk. */
  close(): void;
}

/** Reads one tree, as somebody sees it. Keys are what a `ByteWriter` holds. */
export interface TreeReader {
  /** The number of the tree, never given to another one; -1 while there is no tree. */
  readonly id: number;
  /**
   * Moves when what it sees may have changed by more than puts and removals of this view: by
   * commits, where its reads show them, or by a rollback to a savepoint. What was remembered may be
   * wrong then. Of a view that reads, asking it throws where reading would.
   */
  readonly revision: number;
  /**
   * The time at which it reads, in milliseconds since 1970 by the clock of the io adapter: that of a
   * snapshot when it was taken, that of a transaction when it first asked, else the present.
   */
  now(): number;
  /** The digest function of a name: the platform's own where it has one. @throws {RangeError} */
  digest(name: string): Digest;
  /** The decoded value of a key, or `undefined`. */
  get<T>(key: ByteWriter, codec: Codec<T>): T | undefined;
  /** What `get` gives for each key. */
  getMany<T>(keys: KeyBatch, codec: Codec<T>): (T | undefined)[];
  /** Whether a key is there. */
  has(key: ByteWriter): boolean;
  /** Number of entries. */
  count(): number;
  /** Writes the highest key to `out`. @returns `false` when there is none. */
  lastKey(out: ByteWriter): boolean;
  /** A walk over the entries as they are now, whatever happens later. */
  cursor(bounds: KeyBounds): HeldCursor;
  /** The tree as it is now, whatever happens later, until it is closed. */
  hold(): HeldTree;
}

/** A {@linkcode TreeReader} that holds a view until it is closed. */
export interface HeldTree extends TreeReader {
  /** Lets go of the view. Idempotent. */
  close(): void;
}

/** Reads and changes one tree inside a transaction. */
export interface TreeWriter extends TreeReader {
  /**
   * Whether no other view of the tree is open in the transaction, by an equal definition: what one
   * remembers, another may change without a move of `revision`.
   */
  readonly alone: boolean;
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
   * Runs steps of which all count or none: when one throws, every change that the transaction has
   * made since the first of them is taken back. For whatever changes more than one key.
   */
  atomic<T>(steps: () => T): T;
  /**
   * Enters what this view remembers of the tree and holds back from it, until it is told to write
   * or forget that: see {@linkcode Draft}. With `key`, says that its value was read now and is going
   * to be put later, as if by a put with the guard "unchanged": to commit the key is from now on not
   * for others.
   * @throws {ConflictError} `IN_DOUBT`: a prepared transaction holds the key
   */
  draft(draft: Draft, key?: ByteWriter): void;
  /**
   * A number that no transaction on this tree has got since the database was opened, not even one
   * that runs at the same time: the next one, or at the first call what `first` says of the tree as
   * it is with the changes of transactions in doubt.
   */
  takeSerial(first: (tree: TreeReader) => number): number;
  /**
   * Makes all of the tree a condition of the commit: a change of any key that another transaction
   * commits before is a conflict.
   */
  claim(): void;
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

/** Opens the reading view of another structure, of the same state. */
export type OpenReader = <B>(definition: Definition<B>) => Reader<B>;

/** Opens the writing view of another structure, in the same transaction. */
export type OpenWriter = <B>(definition: Definition<B>) => Writer<B>;

/** The way of a structure from one format to another. */
export interface StructureUpgrade<A> {
  /** Structures that belonged to the old format alone; removed before the writing view is made. */
  readonly gone: readonly Definition<unknown>[];
  /** Makes the rest of what the new format needs. What it throws, `tx.open` throws, unchanged. */
  run(writer: Writer<A>): void;
}

/** A structure: made by `index()`, `recordLog()` and so on, opened by any number of databases. */
export interface Definition<A> {
  /** Name in the database. */
  readonly name: string;
  /** Kind of structure, for example "index". */
  readonly kind: string;
  /** Mode and codecs. Another text under a used name is `TYPE_MISMATCH`. */
  readonly format: string;
  /** Makes the reading view; `open` is for structures that belong to this one. */
  reader(tree: TreeReader, open: OpenReader): Reader<A>;
  /** Makes the writing view. */
  writer(tree: TreeWriter, open: OpenWriter): Writer<A>;
  /**
   * How a structure kept in another format goes on in this one, or `undefined` if it cannot, which
   * is `TYPE_MISMATCH`. The first transaction that opens it enters this format.
   */
  upgradeFrom?(format: string): StructureUpgrade<A> | undefined;
  /** Structures that belong to it; dropped with it. */
  readonly parts?: readonly Definition<unknown>[];
  /** What in it does not agree with what belongs to it; for `db.check`. */
  verify?(tree: TreeReader, open: OpenReader): readonly CheckProblem[];
  /** Tells its changes; without it they are bytes of the tree. */
  readonly feed?: ChangeFeed<A>;
}
