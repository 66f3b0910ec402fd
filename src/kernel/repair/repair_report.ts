/**
 * What repair found and could not find.
 *
 * @module
 */

import type { CheckProblem } from "../check/check.ts";
import type { StructureInfo } from "../catalog/structure_tree.ts";
import type { KeyRange } from "./salvage_tree.ts";

/** A structure of a repaired store. */
export interface SalvagedStructure extends StructureInfo {
  /** Entries in the new store. */
  readonly entries: number;
  /**
   * Entries that the damaged image counted and that were not found in it, lost values included;
   * `undefined` when the count itself is lost. The log may have supplied some of them since.
   */
  readonly missing: number | undefined;
  /** Encoded keys whose pages could not be read; part of them may have been found by their headers. */
  readonly lost: readonly KeyRange[];
}

/** What a repair did. */
export interface RepairReport {
  /**
   * "tree": the superblock and the tree of roots led to the pages, and every page is the one its
   * parent knows, but for what `scannedEntries` counts. "scan": pages were found by their headers.
   */
  readonly mode: "tree" | "scan";
  /** Bytes of the new store. */
  readonly bytes: number;
  /** Entries of all structures in it, those of the kernel's own trees not included. */
  readonly entries: number;
  /** Entries from pages that were found by their headers: whole, but no parent vouches for them. */
  readonly scannedEntries: number;
  /** Whether pages were scanned without free space to tell old from new: removed entries may be back. */
  readonly mayBeStale: boolean;
  /** Values that were named and could not be read: their keys are not in the new store. */
  readonly lostValues: number;
  /** Commits that came from the log. */
  readonly replayedCommits: number;
  /** The structures, by name. */
  readonly structures: readonly SalvagedStructure[];
  /** What is wrong with the damaged file, at most 1,000 entries. */
  readonly problems: readonly CheckProblem[];
}
