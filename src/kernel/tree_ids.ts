/**
 * Which trees a state has.
 *
 * @module
 */

import type { Engine } from "./engine.ts";
import { LeafWalk } from "./leaf_walk.ts";
import { slotCount } from "./page.ts";
import { keyOf } from "./page_shape.ts";
import { ROOTS_TREE, type State } from "./state.ts";

/**
 * The ids of all trees of a state, ascending, the tree of roots left out: those it names, and those
 * that were touched since opening. Pauses after each leaf; the state is pinned or does not change.
 * @throws {CorruptionError} `CORRUPT_PAGE`
 */
export function* treeIds({ states, pager }: Engine, state: State): Generator<void, number[]> {
  const ids = new Set(state.trees.keys());
  const walk = new LeafWalk(pager, states.root(state, ROOTS_TREE));
  for (let leaf = walk.next(); leaf !== undefined; leaf = walk.next()) {
    for (let slot = 0; slot < slotCount(leaf, 0); slot++) {
      ids.add(new DataView(keyOf(leaf, 0, slot).buffer).getUint32(0));
    }
    yield;
  }
  ids.delete(ROOTS_TREE);
  return [...ids].sort((a, b) => a - b);
}
