/**
 * What happens after a removal: an empty page leaves its parent, a page less than a third full is
 * joined with a neighbour under the same parent when both fill at most three quarters of a page,
 * and a root with a single child gives way to it.
 *
 * @module
 */

import type { BTree, TreeRoot } from "./btree.ts";
import { PAGE_BYTES } from "../limits.ts";
import {
  type Arena,
  cellAt,
  cellHead,
  childChecksum,
  childOf,
  compactPage,
  copyCell,
  freeBytes,
  HEADER_BYTES,
  keyLength,
  openCell,
  rebuildHeads,
  removeSlot,
  slotCount,
} from "../page/page.ts";
import { clearFirstKey } from "./split.ts";

const ROOM = PAGE_BYTES - HEADER_BYTES;

function usedBytes(a: Arena, base: number): number {
  return ROOM - freeBytes(a, base);
}

/** Gives a page of the tree back. */
export function giveUp(tree: BTree, root: TreeRoot, frame: number): void {
  root.pages--;
  tree.pager.giveUp(frame);
}

/** Repairs the path from `depth` up after a cell was removed from the page there. */
export function mergeAt(tree: BTree, root: TreeRoot, depth: number): void {
  const pager = tree.pager;
  for (; depth > 0; depth--) {
    const frame = tree.pathFrame[depth]!;
    const arena = pager.arena(frame);
    const base = pager.base(frame);
    const parentFrame = tree.pathFrame[depth - 1]!;
    const parent = pager.arena(parentFrame);
    const parentBase = pager.base(parentFrame);
    const slot = tree.pathSlot[depth - 1]!;
    if (slotCount(arena, base) === 0) {
      giveUp(tree, root, frame);
      removeSlot(parent, parentBase, slot);
      if (slot === 0 && slotCount(parent, parentBase) > 0) clearFirstKey(parent, parentBase);
      continue;
    }
    if (usedBytes(arena, base) * 3 >= ROOM) return;
    const count = slotCount(parent, parentBase);
    const merged = (slot + 1 < count && join(tree, root, depth, slot)) ||
      (slot > 0 && join(tree, root, depth, slot - 1));
    if (!merged) return;
  }
  shrinkRoot(tree, root);
}

/** Joins the children at `slot` and `slot + 1` of the parent into the left one, if they fit. */
function join(tree: BTree, root: TreeRoot, depth: number, slot: number): boolean {
  const pager = tree.pager;
  const parentFrame = tree.pathFrame[depth - 1]!;
  const parent = pager.arena(parentFrame);
  const parentBase = pager.base(parentFrame);
  const level = root.level - depth;
  const leftPeek = pager.frame(
    childOf(parent, parentBase, slot),
    childChecksum(parent, parentBase, slot),
  );
  const rightFrame = pager.frame(
    childOf(parent, parentBase, slot + 1),
    childChecksum(parent, parentBase, slot + 1),
  );
  const separatorLength = keyLength(parent, parentBase, slot + 1);
  const together = usedBytes(pager.arena(leftPeek), pager.base(leftPeek)) +
    usedBytes(pager.arena(rightFrame), pager.base(rightFrame)) + (level > 0 ? separatorLength : 0);
  if (together * 4 > ROOM * 3) return false;

  const leftFrame = tree.writableChild(parent, parentBase, slot);
  const left = pager.arena(leftFrame);
  const leftBase = pager.base(leftFrame);
  const right = pager.arena(rightFrame);
  const rightBase = pager.base(rightFrame);
  const offset = slotCount(left, leftBase);
  compactPage(left, leftBase);
  const from = level > 0 ? 1 : 0;
  if (level > 0) {
    // Slot 0 of the right branch is minus infinity: here its key is the parent's separator.
    const separatorAt = parentBase + cellAt(parent, parentBase, slot + 1) + cellHead(1);
    const at = openCell(
      left,
      leftBase,
      offset,
      cellHead(1) + separatorLength,
      parent.u8,
      separatorAt,
      separatorLength,
    );
    const childAt = rightBase + cellAt(right, rightBase, 0);
    for (let i = 0; i < cellHead(1); i++) left.u8[at + i] = right.u8[childAt + i]!;
  }
  const count = slotCount(right, rightBase);
  for (let i = from; i < count; i++) copyCell(right, rightBase, i, left, leftBase);
  rebuildHeads(left, leftBase);
  giveUp(tree, root, rightFrame);
  removeSlot(parent, parentBase, slot + 1);
  tree.pathFrame[depth] = leftFrame;
  tree.pathSlot[depth - 1] = slot;
  return true;
}

function shrinkRoot(tree: BTree, root: TreeRoot): void {
  const pager = tree.pager;
  while (root.page !== 0) {
    const frame = pager.frame(root.page, root.checksum);
    const arena = pager.arena(frame);
    const base = pager.base(frame);
    const count = slotCount(arena, base);
    if (count === 0) {
      giveUp(tree, root, frame);
      root.page = 0;
      root.level = 0;
      return;
    }
    if (root.level === 0 || count > 1) return;
    const child = childOf(arena, base, 0);
    root.checksum = childChecksum(arena, base, 0);
    giveUp(tree, root, frame);
    root.page = child;
    root.level--;
  }
}
