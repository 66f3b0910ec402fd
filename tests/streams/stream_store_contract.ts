/**
 * The suite that every `StreamStore` passes.
 *
 * @module
 */

import type { StreamStore } from "../../src/streams/stream_store.ts";
import { appendContract } from "./append_contract.ts";
import { createContract } from "./create_contract.ts";
import { expiryContract } from "./expiry_contract.ts";
import { forkContract } from "./fork_contract.ts";
import { producerContract } from "./producer_contract.ts";
import { raceContract } from "./race_contract.ts";
import { readContract } from "./read_contract.ts";

/** A new, empty store for one test. */
export interface TestStore {
  readonly store: StreamStore;
  /** The store's clock, milliseconds since 1970, moved by the test. */
  readonly clock: { now: number };
  /** Checks the store for damage, and ends it. */
  end(): Promise<void>;
}

/** Makes a store for one test. */
export type MakeStore = () => Promise<TestStore>;

/** Runs a test on a store of its own. */
export async function withStore(
  make: MakeStore,
  body: (test: TestStore) => Promise<void>,
): Promise<void> {
  const test = await make();
  try {
    await body(test);
  } finally {
    await test.end();
  }
}

/** Declares the tests, each named with `name`. */
export function streamStoreContract(name: string, make: MakeStore): void {
  createContract(name, make);
  appendContract(name, make);
  producerContract(name, make);
  readContract(name, make);
  forkContract(name, make);
  expiryContract(name, make);
  raceContract(name, make);
}
