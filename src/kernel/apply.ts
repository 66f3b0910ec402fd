/**
 * Carries a write set into the trees of the working state.
 *
 * @module
 */

import type { Engine } from "./engine.ts";
import { CELL_BYTES_MAX, PAGE_BYTES } from "./limits.ts";
import { referencePage, runPages } from "./overflow.ts";
import { PUT, PUT_REFERENCE, REMOVE, type WriteSet } from "./write_set.ts";

/** Carries out the operations of a record on the working state. */
export function applyChanges(engine: Engine, set: WriteSet): void {
  const { states, tree } = engine;
  states.beforeChange();
  const bytes = set.out.bytes;
  for (let op = 0; op < set.count; op++) {
    const id = set.tree(op);
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
        break;
      case REMOVE:
        tree.remove(root, bytes, keyAt, keyLength);
        break;
    }
  }
}

/**
 * An upper bound of the pages that applying a write set takes: copies of the pages on its paths,
 * splits (every new page is at least half full of new bytes, roughly), runs of larger values.
 */
export function pagesToApply(engine: Engine, set: WriteSet): number {
  const { states } = engine;
  const perTree = new Map<number, number>();
  let pages = Math.ceil(set.out.length * 2 / PAGE_BYTES);
  for (let op = 0; op < set.count; op++) {
    const id = set.tree(op);
    perTree.set(id, (perTree.get(id) ?? 0) + 1);
    const length = set.valueLength(op);
    if (set.kind(op) === PUT && length + set.keyLength(op) + 2 > CELL_BYTES_MAX) {
      pages += runPages(length);
    }
  }
  for (const [id, operations] of perTree) {
    const root = states.root(states.working, id);
    pages += Math.min(operations * (root.level + 2), root.pages + root.level + 2);
  }
  return pages;
}
