/**
 * A structure that is dropped and created again: under its name in the catalog it has another tree
 * each time. What a transaction has opened goes on meaning the tree that it was.
 *
 * @module
 */

import { Refusal } from "./refusal.ts";
import type { TransactionModel } from "./transaction_model.ts";

/** It was created or dropped, after so many changes of the transaction. */
interface Step {
  readonly changes: number;
  /** What was open before. */
  readonly before: string | undefined;
}

/** The scrap in one transaction. */
export class ScrapModel {
  readonly #tx: TransactionModel;
  #tree: string | undefined;
  readonly #steps: Step[] = [];

  constructor(tx: TransactionModel) {
    this.#tx = tx;
  }

  /** Refuses where the tree that is open was dropped by another, and reads see the newest state. */
  check(): void {
    const { order, isLive } = this.#tx;
    const isDropped = order.stateAt(order.position).has(`dropped/${this.#tree}`);
    if (isLive && isDropped) throw new Refusal("CONFLICT");
  }

  /** Its tree, which is created if there is none. */
  open(): string {
    const tx = this.#tx;
    if (this.#tree !== undefined) return this.#tree;
    const found = tx.get("catalog", "scrap");
    if (found !== undefined) return this.#tree = found;
    const tree = tx.order.createScrap();
    const changes = tx.changes.length;
    tx.put("catalog", "scrap", tree, "unchanged");
    this.#steps.push({ changes, before: undefined });
    return this.#tree = tree;
  }

  /** Drops it. */
  drop(): void {
    const tx = this.#tx;
    const tree = tx.get("catalog", "scrap");
    if (tree === undefined) throw new Refusal("NOT_FOUND");
    const changes = tx.changes.length;
    tx.remove("catalog", "scrap", "unchanged");
    tx.put("dropped", tree, "");
    tx.order.forgetScrap();
    if (this.#tree !== tree) return;
    this.#steps.push({ changes, before: tree });
    this.#tree = undefined;
  }

  /** Changes from `count` on were taken back. */
  undo(count: number): void {
    while (this.#steps.length > 0 && this.#steps.at(-1)!.changes >= count) {
      this.#tree = this.#steps.pop()!.before;
    }
  }
}
