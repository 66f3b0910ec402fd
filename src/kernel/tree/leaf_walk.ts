/**
 * The leaves of one tree of a pinned state, in key order, as private copies. Branches come through
 * the cache; leaves are read past it, so that a walk over a whole store evicts nothing and sees
 * what is in the file.
 *
 * @module
 */

import { CorruptionError } from "../../errors.ts";
import { DEPTH_MAX, type TreeRoot } from "./btree.ts";
import { PAGE_BYTES } from "../limits.ts";
import { type Arena, childChecksum, childOf, levelOf, slotCount } from "../page/page.ts";
import { isSoundPage } from "../page/page_shape.ts";
import type { Pager } from "../page/pager.ts";

/** Walks the leaves of one tree. Work may go on between two calls: the state is pinned. */
export class LeafWalk {
  readonly #pager: Pager;
  readonly #root: TreeRoot;
  /** The slot taken at each depth; the pages are found from the root each time. */
  readonly #slots: number[] = [];
  readonly #frames = new Int32Array(DEPTH_MAX);
  #begun = false;

  /** Prepares a walk; nothing is read before `next`. */
  constructor(pager: Pager, root: TreeRoot) {
    this.#pager = pager;
    this.#root = root;
  }

  /**
   * The next leaf, or `undefined` at the end.
   * @throws {CorruptionError} `CORRUPT_PAGE`
   */
  next(): Arena | undefined {
    const root = this.#root;
    if (root.page === 0 || (this.#begun && root.level === 0)) return undefined;
    this.#pager.clock++;
    if (!this.#begun) {
      this.#begun = true;
      return this.#down(0);
    }
    const depth = this.#advance();
    return depth < 0 ? undefined : this.#down(depth + 1);
  }

  /** Moves to the next slot of the lowest branch that has one. @returns its depth, or -1. */
  #advance(): number {
    const levels = this.#root.level;
    for (let depth = 0; depth < levels; depth++) this.#enter(depth);
    for (let depth = levels - 1; depth >= 0; depth--) {
      const slot = this.#slots[depth]! + 1;
      const frame = this.#frames[depth]!;
      if (slot >= slotCount(this.#pager.arena(frame), this.#pager.base(frame))) continue;
      this.#slots[depth] = slot;
      return depth;
    }
    return -1;
  }

  /** Goes down from a depth along first slots. */
  #down(from: number): Arena {
    const levels = this.#root.level;
    for (let depth = from; depth < levels; depth++) {
      this.#slots[depth] = 0;
      this.#enter(depth);
    }
    const { page, checksum } = this.#child(levels);
    return this.#sound(this.#pager.verified(page, checksum), 0, page, 0);
  }

  /** Finds the branch of a depth, below the slot taken above it. */
  #enter(depth: number): void {
    const { page, checksum } = this.#child(depth);
    const frame = this.#pager.frame(page, checksum);
    const base = this.#pager.base(frame);
    this.#sound(this.#pager.arena(frame), base, page, this.#root.level - depth);
    this.#frames[depth] = frame;
  }

  /**
   * The page of a depth. Its checksum is read from the parent now: a checkpoint may have filled it
   * in since the last step.
   */
  #child(depth: number): { page: number; checksum: number } {
    if (depth === 0) return this.#root;
    const frame = this.#frames[depth - 1]!;
    const arena = this.#pager.arena(frame);
    const base = this.#pager.base(frame);
    const slot = this.#slots[depth - 1]!;
    return { page: childOf(arena, base, slot), checksum: childChecksum(arena, base, slot) };
  }

  #sound(arena: Arena, base: number, page: number, level: number): Arena {
    const tree = arena.i32[(base >> 2) + 3]! >>> 0;
    if (tree === this.#root.id && levelOf(arena, base) === level && isSoundPage(arena, base)) {
      return arena;
    }
    throw new CorruptionError(
      "CORRUPT_PAGE",
      `Cannot use page ${page}: it is no page of tree ${this.#root.id} at level ${level}`,
      { page, offset: page * PAGE_BYTES },
    );
  }
}
