/**
 * Something done in a transaction: in the model and in the library, and compared.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Transaction } from "../../mod.ts";
import type { RealStore } from "./real_store.ts";
import { outcomeOf } from "./refusal.ts";
import type { StoreModel } from "./store_model.ts";
import type { TransactionModel } from "./transaction_model.ts";

/** Where a deed is done. */
export interface Scene {
  readonly model: TransactionModel;
  readonly tx: Transaction;
  readonly store: StoreModel;
  readonly real: RealStore;
}

/** Something done in a transaction. */
export interface Deed {
  readonly text: string;
  run(scene: Scene): void;
}

/** The same in the model and in the library: both give the same, or are refused alike. */
export function deed(
  text: string,
  model: (model: TransactionModel) => unknown,
  real: (tx: Transaction, scene: Scene) => unknown,
): Deed {
  return {
    text,
    run: (scene) => {
      const expected = outcomeOf(() => scene.model.whole(() => model(scene.model)));
      assert.deepEqual(outcomeOf(() => real(scene.tx, scene)), expected, text);
    },
  };
}

/** Runs changes; if they are refused in the middle, none was made. */
export function whole(tx: Transaction, body: () => void): void {
  const before = tx.savepoint();
  try {
    body();
  } catch (error) {
    before.rollback();
    throw error;
  } finally {
    before.release();
  }
}
