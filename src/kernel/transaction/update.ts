/**
 * Running a function in a transaction: commit, roll back, run again after a conflict.
 *
 * @module
 */

import { ConflictError } from "../../errors.ts";
import { nextTurn } from "../commit/checkpoint.ts";
import type { Transaction } from "./transaction.ts";
import type { TransactionHost, TransactionOptions } from "./transaction_host.ts";

/** Options of `Database.update`. */
export interface UpdateOptions extends TransactionOptions {
  /** How often a conflict is retried. @default 10 */
  readonly retries?: number;
  /** Gives up before the commit begins; a begun commit goes on. */
  readonly signal?: AbortSignal;
}

const RETRIES_DEFAULT = 10;

/**
 * Runs `body` in a transaction that `begin` makes and that may be used alone until `body` returns.
 * `attempt` counts the conflicts so far: after each the pause doubles, up to 64 turns.
 */
export function runUpdate<T>(
  host: TransactionHost,
  begin: (options: TransactionOptions) => Transaction,
  body: (tx: Transaction) => T | Promise<T>,
  options: UpdateOptions,
  attempt = 0,
): Promise<T> {
  const outer = host.running;
  let transaction: Transaction | undefined;
  let result: T | Promise<T>;
  try {
    options.signal?.throwIfAborted();
    transaction = begin(options);
    host.running = transaction;
    result = body(transaction);
  } catch (error) {
    transaction?.rollback();
    return Promise.reject(error);
  } finally {
    host.running = outer;
  }
  // Only commits made inside the body can be in its way: to run it again would not help.
  if (!isThenable(result)) return transaction.commitWith(result);
  host.open.add(transaction);
  return finishUpdate(host, begin, body, options, attempt, transaction, result);
}

async function finishUpdate<T>(
  host: TransactionHost,
  begin: (options: TransactionOptions) => Transaction,
  body: (tx: Transaction) => T | Promise<T>,
  options: UpdateOptions,
  attempt: number,
  transaction: Transaction,
  running: Promise<T>,
): Promise<T> {
  let result: T | undefined;
  try {
    result = await running;
    options.signal?.throwIfAborted();
  } catch (error) {
    transaction.rollback();
    if (transaction.overtaken === undefined || error !== transaction.overtaken) throw error;
  }
  try {
    if (transaction.overtaken !== undefined) {
      transaction.rollback();
      throw transaction.overtaken;
    }
    await transaction.commit();
    return result as T;
  } catch (error) {
    const retries = options.retries ?? RETRIES_DEFAULT;
    // A transaction in doubt may stay so for days, and a register that has grown does not shrink.
    const isTransient = error instanceof ConflictError && error.code === "CONFLICT";
    if (!isTransient || attempt >= retries) throw error;
  }
  for (let turn = 0; turn < 1 << Math.min(attempt, 6); turn++) await nextTurn(host.engine.io);
  return runUpdate(host, begin, body, options, attempt + 1);
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === "function";
}
