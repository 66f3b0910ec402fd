/**
 * The lane of all changes of streams: one after the other, many to a transaction.
 *
 * Changes queue in call order. At the next turn of the event loop one transaction runs them all, each
 * on what those before it left, without a pause and without waiting for the disk; it reads the newest
 * commit, durable or not, so that the next transaction does not wait either. So appends, closes,
 * deletes and forks of one stream are serialised, and writers on one or many streams share a commit
 * and a sync. If the commit fails, all that it held fails with it, and what was pending is gone: no
 * state is kept outside the transaction.
 *
 * A change checks first and writes then. One that throws before its first write fails alone; if one
 * throws later, the transaction is rolled back and its changes run again, each in its own.
 *
 * @module
 */

import type { Durability } from "../io/durability.ts";
import type { Database } from "../kernel/database.ts";
import type { Transaction } from "../kernel/transaction/transaction.ts";
import { PendingTables } from "./tables.ts";

/** What a change does: may run more than once, only the last run counts. */
export type ChangeBody<T> = (tables: PendingTables) => T;

/** A queued change. */
interface Change {
  readonly body: ChangeBody<unknown>;
  readonly bytes: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A change whose body ran. */
interface Ran {
  readonly change: Change;
  readonly answer: { readonly value: unknown } | { readonly error: unknown };
}

/**
 * Bytes of messages after which a transaction takes no more changes (1 MiB): far from the quarter of
 * the log (4 MiB by default) above which the kernel needs a second sync.
 */
const TRANSACTION_BYTES: number = 1024 * 1024;

/** Whatever the database does by default: no transaction of the lane overlaps another. */
const isolation = "snapshot";

/** Runs changes of streams in order. */
export class Lane {
  readonly #database: Database;
  readonly #durability: Durability | undefined;
  readonly #nextTurn: (callback: () => void) => void;
  /** Changes that have come so far. */
  count = 0;
  #queue: Change[] = [];
  #scheduled = false;
  #underWay = 0;
  #drained: (() => void)[] = [];

  /** `nextTurn` calls back when the calls of this turn are queued. */
  constructor(
    database: Database,
    durability: Durability | undefined,
    nextTurn: (callback: () => void) => void,
  ) {
    this.#database = database;
    this.#durability = durability;
    this.#nextTurn = nextTurn;
  }

  /** Queues a change that writes about `bytes`; resolves when it and all it read is durable. */
  change<T>(body: ChangeBody<T>, bytes: number): Promise<T> {
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#nextTurn(() => {
        this.#scheduled = false;
        this.#flush();
      });
    }
    this.#underWay++;
    this.count++;
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ body, bytes, resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** Runs a change at once, behind what is queued, in a transaction of its own. */
  async alone<T>(body: ChangeBody<T>, durability: Durability): Promise<T> {
    this.#flush();
    this.#underWay++;
    try {
      return await this.#database.update<T>((tx) => {
        const tables = new PendingTables(tx);
        const value = body(tables);
        tables.finish();
        return value;
      }, { durability, isolation });
    } finally {
      this.#ended(1);
    }
  }

  /** Resolves when nothing is queued or under way. */
  async drain(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  #ended(count: number): void {
    this.#underWay -= count;
    if (this.#underWay === 0) { for (const resolve of this.#drained.splice(0)) resolve(); }
  }

  #flush(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (let begin = 0; begin < queue.length;) {
      let bytes = 0;
      let end = begin;
      while (end < queue.length && bytes < TRANSACTION_BYTES) bytes += queue[end++]!.bytes;
      const group = queue.slice(begin, end);
      if (!this.#run(group)) { for (const change of group) this.#run([change]); }
      begin = end;
    }
  }

  /** Runs changes in one transaction. @returns `false` if it was rolled back for another try. */
  #run(group: readonly Change[]): boolean {
    let tx: Transaction;
    try {
      tx = this.#database.begin(
        this.#durability === undefined
          ? { isolation }
          : { durability: this.#durability, isolation },
      );
    } catch (error) {
      this.#fail(group, error);
      return true;
    }
    const tables = new PendingTables(tx);
    const ran: Ran[] = [];
    for (const change of group) {
      const writes = tables.writes;
      try {
        ran.push({ change, answer: { value: change.body(tables) } });
      } catch (error) {
        if (tables.writes !== writes) return this.#undo(tx, group, error);
        ran.push({ change, answer: { error } });
      }
    }
    try {
      tables.finish();
    } catch (error) {
      return this.#undo(tx, group, error);
    }
    tx.commit().then(() => this.#settle(ran), (error) => this.#fail(group, error));
    return true;
  }

  #undo(tx: Transaction, group: readonly Change[], error: unknown): boolean {
    tx.rollback();
    if (group.length > 1) return false;
    this.#fail(group, error);
    return true;
  }

  #settle(ran: readonly Ran[]): void {
    for (const { change, answer } of ran) {
      if ("value" in answer) change.resolve(answer.value);
      else change.reject(answer.error);
    }
    this.#ended(ran.length);
  }

  #fail(group: readonly Change[], error: unknown): void {
    for (const change of group) change.reject(error);
    this.#ended(group.length);
  }
}
