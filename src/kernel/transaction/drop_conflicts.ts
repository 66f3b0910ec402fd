/**
 * What concurrent transactions may not do to a structure that one of them drops. Holds at every
 * isolation level: a write to a dropped tree, or a name struck off that means another tree by now,
 * would not be lost only, but leave pages that nobody frees.
 *
 * @module
 */

import { ConflictError } from "../../errors.ts";
import type { CommitHistory } from "./commit_history.ts";
import { DROPPED_TREE, treeOfKey } from "../tree/state.ts";
import type { WriteSet } from "../commit/write_set.ts";

/**
 * Nothing in `own` may change or drop a tree that was dropped meanwhile, nor drop one that was
 * changed at sequence `since` or later.
 * @throws {ConflictError} `CONFLICT`
 */
export function checkDrops(history: CommitHistory, own: WriteSet, since: number): void {
  const { dropped } = history;
  for (let op = 0; op < own.count; op++) {
    let tree = own.tree(op);
    if (tree === DROPPED_TREE) {
      tree = treeOfKey(own.out.bytes, own.keyAt(op));
      if (history.treeChangedSince(tree, since)) {
        throw new ConflictError(
          "CONFLICT",
          "Cannot drop a structure: another transaction has changed it since this one began",
        );
      }
    }
    if (dropped.size === 0 || !dropped.has(tree)) continue;
    throw new ConflictError(
      "CONFLICT",
      "Cannot change a structure: another transaction has dropped it since this one began",
    );
  }
}
