/**
 * Holdfast keeps data: one file, one log, one commit, and on it the structures people need.
 *
 * ```ts
 * import { codec, Database, index, recordLog } from "@holdfast/holdfast";
 *
 * const users = index("users", { key: codec.string, value: codec.json<{ city: string }>() });
 * const audit = recordLog("audit");
 *
 * const db = await Database.memory(); // or: await Database.open("./app.hold")
 * await db.update((tx) => {
 *   tx.open(users).put("ann", { city: "Oslo" });
 *   tx.open(audit).append(new TextEncoder().encode("ann joined"));
 * }); // both, or neither; on disk when it resolves
 * console.log(db.open(users).get("ann")); // { city: "Oslo" }
 * await db.close();
 * ```
 *
 * @module
 */

import { memoryIo } from "./adapters/memory.ts";
import { provideIo } from "./src/io/default_io.ts";

/** What tells the runtimes apart; a browser has none of it. */
interface Runtime {
  readonly Deno?: unknown;
  readonly Bun?: unknown;
  readonly process?: { readonly getBuiltinModule?: unknown };
}

const { Deno, Bun, process } = globalThis as Runtime;
const isBrowser = process?.getBuiltinModule === undefined;

provideIo({
  files: async () => {
    if (Deno !== undefined) return (await import("./adapters/deno.ts")).denoIo();
    if (Bun !== undefined) return (await import("./adapters/bun.ts")).bunIo();
    if (isBrowser) return (await import("./adapters/opfs.ts")).opfsIo();
    return (await import("./adapters/node.ts")).nodeIo();
  },
  // Not imported at once: a browser would not load what names `node:` modules.
  memory: async () => {
    if (isBrowser) return memoryIo();
    const { nodeChecksum, nodeDigest } = await import("./adapters/node/node_checksums.ts");
    return { ...memoryIo(), crc32: nodeChecksum, digest: nodeDigest };
  },
});

