/**
 * Asking the caller what becomes of the transactions that opening found in doubt.
 *
 * @module
 */

import type { PreparedTransaction } from "./prepared_transaction.ts";

/** Decides on a transaction in doubt by its id. */
export type Decide = (transactionId: Uint8Array) => "commit" | "rollback" | "keep";

/**
 * Asks about all of them, then carries the answers out. Resolves when that is on the medium. When
 * `decide` throws or answers something else, nothing was decided.
 */
export async function decideInDoubt(
  found: readonly PreparedTransaction[],
  decide: Decide,
): Promise<void> {
  const answers = found.map((transaction) => {
    const answer = decide(transaction.transactionId);
    if (answer !== "commit" && answer !== "rollback" && answer !== "keep") {
      throw new TypeError('The option decide answers "commit", "rollback" or "keep"');
    }
    return { transaction, answer };
  });
  await Promise.all(answers.map(({ transaction, answer }) => {
    if (answer === "commit") return transaction.commit();
    if (answer === "rollback") return transaction.rollback();
  }));
}
