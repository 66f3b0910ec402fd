/**
 * A commit on its way to the log.
 *
 * @module
 */

import type { Durability } from "../../io/durability.ts";
import type { WriteSet } from "./write_set.ts";

/** A commit that has its place in the order and waits for its durability. */
export interface Commit {
  /** Its changes. */
  readonly set: WriteSet;
  /** What it waits for. */
  readonly durability: Durability;
  /** What its promise resolves to. */
  readonly result: unknown;
  /** Resolves its promise. */
  readonly resolve: (result: unknown) => void;
  /** Rejects its promise. */
  readonly reject: (error: unknown) => void;
}

/** Commits that share a write and a sync. */
export interface Batch {
  /** In order. */
  readonly commits: readonly Commit[];
  /** Sequence behind its last record. */
  sequence: number;
}
