/**
 * Before a leaf that grows locally is split, its neighbours under the same parent are filled: with
 * many streams growing inside one tree, a split each would leave every stream a page of its own,
 * half empty. Leaves of random inserts are not shifted: it would cost more than the space is worth.
 *
 * @module
 */

import type { BTree, TreeRoot } from "./btree.ts";
import { PAGE_BYTES } from "../limits.ts";
import {
  type Arena,
  cellBytes,
  compactPage,
  copyCell,
  createArena,
  freeBytes,
  HEADER_BYTES,
  keyLength,
  openCell,
  rebuildHeads,
  SLOT_BYTES,
  slotCount,
} from "../page/page.ts";
import { growsLocally, markLocal, takeSeparator } from "./split.ts";

/**
 * A shift that frees less than this is not worth two changed pages: 1/32 of a page. PERF: leaf fill
 * of 10,000 round-robin streams with 5 to 50 entries of 126 bytes each is 0.81 to 0.84; with shifts,
 * but splits of one leaf into two, 0.72 to 0.82; without shifts 0.50.
 */
const SHIFT_BYTES_MIN: number = (PAGE_BYTES - HEADER_BYTES) >> 5;

const scratch = createArena(PAGE_BYTES);

/** One leaf being worked on. */
interface Leaf {
  readonly frame: number;
  readonly arena: Arena;
  readonly base: number;
}

function leafAt(tree: BTree, frame: number): Leaf {
  return { frame, arena: tree.pager.arena(frame), base: tree.pager.base(frame) };
}

function bytesAt(leaf: Leaf, slot: number): number {
  return SLOT_BYTES + cellBytes(leaf.arena, leaf.base, slot, 0);
}

/**
 * Inserts the pending cell into a full leaf that grows locally, with the help of its neighbours under
 * the same parent: by moving cells to one that has room, else by making three leaves of two full ones.
 * @returns `false` when there is nothing to gain: then the leaf is split alone.
 */
export function makeRoom(
  tree: BTree,
  root: TreeRoot,
  slot: number,
  bytes: number,
  key: Uint8Array,
  begin: number,
  length: number,
): boolean {
  if (root.level === 0) return false;
  const leaf = leafAt(tree, tree.pathFrame[root.level]!);
  if (!growsLocally(leaf.arena, leaf.base)) return false;
  const cell = { slot, bytes, key, begin, length };
  return shiftRight(tree, root, leaf, cell) || shiftLeft(tree, root, leaf, cell) ||
    splitTwoInThree(tree, root, leaf, cell);
}

interface PendingCell {
  readonly slot: number;
  readonly bytes: number;
  readonly key: Uint8Array;
  readonly begin: number;
  readonly length: number;
}

function insert(tree: BTree, leaf: Leaf, slot: number, cell: PendingCell): void {
  const { bytes, key, begin, length } = cell;
  const at = openCell(leaf.arena, leaf.base, slot, bytes, key, begin, length);
  tree.writeCell(leaf.arena, at, length, 0);
}

/** The leaf beside the path's, changeable, or `undefined` when it cannot take enough. */
function neighbour(tree: BTree, root: TreeRoot, slot: number): Leaf | undefined {
  const parent = leafAt(tree, tree.pathFrame[root.level - 1]!);
  if (slot < 0 || slot >= slotCount(parent.arena, parent.base)) return undefined;
  const seen = leafAt(tree, tree.childFrame(parent.arena, parent.base, slot));
  if (freeBytes(seen.arena, seen.base) < 2 * SHIFT_BYTES_MIN) return undefined;
  return leafAt(tree, tree.writableChild(parent.arena, parent.base, slot));
}

/** Moves the cells behind the insertion point to the front of the right neighbour. */
function shiftRight(tree: BTree, root: TreeRoot, leaf: Leaf, cell: PendingCell): boolean {
  const parentSlot = tree.pathSlot[root.level - 1]! + 1;
  const right = neighbour(tree, root, parentSlot);
  if (right === undefined) return false;
  const count = slotCount(leaf.arena, leaf.base);
  // The neighbour keeps some room: it grows as well.
  const room = freeBytes(right.arena, right.base) - SHIFT_BYTES_MIN;
  let from = count;
  let moved = 0;
  while (from > cell.slot && moved + bytesAt(leaf, from - 1) <= room) {
    moved += bytesAt(leaf, --from);
  }
  const needed = cell.bytes + SLOT_BYTES;
  if (cell.slot === count) {
    if (room < needed) return false;
    insert(tree, right, 0, cell);
  } else {
    if (moved < SHIFT_BYTES_MIN || freeBytes(leaf.arena, leaf.base) + moved < needed) return false;
    prepend(leaf, from, count, right);
    keep(leaf, 0, from);
    insert(tree, leaf, cell.slot, cell);
  }
  takeSeparator(tree, leaf.arena, leaf.base, right.arena, right.base);
  tree.replaceSeparator(root, parentSlot, tree.pager.pageOf(right.frame));
  return true;
}

