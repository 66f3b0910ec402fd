/**
 * One tree as a transaction sees it.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import { allOrNothing } from "./all_or_nothing.ts";
import type { Definition, Writer } from "../definition.ts";
import { type Draft, Drafts } from "./drafts.ts";
import type { Revertible } from "./savepoint.ts";
import type { PendingTips } from "../commit/pending_tips.ts";
import type { State } from "../tree/state.ts";
import type { TransactionView } from "./transaction_view.ts";
import type { ChangeSink } from "../tree/tree_changes.ts";
import type { Witness } from "./witness.ts";
import type { WriteSet } from "../commit/write_set.ts";

/** What its trees ask of a transaction. */
export interface TreeOwner extends Revertible {
  readonly view: TransactionView;
  readonly witness: Witness | undefined;
  readonly revision: number;
  checkTree(tree: number): void;
  /** What its structures hold back, once one of them does. */
  drafts: Drafts | undefined;
  reserve(page: number, pages: number): void;
  claimed: Set<number> | undefined;
  opened(): Iterable<Definition<unknown>>;
  open<A>(definition: Definition<A>): Writer<A>;
}

/** The source and the sink of a tree's views. */
export class TransactionTree implements ChangeSink {
  readonly tree: number;
  /** Whether the transaction has no other view of the tree. */
  alone = true;
  readonly #transaction: TreeOwner;
  #gone: string | undefined;

  constructor(transaction: TreeOwner, tree: number) {
    this.#transaction = transaction;
    this.tree = tree;
  }

  get own(): WriteSet {
    return this.#transaction.view.own;
  }

  get state(): State {
    return this.#transaction.view.state;
  }

  get sets(): readonly WriteSet[] {
    return this.#transaction.view.sets;
  }

  get tips(): PendingTips | undefined {
    return this.#transaction.view.tips;
  }

  get now(): number {
    return this.#transaction.view.now;
  }

  get witness(): Witness | undefined {
    return this.#transaction.witness;
  }

  get revision(): number {
    return this.#transaction.revision;
  }

  /** It has no name any more, so that nothing may be written to it. `why` ends a sentence. */
  end(why: string): void {
    this.#gone = why;
  }

  /** It has its name again. */
  revive(): void {
    this.#gone = undefined;
  }

  check(): void {
    this.#transaction.checkTree(this.tree);
    if (this.#gone !== undefined) {
      throw new StateError("NOT_FOUND", `Cannot use a structure ${this.#gone}: open it again`);
    }
    this.#transaction.drafts?.precede(this.tree, this);
  }

  draft(draft: Draft): void {
    this.#transaction.drafts ??= new Drafts(this.#transaction.view);
    this.#transaction.drafts.enter(this.tree, this, draft);
  }

  reserve(page: number, pages: number): void {
    this.#transaction.reserve(page, pages);
  }

  atomic<T>(steps: () => T): T {
    return allOrNothing(this.#transaction, steps);
  }

  claim(): void {
    this.#transaction.claimed ??= new Set();
    this.#transaction.claimed.add(this.tree);
  }
}
