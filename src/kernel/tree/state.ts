/**
 * Versions of the database. The *working* state holds every applied commit and changes in place
 * until somebody pins it; then the next change begins a new state, and the pinned one stays what
 * it was (its pages are copied before they change, and not reused while the pin holds).
 *
 * @module
 */

import { ByteReader } from "../../base/byte_reader.ts";
import type { BTree, TreeRoot } from "./btree.ts";
import type { WriteSet } from "../commit/write_set.ts";
import { decodeRoot } from "../superblock.ts";

/** Tree id of the catalog: structure name to definition. */
export const CATALOG_TREE = 0;
/** Tree id of the tree of roots: tree id to root. */
export const ROOTS_TREE = 1;
/** Tree id of the transactions in doubt: transaction id to prepared changes. */
export const IN_DOUBT_TREE = 2;
/** Tree id of the dropped trees whose pages are not all freed yet (see `dropped_trees.ts`). */
export const DROPPED_TREE = 3;
/** First tree id of structures; those below are the kernel's own. */
export const FIRST_TREE = 16;

/** One version: the roots of all trees that were touched since opening. */
export interface State {
  /** Write epoch in which it may change. */
  readonly epoch: number;
  /** Roots by tree id. */
  readonly trees: Map<number, TreeRoot>;
  /** Rises with every change of the catalog: what was found in an equal one still holds. */
  catalog: number;
  /** Rises with every change: what was read in an equal one still holds. */
  version: number;
  /**
   * Changes that its trees hold only in part, since carrying them out failed and poisoned the store:
   * reads look through them, and so see all of them.
   */
  rest: readonly WriteSet[];
  /** Views that hold it. */
  pins: number;
}

const NO_REST: readonly WriteSet[] = [];

/** Owns the working state, the pins, and what plain reads see. */
export class States {
  /** Holds every applied commit. */
  working: State;
  /** Trees whose roots changed since the last checkpoint froze. */
  dirtyTrees: Set<number> = new Set();

  readonly #tree: BTree;
  readonly #pinned = new Set<State>();
  #visible: State | undefined;

  /** Starts from the tree of roots of the durable image. */
  constructor(tree: BTree, roots: TreeRoot) {
    this.#tree = tree;
    this.working = {
      epoch: tree.pager.epoch,
      trees: new Map([[ROOTS_TREE, roots]]),
      catalog: 0,
      version: 0,
      rest: NO_REST,
      pins: 0,
    };
  }

  /** What plain reads see: the working state, unless a commit is applied but not yet durable. */
  get visible(): State {
    return this.#visible ?? this.working;
  }

  /** Plain reads go on seeing the present state until {@linkcode States.reveal}. */
  hide(): void {
    this.#visible = this.working;
    this.pin(this.working);
  }

  /** Plain reads see the working state again. */
  reveal(): void {
    const hidden = this.#visible;
    this.#visible = undefined;
    if (hidden !== undefined) this.unpin(hidden);
  }

  /** Keeps a state as it is until it is unpinned as often. */
  pin(state: State): State {
    if (state.pins++ === 0) {
      this.#pinned.add(state);
      this.#tree.pager.space.freed.beginView(state.epoch);
    }
    return state;
  }

  /** Lets go of a pinned state: what only it needed may be reused. */
  unpin(state: State): void {
    if (--state.pins > 0) return;
    this.#pinned.delete(state);
    this.#tree.pager.space.freed.endView(state.epoch);
  }

  /** Number of pinned states. */
  get pinnedCount(): number {
    return this.#pinned.size;
  }

  /** Must be called before the working state changes. */
  beforeChange(): void {
    if (this.working.pins > 0) {
      this.#tree.pager.epoch++;
      this.renew();
    }
    this.working.version++;
  }

  /** Carrying a set into the trees has failed on the way. */
  leaveRest(set: WriteSet): void {
    set.shared = true;
    this.working.rest = [set];
    this.working.catalog++;
    this.working.version++;
  }

  /** Begins a new working state for the pager's present epoch. */
  renew(): void {
    this.working = {
      epoch: this.#tree.pager.epoch,
      trees: new Map(this.working.trees),
      catalog: this.working.catalog,
      version: this.working.version,
      rest: this.working.rest,
      pins: 0,
    };
  }

  /** The root of a tree in a state; a tree without entries has root page 0. */
  root(state: State, id: number): TreeRoot {
    const known = state.trees.get(id);
    if (known !== undefined) return known;
    const root = this.#loadRoot(state, id);
    state.trees.set(id, root);
    return root;
  }

  /** The root of a tree in the working state, to be changed. */
  writableRoot(id: number): TreeRoot {
    const root = this.root(this.working, id);
    this.dirtyTrees.add(id);
    if (root.epoch === this.working.epoch) return root;
    const copy = { ...root, epoch: this.working.epoch };
    this.working.trees.set(id, copy);
    return copy;
  }

  /** A checkpoint has written pages: every state learns the checksums of its root pages. */
  learnChecksums(): void {
    for (const state of [this.working, ...this.#pinned]) {
      for (const root of state.trees.values()) {
        root.checksum = this.#tree.pager.checksumOf(root.page, root.checksum);
      }
    }
  }

  #loadRoot(state: State, id: number): TreeRoot {
    const key = treeKey(id);
    const tree = this.#tree;
    const epoch = 0;
    if (!tree.find(this.root(state, ROOTS_TREE), key, 0, key.length)) {
      return { id, epoch, page: 0, checksum: 0, level: 0, count: 0, pages: 0 };
    }
    const reader = new ByteReader(tree.bytes, tree.valueAt, tree.valueAt + tree.valueLength);
    return { id, epoch, ...decodeRoot(reader) };
  }
}

/** Key of a tree in the trees of roots and of dropped ids: u32, big-endian. */
export function treeKey(id: number): Uint8Array {
  return new Uint8Array([id >>> 24, id >>> 16, id >>> 8, id]);
}

/** The tree whose key begins at `at`. */
export function treeOfKey(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
}
