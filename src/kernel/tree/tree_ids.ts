/**
 * Which trees a state has.
 *
 * @module
 */

import type { TreeRoot } from "./btree.ts";
import type { Engine } from "../engine.ts";
import type { Pager } from "../page/pager.ts";
import { LeafWalk } from "./leaf_walk.ts";
import { slotCount } from "../page/page.ts";
import { keyOf } from "../page/page_shape.ts";
import { DROPPED_TREE, ROOTS_TREE, type State, treeOfKey } from "./state.ts";

/**
 * The ids of all trees of a state, ascending, the tree of roots left out: those it names, and those
 * that were touched since opening. Pauses after each leaf; the state is pinned or does not change.
 * @throws {CorruptionError} `CORRUPT_PAGE`
 */
export function* treeIds({ states, pager }: Engine, state: State): Generator<void, number[]> {
  const ids = new Set(state.trees.keys());
  for (const id of yield* idsIn(pager, states.root(state, ROOTS_TREE))) ids.add(id);
  ids.delete(ROOTS_TREE);
  return [...ids].sort((a, b) => a - b);
}

/**
 * The ids of the trees that were dropped and still have pages. As above.
 * @throws {CorruptionError} `CORRUPT_PAGE`
 */
export function* droppedIds(
  { states, pager }: Engine,
  state: State,
): Generator<void, Set<number>> {
  return yield* idsIn(pager, states.root(state, DROPPED_TREE));
}

/** The keys of a tree of tree ids. */
function* idsIn(pager: Pager, root: TreeRoot): Generator<void, Set<number>> {
  const ids = new Set<number>();
  const walk = new LeafWalk(pager, root);
  for (let leaf = walk.next(); leaf !== undefined; leaf = walk.next()) {
    for (let slot = 0; slot < slotCount(leaf, 0); slot++) {
      ids.add(treeOfKey(keyOf(leaf, 0, slot), 0));
    }
    yield;
  }
  return ids;
}
