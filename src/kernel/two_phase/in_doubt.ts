/**
 * What transactions in doubt keep from others: their keys, and the pages that deciding them takes.
 * Holds from the place of the prepare in the order of commits to that of the decision.
 *
 * @module
 */

import { compareBytes } from "../../base/compare.ts";
import { ConflictError } from "../../errors.ts";
import { pagesForValues } from "../commit/apply.ts";
import type { Engine } from "../engine.ts";
import { idText, type PreparedSet } from "./prepared_set.ts";
import { CATALOG_TREE, DROPPED_TREE, IN_DOUBT_TREE, treeOfKey } from "../tree/state.ts";
import type { Witness } from "../transaction/witness.ts";
import { PUT, type WriteSet } from "../commit/write_set.ts";

/** A transaction in doubt, and what its decision may cost. */
export interface HeldSet extends PreparedSet {
  /** Pages of its keys and values. */
  readonly valuePages: number;
  /** Its operations by tree, the removal of its id included. */
  readonly operations: ReadonlyMap<number, number>;
  /** Trees that it drops. */
  readonly dropped: ReadonlySet<number>;
  /** What has become of it, once that has its place in the order of commits. */
  decision: "commit" | "rollback" | undefined;
}

/** What is asked of a transaction that is about to end. */
export interface EndingTransaction {
  /** Its changes, among others. */
  readonly view: { readonly own: WriteSet };
  /** Trees that nobody else may change at all. */
  readonly claimed: ReadonlySet<number> | undefined;
  /** What it has read, where its isolation asks for that. */
  readonly witness: Witness | undefined;
}

/** The transactions in doubt. */
export class InDoubt {
  readonly #held = new Map<string, HeldSet>();

  /** How many there are. */
  get size(): number {
    return this.#held.size;
  }

  /** All of them, by the order in which they were prepared or found. */
  values(): Iterable<HeldSet> {
    return this.#held.values();
  }

  /** Whether the id is in use. */
  has(id: Uint8Array): boolean {
    return this.#held.has(idText(id));
  }

  /** Takes its keys. The id must be free. */
  enter(held: HeldSet): void {
    held.decision = undefined;
    this.#held.set(idText(held.id), held);
  }

  /** Lets its keys go. */
  leave(held: HeldSet, decision: "commit" | "rollback"): void {
    held.decision = decision;
    this.#held.delete(idText(held.id));
  }

  /**
   * A write to a key.
   * @throws {ConflictError} `IN_DOUBT`
   */
  check(tree: number, key: Uint8Array, begin: number, length: number): void {
    for (const { id, set, dropped } of this.#held.values()) {
      if (dropped.has(tree) || set.find(tree, key, begin, length) >= 0) throw inDoubtError(id);
    }
  }

  /**
   * Like `check`, but a catalog entry may be put that the one in doubt puts as well: transactions
   * that create the same structure agree. A put to the tree of dropped trees, the only write to it
   * that a transaction makes, is a drop.
   * @throws {ConflictError} `IN_DOUBT`
   */
  checkPut(
    tree: number,
    key: Uint8Array,
    begin: number,
    length: number,
    value: Uint8Array,
    valueBegin: number,
    valueLength: number,
  ): void {
    for (const { id, set, dropped } of this.#held.values()) {
      if (dropped.has(tree)) throw inDoubtError(id);
      const op = set.find(tree, key, begin, length);
      if (op < 0) continue;
      const at = set.valueAt(op);
      const agrees = tree === CATALOG_TREE && set.kind(op) === PUT && compareBytes(
            set.out.bytes,
            at,
            at + set.valueLength(op),
            value,
            valueBegin,
            valueBegin + valueLength,
          ) === 0;
      if (!agrees) throw inDoubtError(id);
    }
    if (tree === DROPPED_TREE) this.checkTree(treeOfKey(key, begin));
  }

