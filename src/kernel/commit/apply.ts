/**
 * Carries a write set into the trees of the working state.
 *
 * @module
 */

import type { Engine } from "../engine.ts";
import { CELL_BYTES_MAX, PAGE_BYTES } from "../limits.ts";
import { referencePage, runPages } from "../page/overflow.ts";
import { slotCount } from "../page/page.ts";
import { CATALOG_TREE, DROPPED_TREE, IN_DOUBT_TREE } from "../tree/state.ts";
import { PUT, PUT_REFERENCE, REMOVE, type WriteSet } from "./write_set.ts";

/** Carries out the operations of a record on the working state. */
export function applyChanges(engine: Engine, set: WriteSet): void {
  const { states, tree } = engine;
  states.beforeChange();
  const bytes = set.out.bytes;
  for (let op = 0; op < set.count; op++) {
    const id = set.tree(op);
    if (id === CATALOG_TREE) states.working.catalog++;
    else if (id === DROPPED_TREE) engine.onDrop();
    const root = states.writableRoot(id);
    const keyAt = set.keyAt(op);
    const keyLength = set.keyLength(op);
    switch (set.kind(op)) {
      case PUT:
        tree.put(root, bytes, keyAt, keyLength, bytes, set.valueAt(op), set.valueLength(op));
        break;
      case PUT_REFERENCE:
        tree.putReference(root, bytes, keyAt, keyLength, bytes, set.valueAt(op));
        engine.reserved.delete(referencePage(bytes, set.valueAt(op)));
        engine.prepared.take(referencePage(bytes, set.valueAt(op)));
        break;
      case REMOVE:
        tree.remove(root, bytes, keyAt, keyLength);
        break;
    }
    if (id === IN_DOUBT_TREE) engine.prepared.apply(engine, set, op);
  }
}

/** Slot, cell head and an overflow reference, rounded up. */
const ENTRY_OVERHEAD = 32;

/**
 * An upper bound of the pages that applying a write set takes: copies of the pages on its paths,
 * splits (every new page is at least half full of new bytes, or was split off one that was full), runs
 * of larger values. Write sets before it may add pages, which may be frozen before this
 * one is applied.
 */
export function pagesToApply(engine: Engine, set: WriteSet): number {
  let pages = pagesForValues(set);
  let tree = -1;
  let operations = 0;
  let puts = 0;
  for (let op = 0; op < set.count; op++) {
    if (set.tree(op) !== tree) {
      pages += pagesOnPaths(engine, tree, operations, puts);
      tree = set.tree(op);
      operations = puts = 0;
    }
    operations++;
    if (set.kind(op) !== REMOVE) puts++;
  }
  return pages + pagesOnPaths(engine, tree, operations, puts);
}

/** The part of {@linkcode pagesToApply} that new keys and values take, whatever is in the trees. */
export function pagesForValues(set: WriteSet): number {
  let pages = 0;
  let inlineBytes = 0;
  for (let op = 0; op < set.count; op++) {
    const length = set.valueLength(op);
    if (set.kind(op) === PUT && length + set.keyLength(op) + 2 > CELL_BYTES_MAX) {
      pages += runPages(length);
    } else {
      inlineBytes += length + set.keyLength(op) + ENTRY_OVERHEAD;
    }
  }
  return pages + Math.ceil(inlineBytes * 2 / PAGE_BYTES);
}

/** Whether a write set removes and drops, and does nothing else. */
export function onlyFrees(set: WriteSet): boolean {
  for (let op = 0; op < set.count; op++) {
    if (set.kind(op) !== REMOVE && set.tree(op) !== DROPPED_TREE) return false;
  }
  return true;
}

/**
 * Copies of the root, of the pages below it as far as their number is known, and of the rest; and for
 * each put a leaf that was full already. (Leaves that it fills itself are in `pagesForValues`.)
 */
function pagesOnPaths(
  engine: Engine,
  tree: number,
  operations: number,
  puts: number,
): number {
  if (operations === 0) return 0;
  const { states, pager, promisedPages } = engine;
  const root = states.root(states.working, tree);
  const pages = root.pages + promisedPages;
  const splits = Math.min(puts, pages);
  if (root.level < 2) return Math.min(operations, pages) + splits + 3;
  const frame = pager.frame(root.page, root.checksum);
  const children = slotCount(pager.arena(frame), pager.base(frame)) + promisedPages;
  const copies = Math.min(operations, children) + operations * (root.level - 1);
  return Math.min(copies, pages) + splits + root.level + 2;
}
