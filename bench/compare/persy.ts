/**
 * The Rust crate persy, with the synced commit that is its default (see `rust/src/persy_engine.rs`).
 *
 * @module
 */

import type { ContestantModule } from "./contestant.ts";
import { rustModule } from "./rust_peer.ts";

/** Builds the engine when that is needed; rejects where it cannot be done. */
export async function load(): Promise<ContestantModule> {
  return rustModule("persy");
}
