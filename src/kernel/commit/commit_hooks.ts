/**
 * Functions that are called before and after the commits of a database.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import type { OpenTransactions } from "../transaction/open_transactions.ts";
import type { Transaction } from "../transaction/transaction.ts";

/** A commit that was made. */
export interface CommittedTransaction {
  /** Its number: grows from commit to commit, over reopening too. The changes of a watch have it. */
  readonly sequence: number;
}

/** Called in a transaction before it commits. */
export type BeforeCommit = (tx: Transaction) => void;

/** Called after a commit. */
export type AfterCommit = (commit: CommittedTransaction) => void | Promise<void>;

/** Options of `CommitHooks.afterCommit`. */
export interface AfterCommitOptions {
  /**
   * Gets what the hook throws or rejects with. Without it that is an unhandled rejection, which ends
   * the program unless it says otherwise.
   */
  readonly onError?: (error: unknown) => void;
}

/** An after hook as it was added: the same function may be added twice. */
interface After {
  readonly hook: AfterCommit;
  readonly onError: ((error: unknown) => void) | undefined;
}

/**
 * The hooks of an open database; `db.hooks`. They are of this handle, not of the file: commits that
 * are replayed by opening are not told.
 *
 * ```ts
 * import { codec, Database, index } from "@holdfast/holdfast";
 *
 * const stock = index("stock", { key: codec.string, value: codec.u32 });
 * const total = index("total", { key: codec.string, value: codec.u32 });
 * const db = await Database.memory();
 * const remove = db.hooks.beforeCommit((tx) => {
 *   const pieces = [...tx.open(stock).values()].reduce((sum, each) => sum + each, 0);
 *   tx.open(total).put("pieces", pieces);
 * });
 * db.hooks.afterCommit(({ sequence }) => console.log("committed", sequence));
 * await db.update((tx) => tx.open(stock).put("nuts", 7));
 * console.log(db.open(total).get("pieces")); // 7
 * remove();
 * await db.close();
 * ```
 */
export class CommitHooks {
  readonly #before = new Set<{ readonly hook: BeforeCommit }>();
  readonly #after = new Set<After>();
  /** Transactions whose hooks run. */
  readonly #running = new Set<Transaction>();

  /**
   * Calls `hook` in every transaction that is about to commit changes, before conflicts are looked
   * for, in the order in which hooks were added; also before `prepare`, and then not again when that
   * is decided. It reads and writes through `tx`; what it writes is committed with the rest. A throw
   * rolls the transaction back and is what the commit throws. When `update` runs its body again after
   * a conflict, the hooks run again in the new transaction.
   *
   * It is synchronous: one that returns a promise is refused with `TypeError`, and the transaction is
   * rolled back. To commit `tx` in it is `TRANSACTION_DONE`; to roll it back ends the commit so.
   * @returns a function that removes the hook
   */
  beforeCommit(hook: BeforeCommit): () => void {
    if (typeof hook !== "function") throw new TypeError("A hook is a function");
    const added = { hook };
    this.#before.add(added);
    return () => void this.#before.delete(added);
  }

  /**
   * Calls `hook` after every commit of changes to structures, in the order of commits: when plain
   * reads see it, so when it is as durable as it asked, and soon after, in a microtask. It is not
   * waited for, not even by `close`. What it throws cannot undo the commit and does not fail it: it
   * goes to `onError`, or is an unhandled rejection.
   * @returns a function that removes the hook
   */
  afterCommit(hook: AfterCommit, { onError }: AfterCommitOptions = {}): () => void {
    if (typeof hook !== "function") throw new TypeError("A hook is a function");
    if (onError !== undefined && typeof onError !== "function") {
      throw new TypeError("The option onError of a hook is a function");
    }
    const added = { hook, onError };
    this.#after.add(added);
    return () => void this.#after.delete(added);
  }

  /**
   * Runs what comes before the commit of a transaction. It is one of `open` meanwhile, so that it
   * keeps its view when a hook commits another one.
   * @internal
   */
  runBefore(transaction: Transaction, open: OpenTransactions): void {
    if (this.#running.has(transaction)) {
      throw new StateError(
        "TRANSACTION_DONE",
        "Cannot commit in a hook that runs before the commit",
      );
    }
    if (this.#before.size === 0 || transaction.view.own.count === 0) return;
    open.add(transaction);
    this.#running.add(transaction);
    try {
      for (const { hook } of [...this.#before]) {
        const result: unknown = hook(transaction);
        if (
          result !== undefined && typeof (result as { then?: unknown } | null)?.then === "function"
        ) {
          throw new TypeError("A hook before a commit is synchronous: it returns no promise");
        }
        transaction.check();
      }
    } finally {
      this.#running.delete(transaction);
    }
  }

  /**
   * Whether anybody wants to be told.
   * @internal
   */
  get listening(): boolean {
    return this.#after.size > 0;
  }

  /**
   * Tells a commit. Never throws: hooks run later.
   * @internal
   */
  tell(sequence: number): void {
    for (const added of this.#after) void this.#call(added, { sequence });
  }

  async #call(added: After, commit: CommittedTransaction): Promise<void> {
    await undefined;
    if (!this.#after.has(added)) return;
    try {
      await added.hook(commit);
    } catch (error) {
      if (added.onError === undefined) throw error;
      added.onError(error);
    }
  }
}
