/**
 * Where a full page is split.
 *
 * - Appends at the right edge of the tree leave the left page full.
 * - *Local appends*, as of many streams growing inside one tree: an append at the end of a leaf leaves
 *   that leaf full; one inside first fills the neighbours, then makes three of two (`make_room.ts`). A leaf
 *   is in this mode when at least 7 of 8 recent inserts shared more bytes with the key before them
 *   than with the key after them (for random keys that is a coin toss).
 * - Everything else splits in the middle, by bytes.
 *
 * @module
 */

import type { BTree, TreeRoot } from "./btree.ts";
import {
  type Arena,
  cellAt,
  cellBytes,
  cellHead,
  commonPrefix,
  compactPage,
  copyCell,
  HEADER_BYTES,
  keyLength,
  openCell,
  rebuildHeads,
  SLOT_BYTES,
  slotCount,
} from "../page/page.ts";

/** Counts an insert of a leaf as a local append or not. */
export function recordInsert(
  a: Arena,
  base: number,
  slot: number,
  key: Uint8Array,
  begin: number,
  length: number,
): void {
  const count = slotCount(a, base);
  if (slot === 0) return;
  let local = 1;
  if (slot < count) {
    const before = sharedWith(a, base, slot - 1, key, begin, length);
    local = before > sharedWith(a, base, slot, key, begin, length) ? 1 : 0;
  }
  const inserts = a.u8[base + 26]! + 1;
  const appends = a.u8[base + 27]! + local;
  const shift = inserts >= 128 ? 1 : 0;
  a.u8[base + 26] = inserts >> shift;
  a.u8[base + 27] = appends >> shift;
}

function sharedWith(
  a: Arena,
  base: number,
  slot: number,
  key: Uint8Array,
  begin: number,
  length: number,
): number {
  const other = keyLength(a, base, slot);
  const at = base + cellAt(a, base, slot) + cellHead(0);
  return commonPrefix(key, begin, a.u8, at, length < other ? length : other);
}

/** Whether recent inserts were local appends. */
export function growsLocally(a: Arena, base: number): boolean {
  const inserts = a.u8[base + 26]!;
  return inserts >= 8 && a.u8[base + 27]! * 8 >= inserts * 7;
}

/** Marks a leaf as one that grows locally, until its inserts say otherwise. */
export function markLocal(a: Arena, base: number): void {
  a.u8[base + 26] = 8;
  a.u8[base + 27] = 8;
}

function isRightEdge(tree: BTree, depth: number): boolean {
  for (let i = 0; i < depth; i++) {
    const frame = tree.pathFrame[i]!;
    const count = slotCount(tree.pager.arena(frame), tree.pager.base(frame));
    if (tree.pathSlot[i]! !== count - 1) return false;
  }
  return true;
}

/**
 * Splits the page at `depth` of the path and inserts the pending cell at `slot`. Leaves the
 * separator in `tree.separator`.
 * @returns the frame of the new right page.
 */
export function splitPage(
  tree: BTree,
  root: TreeRoot,
  depth: number,
  slot: number,
  bytes: number,
  key: Uint8Array,
  begin: number,
  length: number,
): number {
  const pager = tree.pager;
  const level = root.level - depth;
  const frame = tree.pathFrame[depth]!;
  const left = pager.arena(frame);
  const leftBase = pager.base(frame);
  const count = slotCount(left, leftBase);
  const local = level === 0 && growsLocally(left, leftBase);

  // So many of all cells, the new one included, are left of the cut.
  const append = slot === count && (local || isRightEdge(tree, depth));
  const cut = append ? count : middle(left, leftBase, level, count, slot, bytes);
  const goesLeft = slot < cut;
  const kept = goesLeft ? cut - 1 : cut;

  const rightFrame = pager.create(root.id, level);
  root.pages++;
  const right = pager.arena(rightFrame);
  const rightBase = pager.base(rightFrame);
  if (kept < count) {
    for (let i = kept; i < count; i++) copyCell(left, leftBase, i, right, rightBase);
    left.u16[(leftBase + 18) >> 1] = kept;
    compactPage(left, leftBase);
    rebuildHeads(left, leftBase);
    rebuildHeads(right, rightBase);
  }
  left.u8[leftBase + 26] = left.u8[leftBase + 27] = 0;
  if (local) {
    markLocal(left, leftBase);
    markLocal(right, rightBase);
  }

  const arena = goesLeft ? left : right;
  const base = goesLeft ? leftBase : rightBase;
  const at = openCell(arena, base, goesLeft ? slot : slot - kept, bytes, key, begin, length);
  tree.writeCell(arena, at, length, level);

  if (level === 0) takeSeparator(tree, left, leftBase, right, rightBase);
  else raiseSeparator(tree, right, rightBase);
  return rightFrame;
}

/**
 * How many cells, the new one included, make the left half: the first number that fills at least half
 * of the bytes. One cell at a time, so that it has less than half and a cell, which fits.
 */
function middle(
  a: Arena,
  base: number,
  level: number,
  count: number,
  slot: number,
  bytes: number,
): number {
  let total = SLOT_BYTES + bytes;
  for (let i = 0; i < count; i++) total += SLOT_BYTES + cellBytes(a, base, i, level);
  let sum = 0;
  let cut = 0;
  // The right half keeps at least one cell.
  do {
    const size = cut === slot ? bytes : cellBytes(a, base, cut < slot ? cut : cut - 1, level);
    sum += SLOT_BYTES + size;
    cut++;
  } while (sum * 2 < total && cut < count);
  return cut;
}

/** The shortest key that is above all of the left leaf and not above the right one. */
export function takeSeparator(
  tree: BTree,
  left: Arena,
  leftBase: number,
  right: Arena,
  rightBase: number,
): void {
  const last = slotCount(left, leftBase) - 1;
  const lowAt = leftBase + cellAt(left, leftBase, last) + cellHead(0);
  const highAt = rightBase + cellAt(right, rightBase, 0) + cellHead(0);
  const limit = Math.min(keyLength(left, leftBase, last), keyLength(right, rightBase, 0));
  const length = commonPrefix(left.u8, lowAt, right.u8, highAt, limit) + 1;
  for (let i = 0; i < length; i++) tree.separator[i] = right.u8[highAt + i]!;
  tree.separatorLength = length;
}

/** The first key of a right branch moves up; its own slot 0 becomes minus infinity. */
function raiseSeparator(tree: BTree, right: Arena, rightBase: number): void {
  const length = keyLength(right, rightBase, 0);
  const at = rightBase + cellAt(right, rightBase, 0) + cellHead(1);
  for (let i = 0; i < length; i++) tree.separator[i] = right.u8[at + i]!;
  tree.separatorLength = length;
  clearFirstKey(right, rightBase);
}

/** Makes slot 0 of a branch minus infinity. */
export function clearFirstKey(a: Arena, base: number): void {
  const length = keyLength(a, base, 0);
  a.u16[(base + HEADER_BYTES + 6) >> 1] = 0;
  a.u16[(base + 22) >> 1] = a.u16[(base + 22) >> 1]! + length;
  rebuildHeads(a, base);
}
