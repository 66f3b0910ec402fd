/**
 * Taking a place in the order of commits.
 *
 * @module
 */

import type { Durability } from "../../io/durability.ts";
import type { TransactionHost } from "../transaction/transaction_host.ts";
import type { WriteSet } from "./write_set.ts";

/**
 * Sequences changes that were found free of conflicts: open transactions keep their view, and learn
 * what has changed since it. The promise resolves to `result` at the asked durability.
 * @throws {IoError} `NO_SPACE`: nothing happened
 */
export function sequenceCommit<T>(
  { open, pipeline, history }: TransactionHost,
  set: WriteSet,
  durability: Durability,
  result: T,
): Promise<T> {
  open.capture();
  // At "memory" it is applied at once, and must not be reset before the history has its keys.
  if (open.size > 0 && durability === "memory") set.shared = true;
  const { sequence } = pipeline;
  const done = pipeline.commit(set, durability, result);
  if (open.size > 0) history.record(set, sequence);
  return done;
}
