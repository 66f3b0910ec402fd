/**
 * The transactions in doubt that the trees of the working state hold, and the runs of large values
 * that only they name. Such a run is in use in every image, unlike that of a transaction that is
 * not prepared: a decision to commit hands it to its tree, a decision to roll back frees it.
 *
 * @module
 */

import type { Engine } from "../engine.ts";
import { referenceLength, referencePage, runPages } from "../page/overflow.ts";
import { idText, type PreparedSet } from "./prepared_set.ts";
import { PUT_REFERENCE, REMOVE, type WriteSet } from "../commit/write_set.ts";

/** Follows what is applied to the tree of transactions in doubt. */
export class PreparedSets {
  /** Runs of values that no tree names yet: first page to page count. */
  readonly runs: Map<number, number> = new Map();
  readonly #sets = new Map<string, PreparedSet>();

  /** All of them. */
  values(): Iterable<PreparedSet> {
    return this.#sets.values();
  }

  /** An entry of the tree of transactions in doubt. */
  enter(id: Uint8Array, set: WriteSet): void {
    this.#sets.set(idText(id), { id, set });
    for (const [page, pages] of runsOf(set)) this.runs.set(page, pages);
  }

  /** A tree has taken a run over. */
  take(page: number): void {
    if (this.runs.size > 0) this.runs.delete(page);
  }

  /** An operation on the tree of transactions in doubt was applied. */
  apply(engine: Engine, set: WriteSet, op: number): void {
    const at = set.keyAt(op);
    const id = set.out.bytes.slice(at, at + set.keyLength(op));
    if (set.kind(op) !== REMOVE) {
      const prepared = set.prepared!;
      this.enter(id, prepared);
      for (const [page] of runsOf(prepared)) engine.reserved.delete(page);
      return;
    }
    const decided = this.#sets.get(idText(id));
    if (decided === undefined) return;
    this.#sets.delete(idText(id));
    const { bytes } = decided.set.out;
    for (const operation of referencesIn(decided.set)) {
      const reference = decided.set.valueAt(operation);
      // What a commit has not handed over. The log and the durable image may name it still.
      if (this.runs.delete(referencePage(bytes, reference))) engine.overflow.free(bytes, reference);
    }
  }
}

/** The operations that put a value by reference. */
export function* referencesIn(set: WriteSet): Generator<number> {
  for (let op = 0; op < set.count; op++) if (set.kind(op) === PUT_REFERENCE) yield op;
}

/** First page and page count of each run that a set of changes names. */
export function* runsOf(set: WriteSet): Generator<readonly [number, number]> {
  const bytes = set.out.bytes;
  for (const op of referencesIn(set)) {
    const at = set.valueAt(op);
    yield [referencePage(bytes, at), runPages(referenceLength(bytes, at))];
  }
}
