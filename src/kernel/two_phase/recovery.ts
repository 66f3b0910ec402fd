/**
 * Deciding transactions in doubt before a database is used.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import type { Database } from "../database.ts";
import { idText } from "./prepared_set.ts";
import type { PreparedTransaction } from "./prepared_transaction.ts";

/**
 * Where a transaction in doubt stands: prepared and undecided, or what was chosen for it here.
 *
 * Stores that list every state of a transaction map to this so: what was started and not prepared
 * has left nothing and is not listed; prepared is "prepared"; to be committed or to be rolled back
 * is "commit" or "rollback"; a decided one is gone with its decision, there is nothing to clean up.
 */
export type InDoubtStatus = "prepared" | "commit" | "rollback";

/** A transaction in doubt. */
export interface InDoubtTransaction {
  /** Its id. */
  readonly transactionId: Uint8Array;
  /** Where it stands. */
  readonly status: InDoubtStatus;
}

interface Choice {
  readonly transaction: PreparedTransaction;
  status: InDoubtStatus;
}

/**
 * A database that is open for nothing but deciding what is in doubt; made by `Database.recover`.
 * Choices are only remembered until `finish()`; those not chosen for stay in doubt. Close it if it
 * is not finished.
 *
 * ```ts
 * import { codec, Database, index } from "@holdfast/holdfast";
 * import { memoryIo } from "@holdfast/holdfast/adapters/memory";
 *
 * const io = memoryIo();
 * const accounts = index("accounts", { key: codec.string, value: codec.i32 });
 * const before = await Database.open("/bank.hold", { io });
 * const tx = before.begin({ transactionId: new Uint8Array([1, 2, 3]) });
 * tx.open(accounts).put("ann", 100);
 * await tx.prepare();
 * await before.close(); // or a crash
 *
 * const recovery = await Database.recover("/bank.hold", { io });
 * for (const { transactionId } of recovery.list()) recovery.commit(transactionId);
 * const db = await recovery.finish();
 * console.log(db.open(accounts).get("ann")); // 100
 * await db.close();
 * ```
 */
export class Recovery {
  readonly #database: Database;
  readonly #choices = new Map<string, Choice>();
  #ended = false;

  /**
   * Takes over an open database.
   * @internal
   */
  constructor(database: Database) {
    this.#database = database;
    for (const transaction of database.prepared()) {
      this.#choices.set(idText(transaction.transactionId), { transaction, status: "prepared" });
    }
  }

  /**
   * The transactions in doubt, and what was chosen for each.
   * @throws {StateError} `CLOSED`
   */
  list(): InDoubtTransaction[] {
    this.#check();
    return Array.from(this.#choices.values(), ({ transaction, status }) => ({
      transactionId: transaction.transactionId,
      status,
    }));
  }

  /**
   * Chooses to commit a transaction; a later choice replaces an earlier one.
   * @throws {StateError} `NOT_FOUND`: no transaction in doubt has the id; `CLOSED`
   */
  commit(transactionId: Uint8Array): void {
    this.#choose(transactionId, "commit");
  }

  /**
   * Chooses to roll a transaction back; a later choice replaces an earlier one.
   * @throws {StateError} `NOT_FOUND`: no transaction in doubt has the id; `CLOSED`
   */
  rollback(transactionId: Uint8Array): void {
    this.#choose(transactionId, "rollback");
  }

  /**
   * Carries the choices out and gives the database. Resolves when they are on the medium. A crash
   * meanwhile leaves each transaction decided as chosen or in doubt. After `NO_SPACE` it can be
   * called again: what was decided is no longer listed.
   * @throws {IoError} `NO_SPACE`
   * @throws {StateError} `CLOSED`, `POISONED`
   */
  async finish(): Promise<Database> {
    this.#check();
    const outcomes = await Promise.allSettled(
      Array.from(this.#choices, async ([text, { transaction, status }]) => {
        if (status === "prepared") return;
        await (status === "commit" ? transaction.commit() : transaction.rollback());
        this.#choices.delete(text);
      }),
    );
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    this.#ended = true;
    return this.#database;
  }

  /** Closes the database without carrying the choices out. Does nothing after `finish()`. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#database.close();
  }

  /** Closes the database unless `finish()` gave it away. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #choose(transactionId: Uint8Array, status: InDoubtStatus): void {
    this.#check();
    if (!(transactionId instanceof Uint8Array)) {
      throw new TypeError("A transaction id is a Uint8Array");
    }
    const choice = this.#choices.get(idText(transactionId));
    if (choice === undefined) {
      throw new StateError("NOT_FOUND", "No transaction in doubt has this id");
    }
    choice.status = status;
  }

  #check(): void {
    if (!this.#ended) return;
    throw new StateError("CLOSED", "Cannot use a recovery that was finished or closed");
  }
}
