/**
 * Whether a transaction may take its place in the order of commits.
 *
 * @module
 */

import { ConflictError } from "../errors.ts";
import { CATALOG_TREE } from "./state.ts";
import { entersTheSame } from "./structure_tree.ts";
import type { TransactionHost } from "./transaction.ts";
import type { WriteSet } from "./write_set.ts";

/**
 * First committer wins: nothing in `own` may have been committed at sequence `since` or later.
 * @throws {ConflictError} `CONFLICT`
 */
export function checkConflicts(host: TransactionHost, own: WriteSet, since: number): void {
  const { pipeline, history } = host;
  if (pipeline.sequence === since) return;
  for (let op = 0; op < own.count; op++) {
    if (!history.changedSince(own, op, since)) continue;
    if (own.tree(op) === CATALOG_TREE && entersTheSame(host, own, op)) continue;
    throw new ConflictError(
      "CONFLICT",
      "Cannot commit: another transaction has changed the same key since this one began",
    );
  }
}
