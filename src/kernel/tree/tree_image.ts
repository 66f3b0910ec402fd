/**
 * Builds the pages of one tree from its entries in key order, bottom up: full pages, children
 * before parents, so that a parent is complete when it is laid down and nothing is touched twice.
 *
 * Every branch but a lone root keeps at least two children: a branch that is full hands its last
 * child to the next one.
 *
 * @module
 */

import type { Checksum } from "../../base/checksum.ts";
import { assert } from "../../errors.ts";
import type { ImagePages } from "../backup/image_pages.ts";
import { PAGE_BYTES } from "../limits.ts";
import {
  type Arena,
  BRANCH_CELL_HEAD,
  cellAt,
  cellBytes,
  childChecksum,
  childOf,
  commonPrefix,
  copyCell,
  createArena,
  formatPage,
  freeBytes,
  keyLength,
  LEAF_CELL_HEAD,
  openCell,
  rebuildHeads,
  removeSlot,
  setU32At,
  SLOT_BYTES,
  slotCount,
} from "../page/page.ts";
import { keyOf } from "../page/page_shape.ts";
import type { StoredRoot } from "../superblock.ts";

/** Write epoch of all pages of an image. */
export const IMAGE_EPOCH = 1;

interface Level {
  /** The page under construction. */
  readonly arena: Arena;
  /** What separates it from the page before it. */
  separator: Uint8Array;
}

const NO_KEY = new Uint8Array(0);

/** Builds one tree. */
export class TreeImage {
  readonly #pages: ImagePages;
  readonly #checksum: Checksum;
  readonly #tree: number;
  readonly #levels: Level[] = [];
  #entries = 0;
  #laid = 0;

  /** Begins an empty tree that is laid down in `pages`. */
  constructor(pages: ImagePages, checksum: Checksum, tree: number) {
    this.#pages = pages;
    this.#checksum = checksum;
    this.#tree = tree;
  }

  /**
   * Appends an entry: the leaf cell of a slot. Keys must ascend.
   * @param run first page of the value when the cell is a reference
   */
  add(from: Arena, slot: number, run: number | undefined): void {
    const leaf = this.#level(0);
    const { arena } = leaf;
    const bytes = cellBytes(from, 0, slot, 0);
    const count = slotCount(arena, 0);
    if (count > 0 && freeBytes(arena, 0) < bytes + SLOT_BYTES) {
      const separator = separatorOf(arena, count - 1, from, slot);
      this.#lay(0, false);
      leaf.separator = separator;
    }
    copyCell(from, 0, slot, arena, 0);
    if (run !== undefined) {
      const last = slotCount(arena, 0) - 1;
      const at = cellAt(arena, 0, last) + LEAF_CELL_HEAD + keyLength(arena, 0, last);
      setU32At(arena.u8, at, run);
    }
    this.#entries++;
  }

  /** Lays down what is under construction. @returns the root of the tree. */
  finish(): StoredRoot {
    let root = { page: 0, checksum: 0 };
    for (let level = 0; level < this.#levels.length; level++) {
      root = this.#lay(level, level === this.#levels.length - 1);
    }
    return {
      ...root,
      level: Math.max(0, this.#levels.length - 1),
      count: this.#entries,
      pages: this.#laid,
    };
  }

  #level(level: number): Level {
    let known = this.#levels[level];
    if (known === undefined) {
      known = { arena: createArena(PAGE_BYTES), separator: NO_KEY };
      this.#levels.push(known);
      this.#begin(level);
    }
    return known;
  }

  #begin(level: number): void {
    const { arena } = this.#levels[level]!;
    arena.u8.fill(0);
    formatPage(arena, 0, 0, IMAGE_EPOCH, this.#tree, level);
  }

  /** Lays a page down, enters it in its parent unless it is the root, and begins the next one. */
  #lay(level: number, isRoot: boolean): { page: number; checksum: number } {
    const { arena, separator } = this.#levels[level]!;
    rebuildHeads(arena, 0);
    const page = this.#pages.next;
    arena.i32[1] = page;
    const checksum = this.#checksum.of(arena.u8, 4, PAGE_BYTES);
    arena.i32[0] = checksum;
    this.#pages.append(arena.u8);
    this.#laid++;
    this.#begin(level);
    if (!isRoot) this.#enter(level + 1, page, checksum, separator);
    return { page, checksum };
  }

  #enter(level: number, page: number, checksum: number, separator: Uint8Array): void {
    const branch = this.#level(level);
    const { arena } = branch;
    const count = slotCount(arena, 0);
    if (count > 0 && freeBytes(arena, 0) < BRANCH_CELL_HEAD + separator.length + SLOT_BYTES) {
      assert(count > 2, "a full branch has children to spare");
      const last = count - 1;
      const moved = { page: childOf(arena, 0, last), checksum: childChecksum(arena, 0, last) };
      const next = keyOf(arena, 0, last);
      removeSlot(arena, 0, last);
      this.#lay(level, false);
      branch.separator = next;
      appendChild(arena, moved.page, moved.checksum, NO_KEY);
    }
    appendChild(arena, page, checksum, slotCount(arena, 0) === 0 ? NO_KEY : separator);
  }
}

function appendChild(arena: Arena, page: number, checksum: number, key: Uint8Array): void {
  const bytes = BRANCH_CELL_HEAD + key.length;
  const at = openCell(arena, 0, slotCount(arena, 0), bytes, key, 0, key.length);
  setU32At(arena.u8, at, page);
  setU32At(arena.u8, at + 4, checksum);
}

/** The shortest key that is above the left leaf's last and not above the right one's first. */
function separatorOf(left: Arena, leftSlot: number, right: Arena, rightSlot: number): Uint8Array {
  const leftAt = cellAt(left, 0, leftSlot) + LEAF_CELL_HEAD;
  const rightAt = cellAt(right, 0, rightSlot) + LEAF_CELL_HEAD;
  const limit = Math.min(keyLength(left, 0, leftSlot), keyLength(right, 0, rightSlot));
  const length = commonPrefix(left.u8, leftAt, right.u8, rightAt, limit) + 1;
  return right.u8.slice(rightAt, rightAt + length);
}