  #checkSet(own: WriteSet): void {
    if (this.#held.size === 0) return;
    const bytes = own.out.bytes;
    for (let op = 0; op < own.count; op++) {
      const tree = own.tree(op);
      const at = own.keyAt(op);
      const length = own.keyLength(op);
      if (own.kind(op) !== PUT) this.check(tree, bytes, at, length);
      else this.checkPut(tree, bytes, at, length, bytes, own.valueAt(op), own.valueLength(op));
    }
  }

  /**
   * Checks the reads of a serializable transaction that is about to end. In the serial order a
   * transaction that is prepared and then committed has its place at the prepare: nothing before it
   * has read its keys from then on, nothing after it has read what was there before. Those who
   * commit changes later come after it: they must not have read a key in doubt (if it was committed
   * meanwhile, that is an ordinary conflict). Those who only read stand where they began: they must
   * not have read a key of those in `atBeginning`, unless they were rolled back.
   * @throws {ConflictError} `IN_DOUBT`, `CONFLICT`
   */
  #checkReads(witness: Witness, own: WriteSet, atBeginning: readonly HeldSet[]): void {
    for (const { id, set, decision } of own.count > 0 ? this.#held.values() : atBeginning) {
      if (decision === "rollback" || !witness.hasRead(set)) continue;
      if (decision === undefined) throw inDoubtError(id);
      throw new ConflictError(
        "CONFLICT",
        "Cannot commit: what this transaction has read was in doubt when it began",
      );
    }
  }

  /**
   * Checks a transaction that is about to end: what it has changed, some of which may be older than
   * the prepare that took the key; the trees it builds on as a whole; and what it has read.
   * @throws {ConflictError} `IN_DOUBT`, `CONFLICT`
   */
  checkTransaction(
    { view: { own }, claimed, witness }: EndingTransaction,
    atBeginning: readonly HeldSet[],
  ): void {
    this.#checkSet(own);
    for (const tree of claimed ?? []) this.checkTree(tree);
    if (witness !== undefined) this.#checkReads(witness, own, atBeginning);
  }

  /**
   * Checks that no key of a tree is held.
   * @throws {ConflictError} `IN_DOUBT`
   */
  checkTree(tree: number): void {
    for (const { id, operations } of this.#held.values()) {
      if (operations.has(tree)) throw inDoubtError(id);
    }
  }

  /**
   * An upper bound of the pages that committing all of them takes, once commits that are not applied
   * yet, and `growth` pages of another, were added to the trees: reserved with every commit, so that
   * none of those takes the space away that a decision needs.
   */
  pages(engine: Engine, growth: number): number {
    let pages = 0;
    for (const { valuePages, operations } of this.#held.values()) {
      pages += valuePages;
      for (const [tree, count] of operations) {
        const root = engine.states.root(engine.states.working, tree);
        const all = root.pages + engine.promisedPages + growth;
        // The paths to the keys, in a tree that may become one level higher, and full leaves.
        pages += Math.min(count * (root.level + 2), all) + Math.min(count, all) + root.level + 3;
      }
    }
    return pages;
  }
}

/** Takes the measure of a transaction that is in doubt from now on. */
export function holdSet({ id, set }: PreparedSet): HeldSet {
  const operations = new Map([[IN_DOUBT_TREE, 1]]);
  const dropped = new Set<number>();
  for (let op = 0; op < set.count; op++) {
    if (set.tree(op) === DROPPED_TREE) dropped.add(treeOfKey(set.out.bytes, set.keyAt(op)));
    operations.set(set.tree(op), (operations.get(set.tree(op)) ?? 0) + 1);
  }
  return { id, set, valuePages: pagesForValues(set), operations, dropped, decision: undefined };
}

function inDoubtError(id: Uint8Array): ConflictError {
  const text = Array.from(id.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  return new ConflictError(
    "IN_DOUBT",
    `Cannot use a key that the prepared transaction ${text} holds: commit or roll it back first`,
  );
}
