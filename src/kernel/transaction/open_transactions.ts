/**
 * The transactions that have begun and not ended, but for one whose synchronous body runs.
 *
 * A forgotten one is in nobody's way, but what it holds is not used again: its state, the pages of
 * its large values, the history that it may ask for. That begins to cost when somebody else
 * commits, so from then on a transaction is referred to weakly, and what it holds comes back when
 * it is garbage collected. That is a leak in the program, and counted.
 *
 * @module
 */

import type { IoAdapter } from "../../io/adapter.ts";
import type { Transaction } from "./transaction.ts";
import type { TransactionView } from "./transaction_view.ts";

/** What is known of an open transaction. */
interface Hold {
  readonly view: TransactionView;
  /** By the clock of the io adapter, in milliseconds since 1970. */
  readonly begunAt: number;
  /** Set until somebody else commits. */
  strong: Transaction | undefined;
  /** Set from then on. */
  weak: WeakRef<Transaction> | undefined;
}

/** All open transactions of a database. */
export class OpenTransactions {
  /** Transactions that were garbage collected without an end. */
  leaked = 0;
  /** The highest age at which one of them was found, in milliseconds. */
  leakedMs = 0;
  /** Called when the last one has ended. */
  onEmpty: () => void = () => {};

  readonly #io: Pick<IoAdapter, "now">;
  readonly #holds = new Map<TransactionView, Hold>();
  readonly #collected = new FinalizationRegistry<Hold>((hold) => this.#lose(hold));

  /** None is open. */
  constructor(io: Pick<IoAdapter, "now">) {
    this.#io = io;
  }

  /** How many there are. */
  get size(): number {
    return this.#holds.size;
  }

  /** Age of the oldest one in milliseconds, 0 without one. */
  get oldestMs(): number {
    let oldest = 0;
    for (const hold of this.#holds.values()) oldest = Math.max(oldest, this.#age(hold));
    return oldest;
  }

  /** What they read. */
  views(): Iterable<TransactionView> {
    return { [Symbol.iterator]: () => this.#holds.keys() };
  }

  /** Adds one, unless it is here. */
  add(transaction: Transaction): void {
    const { view } = transaction;
    if (this.#holds.has(view)) return;
    const begunAt = this.#io.now();
    this.#holds.set(view, { view, begunAt, strong: transaction, weak: undefined });
  }

  /** Removes one that has ended, if it is here. */
  delete({ view }: Transaction): void {
    if (this.#holds.size === 0) return;
    const hold = this.#holds.get(view);
    if (hold === undefined) return;
    if (hold.weak !== undefined) this.#collected.unregister(hold);
    this.#remove(hold);
  }

  /** Somebody is about to commit: all keep their view. */
  capture(): void {
    if (this.#holds.size === 0) return;
    for (const hold of this.#holds.values()) {
      const transaction = hold.strong ?? hold.weak?.deref();
      // One that is gone reads nothing any more.
      transaction?.capture();
      if (hold.strong !== undefined) this.#weaken(hold, hold.strong);
    }
  }

  /** Rolls all back. */
  rollback(): void {
    for (const hold of [...this.#holds.values()]) {
      const transaction = hold.strong ?? hold.weak?.deref();
      if (transaction === undefined) this.#lose(hold);
      else transaction.rollback();
    }
  }

  #weaken(hold: Hold, transaction: Transaction): void {
    hold.strong = undefined;
    hold.weak = new WeakRef(transaction);
    this.#collected.register(transaction, hold, hold);
  }

  #lose(hold: Hold): void {
    if (!this.#holds.has(hold.view)) return;
    this.leaked++;
    this.leakedMs = Math.max(this.leakedMs, this.#age(hold));
    hold.view.abandon();
    this.#remove(hold);
  }

  #remove(hold: Hold): void {
    this.#holds.delete(hold.view);
    if (this.#holds.size === 0) this.onEmpty();
  }

  #age(hold: Hold): number {
    return this.#io.now() - hold.begunAt;
  }
}