/** Moves cells before the insertion point to the end of the left neighbour. */
function shiftLeft(tree: BTree, root: TreeRoot, leaf: Leaf, cell: PendingCell): boolean {
  const parentSlot = tree.pathSlot[root.level - 1]!;
  const left = neighbour(tree, root, parentSlot - 1);
  if (left === undefined) return false;
  const count = slotCount(leaf.arena, leaf.base);
  const room = freeBytes(left.arena, left.base) - SHIFT_BYTES_MIN;
  const last = Math.min(cell.slot, count - 1);
  let until = 0;
  let moved = 0;
  while (until < last && moved + bytesAt(leaf, until) <= room) moved += bytesAt(leaf, until++);
  const needed = cell.bytes + SLOT_BYTES;
  if (moved < SHIFT_BYTES_MIN || freeBytes(leaf.arena, leaf.base) + moved < needed) return false;
  compactPage(left.arena, left.base);
  for (let i = 0; i < until; i++) copyCell(leaf.arena, leaf.base, i, left.arena, left.base);
  rebuildHeads(left.arena, left.base);
  keep(leaf, until, count);
  insert(tree, leaf, cell.slot - until, cell);
  takeSeparator(tree, left.arena, left.base, leaf.arena, leaf.base);
  tree.replaceSeparator(root, parentSlot, tree.pager.pageOf(leaf.frame));
  return true;
}

/**
 * Splits a leaf and its full right neighbour into three: all stay at least two thirds full, where
 * halves of one between full neighbours would stay half empty for long.
 * @returns `false` when there is no such neighbour, or the parent is too full to tell of it.
 */
function splitTwoInThree(tree: BTree, root: TreeRoot, leaf: Leaf, cell: PendingCell): boolean {
  // An append leaves the leaf full: it may be the page of one large stream.
  if (cell.slot === slotCount(leaf.arena, leaf.base)) return false;
  const depth = root.level;
  const parentSlot = tree.pathSlot[depth - 1]!;
  const parent = leafAt(tree, tree.pathFrame[depth - 1]!);
  if (parentSlot + 1 >= slotCount(parent.arena, parent.base)) return false;
  // Two separators are going to be written: the parent must not split between them.
  if (freeBytes(parent.arena, parent.base) < 2 * (16 + 2 * longestKey(leaf))) return false;
  const right = leafAt(tree, tree.writableChild(parent.arena, parent.base, parentSlot + 1));
  const added = leafAt(tree, tree.pager.create(root.id, 0));
  root.pages++;
  distribute(tree, [leaf, added, right], cell);
  takeSeparator(tree, added.arena, added.base, right.arena, right.base);
  tree.replaceSeparator(root, parentSlot + 1, tree.pager.pageOf(right.frame));
  takeSeparator(tree, leaf.arena, leaf.base, added.arena, added.base);
  tree.insertChild(root, depth - 1, parentSlot + 1, tree.pager.pageOf(added.frame));
  return true;
}

function longestKey(leaf: Leaf): number {
  let longest = 0;
  for (let slot = slotCount(leaf.arena, leaf.base) - 1; slot >= 0; slot--) {
    longest = Math.max(longest, keyLength(leaf.arena, leaf.base, slot));
  }
  return longest;
}

const secondScratch = createArena(PAGE_BYTES);

/** Spreads the cells of the first and the last leaf, and the pending cell, over all three. */
function distribute(tree: BTree, leaves: readonly [Leaf, Leaf, Leaf], cell: PendingCell): void {
  const [first, added, last] = leaves;
  clear(last);
  secondScratch.u8.set(scratch.u8);
  clear(first);
  const sources: readonly [Arena, Arena] = [scratch, secondScratch];
  let total = cell.bytes + SLOT_BYTES;
  for (const source of sources) {
    for (let i = slotCount(source, 0) - 1; i >= 0; i--) {
      total += SLOT_BYTES + cellBytes(source, 0, i, 0);
    }
  }
  let sum = 0;
  let target: Leaf = first;
  let home: Leaf = first;
  let homeSlot = 0;
  const advance = (size: number): void => {
    sum += size;
    if (target === first && sum * 3 >= total) target = added;
    else if (target === added && sum * 3 >= total * 2) target = last;
  };
  for (const source of sources) {
    const count = slotCount(source, 0);
    for (let i = 0; i < count; i++) {
      if (source === scratch && i === cell.slot) {
        home = target;
        homeSlot = slotCount(target.arena, target.base);
        advance(SLOT_BYTES + cell.bytes);
      }
      const size = SLOT_BYTES + cellBytes(source, 0, i, 0);
      copyCell(source, 0, i, target.arena, target.base);
      advance(size);
    }
  }
  for (const leaf of leaves) rebuildHeads(leaf.arena, leaf.base);
  insert(tree, home, homeSlot, cell);
  for (const leaf of leaves) markLocal(leaf.arena, leaf.base);
}

function clear(leaf: Leaf): void {
  scratch.u8.set(leaf.arena.u8.subarray(leaf.base, leaf.base + PAGE_BYTES));
  const half = leaf.base >> 1;
  leaf.arena.u16[half + 9] = 0;
  leaf.arena.u16[half + 10] = PAGE_BYTES;
  leaf.arena.u16[half + 11] = 0;
}

/** Puts cells of one leaf before all of another. */
function prepend(source: Leaf, from: number, until: number, target: Leaf): void {
  clear(target);
  for (let i = from; i < until; i++) {
    copyCell(source.arena, source.base, i, target.arena, target.base);
  }
  const count = slotCount(scratch, 0);
  for (let i = 0; i < count; i++) copyCell(scratch, 0, i, target.arena, target.base);
  rebuildHeads(target.arena, target.base);
}

/** Leaves only some of a leaf's cells. */
function keep(leaf: Leaf, from: number, until: number): void {
  clear(leaf);
  for (let i = from; i < until; i++) copyCell(scratch, 0, i, leaf.arena, leaf.base);
  rebuildHeads(leaf.arena, leaf.base);
}
