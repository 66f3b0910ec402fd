/**
 * Takes the last leaf off a tree that nobody changes any more, with the values it names.
 *
 * @module
 */

import type { BTree, TreeRoot } from "./btree.ts";
import { giveUp } from "./merge.ts";
import {
  cellAt,
  childChecksum,
  childOf,
  epochOf,
  keyLength,
  LEAF_CELL_HEAD,
  OVERFLOW,
  removeSlot,
  slotCount,
} from "../page/page.ts";

/** Most pages that {@linkcode removeLastLeaf} takes: copies of the branches above the leaf. */
export function pagesToRemoveLeaf(root: TreeRoot): number {
  return root.level;
}

/**
 * Removes the last leaf of a tree that is not empty, and the branches that it leaves empty. The
 * root keeps its level until nothing is left; its totals stay exact.
 *
 * All reading comes first: damage is found before anything changes. The leaf is read past the
 * cache, so that a large tree on its way out does not crowd out pages in use.
 *
 * @throws {CorruptionError} `CORRUPT_PAGE`: nothing has changed
 */
export function removeLastLeaf(tree: BTree, root: TreeRoot): void {
  const { pager } = tree;
  pager.clock++;
  let page = root.page;
  let checksum = root.checksum;
  for (let level = root.level; level > 0; level--) {
    const frame = pager.frame(page, checksum);
    const arena = pager.arena(frame);
    const base = pager.base(frame);
    const last = slotCount(arena, base) - 1;
    page = childOf(arena, base, last);
    checksum = childChecksum(arena, base, last);
  }
  const leaf = pager.verified(page, checksum);
  const leafFrame = epochOf(leaf, 0) === pager.epoch ? pager.frame(page, checksum) : -1;

  const branches = writableBranches(tree, root);
  const count = slotCount(leaf, 0);
  for (let slot = 0; slot < count; slot++) {
    const at = cellAt(leaf, 0, slot);
    if ((leaf.u8[at]! | leaf.u8[at + 1]! << 8) !== OVERFLOW) continue;
    tree.overflow.free(leaf.u8, at + LEAF_CELL_HEAD + keyLength(leaf, 0, slot));
  }
  root.count -= count;
  if (leafFrame >= 0) {
    giveUp(tree, root, leafFrame);
  } else {
    root.pages--;
    pager.freePage(page, epochOf(leaf, 0));
  }
  for (let frame = branches.pop(); frame !== undefined; frame = branches.pop()) {
    const arena = pager.arena(frame);
    const base = pager.base(frame);
    const left = slotCount(arena, base) - 1;
    removeSlot(arena, base, left);
    if (left > 0) return;
    giveUp(tree, root, frame);
  }
  root.page = 0;
  root.level = 0;
}

/** Makes the branches above the last leaf changeable. @returns their frames from the root down. */
function writableBranches(tree: BTree, root: TreeRoot): number[] {
  const { pager } = tree;
  const frames: number[] = [];
  if (root.level === 0) return frames;
  let frame = pager.writable(pager.frame(root.page, root.checksum));
  root.page = pager.pageOf(frame);
  frames.push(frame);
  for (let level = root.level - 1; level > 0; level--) {
    const arena = pager.arena(frame);
    const base = pager.base(frame);
    frame = tree.writableChild(arena, base, slotCount(arena, base) - 1);
    frames.push(frame);
  }
  return frames;
}
