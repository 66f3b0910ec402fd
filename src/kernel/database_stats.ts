/**
 * Counters and sizes of an open database.
 *
 * @module
 */

import type { Checkpointer } from "./commit/checkpoint.ts";
import type { DroppedTrees } from "./catalog/dropped_trees.ts";
import { PAGE_BYTES, SUPERBLOCK_SLOTS } from "./limits.ts";
import type { SnapshotHolds } from "./snapshot/snapshot_holds.ts";
import type { TransactionHost } from "./transaction/transaction_host.ts";

/** What `Database.stats()` tells. Bytes unless named otherwise. */
export interface DatabaseStats {
  /** Size of the file. */
  readonly fileBytes: number;
  /** In use by trees and values: the file without logs, administration, free and pending pages. */
  readonly liveBytes: number;
  /** Free for reuse inside the file. */
  readonly freeBytes: number;
  /** Freed, and waiting for the next checkpoint or for a view to end. */
  readonly pendingBytes: number;
  /** Of these, what only views hold: snapshots, open transactions, iterators. */
  readonly heldBytes: number;
  /** Changed pages that only the log and the memory have. */
  readonly dirtyBytes: number;
  /** Log bytes in use since the last checkpoint. */
  readonly logBytes: number;
  /** Commits since opening. */
  readonly commits: number;
  /** Batches since opening: commits per batch is the gain of group commit. */
  readonly batches: number;
  /** Syncs of the file since opening. */
  readonly syncs: number;
  /** Average duration of a sync in milliseconds. */
  readonly syncMs: number;
  /** Checkpoints since opening. */
  readonly checkpoints: number;
  /** Page look-ups since opening that the cache served. */
  readonly cacheHits: number;
  /** Pages read from the file since opening: what the cache did not have, and what `check` read. */
  readonly pagesRead: number;
  /** Pages written since opening. */
  readonly pagesWritten: number;
  /** Log bytes written since opening. */
  readonly logBytesWritten: number;
  /** States kept by snapshots, iterators under way and transactions that were overtaken. */
  readonly heldStates: number;
  /** Open snapshots. */
  readonly snapshots: number;
  /** Age of the oldest snapshot in milliseconds, 0 without one. */
  readonly oldestSnapshotMs: number;
  /** Snapshots since opening that were garbage collected without release: a leak in the program. */
  readonly leakedSnapshots: number;
  /** The highest age at which one of them was found in milliseconds, 0 without one. */
  readonly leakedSnapshotMs: number;
  /** Transactions that have begun and not ended, but for one whose synchronous body runs. */
  readonly openTransactions: number;
  /** Age of the oldest of them in milliseconds, 0 without one. */
  readonly oldestTransactionMs: number;
  /** Transactions since opening that were garbage collected without an end: a leak in the program. */
  readonly leakedTransactions: number;
  /** The highest age at which one of them was found in milliseconds, 0 without one. */
  readonly leakedTransactionMs: number;
  /** Dropped structures whose space is not freed yet. */
  readonly droppedStructures: number;
}

/** Reads the counters of an engine. */
export function readStats(
  { engine, pipeline, open }: TransactionHost,
  checkpointer: Checkpointer,
  snapshots: SnapshotHolds,
  dropped: DroppedTrees,
): DatabaseStats {
  const { space, pager, log, file, superblock } = engine;
  const { bitmap, current, next } = superblock;
  const spare = (engine.spareBitmap?.pages ?? 0) + (engine.spareExtent?.pages ?? 0);
  const kept = SUPERBLOCK_SLOTS + bitmap.pages + current.pages + next.pages + spare;
  const live = space.pageCount - space.freeCount - space.pendingCount - kept;
  return {
    fileBytes: file.size(),
    liveBytes: Math.max(0, live) * PAGE_BYTES,
    freeBytes: space.freeCount * PAGE_BYTES,
    pendingBytes: space.pendingCount * PAGE_BYTES,
    heldBytes: space.freed.heldCount * PAGE_BYTES,
    dirtyBytes: pager.dirtyCount * PAGE_BYTES,
    logBytes: log.used,
    commits: pipeline.stats.commits,
    batches: pipeline.stats.batches,
    syncs: file.syncs,
    syncMs: pipeline.sync.averageMs,
    checkpoints: checkpointer.completed,
    cacheHits: pager.stats.cacheHits,
    pagesRead: pager.stats.pagesRead,
    pagesWritten: pager.stats.pagesWritten,
    logBytesWritten: log.bytesWritten,
    heldStates: engine.states.pinnedCount,
    snapshots: snapshots.count,
    oldestSnapshotMs: snapshots.oldestMs,
    leakedSnapshots: snapshots.leaked,
    leakedSnapshotMs: snapshots.leakedMs,
    openTransactions: open.size,
    oldestTransactionMs: open.oldestMs,
    leakedTransactions: open.leaked,
    leakedTransactionMs: open.leakedMs,
    droppedStructures: dropped.count,
  };
}
