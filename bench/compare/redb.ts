/**
 * The Rust crate redb, with `Durability::Immediate` on every commit (see `rust/src/redb_engine.rs`).
 *
 * @module
 */

import type { ContestantModule } from "./contestant.ts";
import { rustModule } from "./rust_peer.ts";

/** Builds the engine when that is needed; rejects where it cannot be done. */
export async function load(): Promise<ContestantModule> {
  return rustModule("redb");
}
