/**
 * Whether a transaction may take its place in the order of commits.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { ConflictError } from "../../errors.ts";
import { checkDrops } from "./drop_conflicts.ts";
import { entersTheSame } from "../catalog/structure_tree.ts";
import type { TransactionHost } from "./transaction_host.ts";
import { TreeView } from "../tree/tree_access.ts";
import type { Witness } from "./witness.ts";
import type { WriteSet } from "../commit/write_set.ts";

/**
 * First committer wins: nothing in `own` may have been committed at sequence `since` or later,
 * unless the witness has it otherwise; nothing at all in the trees `claimed`; and nothing that the
 * witness calls outdated may have been read. What changes nothing has no conflicts.
 * @throws {ConflictError} `CONFLICT`
 */
export function checkConflicts(
  host: TransactionHost,
  own: WriteSet,
  since: number,
  witness: Witness | undefined,
  claimed: ReadonlySet<number> | undefined,
): void {
  const { pipeline, history } = host;
  if (pipeline.sequence === since || own.count === 0) return;
  checkDrops(history, own, since);
  for (let op = 0; op < own.count; op++) {
    const from = witness === undefined ? since : witness.conflictsFrom(op);
    if (!history.changedSince(own, op, from)) continue;
    if (entersTheSame(host, own, op)) continue;
    if (witness?.onlyPresence(op) && isThere(host, own, op)) continue;
    throw conflict("changed the same key");
  }
  for (const tree of claimed ?? []) {
    if (history.treeChangedSince(tree, since)) throw conflict("changed what this one builds on");
  }
  if (witness?.isOutdated(history)) throw conflict("changed what this one has read");
}

function conflict(what: string): ConflictError {
  return new ConflictError("CONFLICT", `Cannot commit: another transaction has ${what} meanwhile`);
}

/** Whether the key of an operation is there in the newest commit. */
function isThere({ engine, pipeline }: TransactionHost, own: WriteSet, op: number): boolean {
  const key = new ByteWriter(own.keyLength(op));
  key.raw(own.out.bytes, own.keyAt(op), own.keyAt(op) + own.keyLength(op));
  return new TreeView(engine, {
    check: () => {},
    state: engine.states.working,
    sets: pipeline.pending,
    tree: own.tree(op),
    tips: undefined,
  }).has(key);
}
