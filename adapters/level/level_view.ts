/**
 * What levels read from.
 *
 * @module
 */

import type { IndexReader } from "../../mod.ts";

/** Reads the entries of a level. */
export type LevelReader = IndexReader<Uint8Array, Uint8Array, Uint8Array | undefined>;

/** A view that stays as it is until it is released. */
export interface LevelView {
  /** Reads it. */
  readonly reader: LevelReader;
  /** Lets go of it. Idempotent. */
  release(): void;
}