export * from "./src/errors.ts";
export type {
  IoAdapter,
  IoCapabilities,
  IoFile,
  IoLock,
  IoLockMode,
  IoOpenMode,
  IoStat,
} from "./src/io/adapter.ts";
export type { Digest, DigestName, DigestState } from "./src/base/digest.ts";
export { RecordId } from "./src/base/record_id.ts";
export { codec } from "./src/base/codec.ts";
export type {
  Codec,
  Codecs,
  ElementCodecs,
  FieldCodecs,
  KeyCodec,
  KeyFieldCodecs,
} from "./src/base/codec.ts";
export { ByteReader } from "./src/base/byte_reader.ts";
export { ByteWriter } from "./src/base/byte_writer.ts";
export type { AllocateOptions, BlockAllocator, Blocks, BlockShape } from "./src/block/blocks.ts";
export { fileBlocks } from "./src/block/file_blocks.ts";
export type { FileBlockAllocator, FileBlocksOptions, OmittedRun } from "./src/block/file_blocks.ts";
export { memoryBlocks, voidBlocks } from "./src/block/memory_blocks.ts";
export { Identity } from "./src/journal/identity.ts";
export { Journal } from "./src/journal/journal.ts";
export type { JournalChangeOptions, JournalOptions } from "./src/journal/journal.ts";
export { BlockStream } from "./src/block/stream/block_stream.ts";
export type { BlockAppendOptions, BlockStreamOptions } from "./src/block/stream/block_stream.ts";
export type { BlockRange, ByteRange } from "./src/block/stream/segment_bytes.ts";
export { EndlessStream } from "./src/block/endless/endless_stream.ts";
export type { AppendResult } from "./src/block/endless/endless_stream.ts";
export type {
  EndlessAppendOptions,
  EndlessReadOptions,
  EndlessStreamOptions,
  OnCorruption,
  Retention,
  SpanBehavior,
} from "./src/block/endless/endless_options.ts";
export type { StreamRecovery } from "./src/block/endless/recover_stream.ts";
export type { StreamDamage } from "./src/block/endless/stream_core.ts";
export type { SkipReason, StreamEntry, StreamReader } from "./src/block/endless/stream_reader.ts";
export type { CompareRecord } from "./src/block/endless/stream_seek.ts";
export type {
  EndlessStreamStats,
  SegmentStats,
  StreamSpace,
} from "./src/block/endless/stream_stats.ts";
export type { VerifyStreamOptions, VerifyStreamReport } from "./src/block/endless/stream_verify.ts";
export type { Inconsistency, InconsistencyKind } from "./src/block/stream/inconsistency.ts";
export { Database } from "./src/kernel/database.ts";
export type { DatabaseOptions } from "./src/kernel/database_options.ts";
export type { DatabaseStats } from "./src/kernel/database_stats.ts";
export type {
  Change,
  ChangeFeed,
  ChangeOf,
  PutChange,
  RangeOf,
  RemoveChange,
} from "./src/kernel/watch/change.ts";
export type { WatchLimits, WatchOptions } from "./src/kernel/watch/watch.ts";
export type { BackupOptions, BackupProgress, BackupReport } from "./src/kernel/backup/backup.ts";
export type { CheckOptions, CheckProblem, CheckReport } from "./src/kernel/check/check.ts";
export type { CompactOptions, CompactProgress, CompactReport } from "./src/kernel/space/compact.ts";
export type {
  AfterCommit,
  AfterCommitOptions,
  BeforeCommit,
  CommitHooks,
  CommittedTransaction,
} from "./src/kernel/commit/commit_hooks.ts";
export type { Durability } from "./src/io/durability.ts";
export type {
  Access,
  Definition,
  HeldCursor,
  HeldTree,
  OpenReader,
  OpenWriter,
  Reader,
  StructureUpgrade,
  TreeReader,
  TreeWriter,
  Writer,
} from "./src/kernel/definition.ts";
export type { Isolation } from "./src/kernel/transaction/isolation.ts";
export type { Decide } from "./src/kernel/two_phase/decide_in_doubt.ts";
export { PreparedTransaction } from "./src/kernel/two_phase/prepared_transaction.ts";
export { Recovery } from "./src/kernel/two_phase/recovery.ts";
export type { InDoubtStatus, InDoubtTransaction } from "./src/kernel/two_phase/recovery.ts";
export type { RecoveryReport } from "./src/kernel/open_store.ts";
export { repair } from "./src/kernel/repair/repair.ts";
export type { RepairOptions } from "./src/kernel/repair/repair.ts";
export type { RepairReport, SalvagedStructure } from "./src/kernel/repair/repair_report.ts";
export type { KeyRange } from "./src/kernel/repair/salvage_tree.ts";
export { Savepoint } from "./src/kernel/transaction/savepoint.ts";
export type { StructureInfo } from "./src/kernel/catalog/structure_tree.ts";
export type { StructuresOptions, StructureStats } from "./src/kernel/catalog/structure_stats.ts";
export { Snapshot } from "./src/kernel/snapshot/snapshot.ts";
export { Transaction } from "./src/kernel/transaction/transaction.ts";
export type { TransactionOptions } from "./src/kernel/transaction/transaction.ts";
export type { Draft } from "./src/kernel/transaction/drafts.ts";
export type { Guard } from "./src/kernel/transaction/witness.ts";
export type { KeyBatch } from "./src/kernel/tree/find_many.ts";
export type { EntryCursor, KeyBounds } from "./src/kernel/tree/tree_cursor.ts";
export type { UpdateOptions } from "./src/kernel/transaction/update.ts";
export { collectGarbage } from "./src/structures/content/collect_garbage.ts";
export type { CollectOptions, CollectProgress } from "./src/structures/content/collect_garbage.ts";
export { ContentId } from "./src/structures/content/content_id.ts";
export { contentStore } from "./src/structures/content/content_store.ts";
export type {
  ContentAccess,
  ContentEntries,
  ContentEntry,
  ContentProgress,
  ContentPutOptions,
  ContentReader,
  ContentRepairOptions,
  ContentReport,
  ContentStoreOptions,
  ContentVerifyOptions,
  ContentWriter,
  DamagedContent,
} from "./src/structures/content/content_types.ts";
export { expiringIndex } from "./src/structures/expiring/expiring_index.ts";
export type { ExpiringOptions } from "./src/structures/expiring/expiring_index.ts";
export type {
  ExpiringAccess,
  ExpiringReader,
  ExpiringWriter,
  Expiry,
} from "./src/structures/expiring/expiring_types.ts";
export { sweepExpired } from "./src/structures/expiring/sweep_expired.ts";
export type { SweepOptions } from "./src/structures/expiring/sweep_expired.ts";
export { index } from "./src/structures/index/index.ts";
export type {
  IndexAccess,
  IndexMode,
  IndexOptions,
  IndexReader,
  IndexWriter,
  KeyPrefix,
  RangeOptions,
  TuplePrefix,
  WatchRange,
} from "./src/structures/index/index_types.ts";
export { exportDatabase } from "./src/structures/transfer/export_database.ts";
export type { ExportOptions, TransferProgress } from "./src/structures/transfer/export_database.ts";
export { importDatabase } from "./src/structures/transfer/import_database.ts";
export type { ImportOptions, ImportReport } from "./src/structures/transfer/import_database.ts";
export type { ExportFormat } from "./src/structures/transfer/transfer_item.ts";
export type {
  IndexedAccess,
  IndexedReader,
  IndexedWriter,
  SecondaryIndex,
  SecondaryIndexes,
  SecondaryReader,
  VerifyReport,
} from "./src/structures/secondary/secondary_types.ts";
export { onceMap } from "./src/structures/once_map.ts";
export type {
  OnceMapAccess,
  OnceMapOptions,
  OnceMapReader,
  OnceMapWriter,
  OncePut,
} from "./src/structures/once_map.ts";
export { recordLog } from "./src/structures/record_log.ts";
export type {
  LogEntry,
  RecordLogAccess,
  RecordLogReader,
  RecordLogWriter,
} from "./src/structures/record_log.ts";
export { register } from "./src/structures/register.ts";
export type {
  RegisterAccess,
  RegisterOptions,
  RegisterReader,
  RegisterWriter,
} from "./src/structures/register.ts";
export { segment } from "./src/structures/segment.ts";
export type {
  ScanOptions,
  SegmentAccess,
  SegmentEntry,
  SegmentReader,
  SegmentWriter,
} from "./src/structures/segment.ts";
export { vector } from "./src/structures/vector/vector.ts";
export type {
  ColumnOf,
  VectorAccess,
  VectorOptions,
  VectorOrigin,
  VectorReader,
  VectorWriter,
} from "./src/structures/vector/vector_types.ts";
export type { BigintArray, NumberArray } from "./src/structures/vector/column.ts";
export { EmbeddedStreamStore } from "./src/streams/embedded_stream_store.ts";
export type { EmbeddedStreamStoreOptions } from "./src/streams/embedded_stream_store.ts";
export type * from "./src/streams/stream_store.ts";
export type * from "./src/streams/refusal.ts";
export { createHandler } from "./src/http/create_handler.ts";
export type { HandlerOptions } from "./src/http/handler_options.ts";
export type { Clock } from "./src/http/clock.ts";
