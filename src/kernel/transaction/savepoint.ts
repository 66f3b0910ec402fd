/**
 * Savepoints: places in a transaction to which its changes can be taken back.
 *
 * @module
 */

import { StateError } from "../../errors.ts";

/** How much a transaction had changed at some time. */
export interface ChangeMark {
  /** Operations of its write set. */
  readonly operations: number;
  /** Bytes of its write set. */
  readonly bytes: number;
  /** Runs written for large values. */
  readonly runs: number;
  /** Trees that it builds on as a whole. */
  readonly claims: number;
}

/** How much of that its write set and its values are. */
export type WrittenMark = Omit<ChangeMark, "claims">;

/** What can take its last changes back. */
export interface Revertible<M = ChangeMark> {
  /** How much it has changed now. */
  mark(): M;
  /** Takes back what was changed since. */
  undo(mark: M): void;
}

/** What savepoints ask of their transaction. */
export interface Undoable extends Revertible {
  /** Throws when the transaction has ended. */
  check(): void;
}

/**
 * A place in a transaction. They nest: to roll back to one, or to release it, ends those that were
 * made after it. Made by `Transaction.savepoint`; it ends with its transaction.
 */
export class Savepoint {
  readonly #open: Savepoint[];
  readonly #transaction: Undoable;
  readonly #mark: ChangeMark;

  /**
   * Joins the open savepoints of a transaction.
   * @internal
   */
  constructor(open: Savepoint[], transaction: Undoable) {
    this.#open = open;
    this.#transaction = transaction;
    this.#mark = transaction.mark();
    open.push(this);
  }

  /**
   * Takes back all changes since it was made, structures created since included. It stays, and can
   * be rolled back to again. Iterators go on over what they began with.
   * @throws {StateError} `TRANSACTION_DONE`: the transaction or the savepoint has ended
   */
  rollback(): void {
    this.#open.length = this.#depth() + 1;
    this.#transaction.undo(this.#mark);
  }

  /**
   * Ends it and keeps the changes, which still belong to the transaction.
   * @throws {StateError} `TRANSACTION_DONE`
   */
  release(): void {
    this.#open.length = this.#depth();
  }

  /** Rolls back and releases, unless it has ended. */
  [Symbol.dispose](): void {
    if (!this.#open.includes(this)) return;
    this.rollback();
    this.release();
  }

  #depth(): number {
    this.#transaction.check();
    const depth = this.#open.lastIndexOf(this);
    if (depth < 0) {
      throw new StateError(
        "TRANSACTION_DONE",
        "Cannot use a savepoint that was released, or that lies behind one rolled back to",
      );
    }
    return depth;
  }
}

/** Takes out of a set what was added after its first `count` members. */
export function keepFirst<T>(set: Set<T> | undefined, count: number): void {
  if (set !== undefined) { for (const later of [...set].slice(count)) set.delete(later); }
}
