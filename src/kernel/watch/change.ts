/**
 * A committed change, as those who watch a structure are told of it.
 *
 * @module
 */

import type { KeyBounds } from "../tree/tree_cursor.ts";

/**
 * A key that a commit has put or removed. `value` is what was put; of a removal it is `undefined`,
 * but in an index of mode "cluster", where it is the value that was removed. Owned by the receiver.
 */
export type Change<K = Uint8Array, V = Uint8Array> = PutChange<K, V> | RemoveChange<K, V>;

/** A key has this value since that commit. */
export interface PutChange<K, V> {
  /** What was done. */
  readonly kind: "put";
  /** The key, record id or offset. */
  readonly key: K;
  /** Its value, or in mode "cluster" one more value of it. */
  readonly value: V;
  /** The number of the commit: grows from commit to commit, over reopening too. */
  readonly sequence: number;
}

/** A key is not there since that commit; it need not have been there before. */
export interface RemoveChange<K, V> {
  /** What was done. */
  readonly kind: "remove";
  /** The key, record id or offset. */
  readonly key: K;
  /** In mode "cluster" the value that the key has no more. */
  readonly value: V | undefined;
  /** The number of the commit. */
  readonly sequence: number;
}

/** What `db.watch` yields of a structure: bytes of its tree, unless the structure says more. */
export type ChangeOf<A> = A extends { readonly change: infer C } ? C : Change;

/** The part of a structure that `db.watch` can be narrowed to. */
export type RangeOf<A> = A extends { readonly range: infer R } ? R : unknown;

/** How a structure tells its changes. */
export interface ChangeFeed<A> {
  /**
   * The tree keys of what is watched, all of them where the range is empty; entries that are the
   * structure's own are outside.
   * @throws {TypeError} for a range that it does not know
   */
  bounds(range: RangeOf<A>): KeyBounds;
  /** The change of an entry of the tree with this number. */
  decode(change: Change, tree: number): ChangeOf<A>;
}
