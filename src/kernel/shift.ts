/**
 * Before a leaf that grows locally is split, its neighbours under the same parent are filled: with
 * many streams growing inside one tree, a split each would leave every stream a page of its own,
 * half empty. Leaves of random inserts are not shifted: it would cost more than the space is worth.
 *
 * @module
 */

import type { BTree, TreeRoot } from "./btree.ts";
import { PAGE_BYTES } from "./limits.ts";
import {
  type Arena,
  cellBytes,
  compactPage,
  copyCell,
  createArena,
  freeBytes,
  HEADER_BYTES,
  openCell,
  rebuildHeads,
  SLOT_BYTES,
  slotCount,
} from "./page.ts";
import { growsLocally, takeSeparator } from "./split.ts";

/**
 * A shift that frees less than this is not worth two changed pages: 1/32 of a page. PERF: leaf fill
 * of 10,000 round-robin streams with 10, 20 and 30 entries of 126 bytes each: 0.82, 0.80 and 0.81;
 * with 1/8 of a page 0.75, 0.70 and 0.76; without shifting 0.50.
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
 * Makes room for the pending cell by moving cells to a neighbour, and inserts it.
 * @returns `false` when no neighbour has room: then the leaf must be split.
 */
export function shiftAndInsert(
  tree: BTree,
  root: TreeRoot,
  slot: number,
  bytes: number,
  key: Uint8Array,
  begin: number,
  length: number,
): boolean {
  const depth = root.level;
  if (depth === 0) return false;
  const leaf = leafAt(tree, tree.pathFrame[depth]!);
  if (!growsLocally(leaf.arena, leaf.base)) return false;
  const cell = { slot, bytes, key, begin, length };
  return shiftRight(tree, root, leaf, cell) || shiftLeft(tree, root, leaf, cell);
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
