/**
 * The database: one file, one log, one commit.
 *
 * @module
 */

import { StateError } from "../errors.ts";
import type { IoAdapter, IoLock } from "../io/adapter.ts";
import { defaultIo } from "../io/default_io.ts";
import type { ChangeOf } from "./watch/change.ts";
import { type BackupOptions, type BackupReport, Backups } from "./backup/backup.ts";
import type { CheckOptions, CheckReport } from "./check/check.ts";
import type { Checkpointer } from "./commit/checkpoint.ts";
import { Compaction, type CompactOptions, type CompactReport } from "./space/compact.ts";
import type { CommitHooks } from "./commit/commit_hooks.ts";
import { checkDurability, type Durability } from "../io/durability.ts";
import { CommitPipeline } from "./commit/commit_pipeline.ts";
import { checkDatabase } from "./check/database_check.ts";
import { completeOptions, type DatabaseOptions } from "./database_options.ts";
import { type DatabaseStats, readStats } from "./database_stats.ts";
import { type Decide, decideInDoubt } from "./two_phase/decide_in_doubt.ts";
import type { Definition, Reader } from "./definition.ts";
import { DroppedTrees } from "./catalog/dropped_trees.ts";
import type { Engine } from "./engine.ts";
import { checkIsolation, type Isolation } from "./transaction/isolation.ts";
import type { RecoveryReport } from "./open_store.ts";
import { copyTransactionId, PreparedTransaction } from "./two_phase/prepared_transaction.ts";
import { Recovery } from "./two_phase/recovery.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";
import { SnapshotHolds } from "./snapshot/snapshot_holds.ts";
import { openLocked } from "./store_file.ts";
import { StructureReaders } from "./catalog/structure_readers.ts";
import {
  readStructures,
  type StructuresOptions,
  type StructureStats,
} from "./catalog/structure_stats.ts";
import { takeSnapshot } from "./snapshot/take_snapshot.ts";
import { Transaction } from "./transaction/transaction.ts";
import {
  type TransactionHost,
  transactionHost,
  type TransactionOptions,
} from "./transaction/transaction_host.ts";
import { runUpdate, type UpdateOptions } from "./transaction/update.ts";
import { TreeNumbers } from "./tree/tree_numbers.ts";
import type { WatchOptions } from "./watch/watch.ts";

/**
 * An open database. Reads are synchronous and see what has reached the durability it asked for;
 * changes are made in transactions. One owner per file; any number of concurrent calls.
 *
 * ```ts
 * import { codec, Database, index } from "@holdfast/holdfast";
 *
 * const users = index("users", { key: codec.string, value: codec.json<{ city: string }>() });
 * const db = await Database.memory();
 * await db.update((tx) => tx.open(users).put("ann", { city: "Oslo" }));
 * console.log(db.open(users).get("ann")); // { city: "Oslo" }
 * await db.close();
 * ```
 */
export class Database {
  /** What opening found: replayed commits, dropped tail bytes, damaged slots. */
  readonly recovered: RecoveryReport;

  /**
   * Who makes trees of chosen numbers takes them here.
   * @internal
   */
  readonly treeNumbers: TreeNumbers;

  readonly #engine: Engine;
  readonly #checkpointer: Checkpointer;
  readonly #pipeline: CommitPipeline;
  readonly #lock: IoLock;
  readonly #host: TransactionHost;
  readonly #durability: Durability;
  readonly #isolation: Isolation;
  readonly #readers: StructureReaders;
  readonly #snapshots: SnapshotHolds;
  readonly #compaction: Compaction;
  readonly #backups: Backups;
  readonly #dropped: DroppedTrees;
  #closing: Promise<void> | undefined;
  #closed = false;

  private constructor(
    engine: Engine,
    checkpointer: Checkpointer,
    lock: IoLock,
    recovered: RecoveryReport,
    { durability, isolation }: { durability: Durability; isolation: Isolation },
  ) {
    this.#engine = engine;
    this.treeNumbers = new TreeNumbers(engine);
    this.#checkpointer = checkpointer;
    this.#lock = lock;
    this.recovered = recovered;
    this.#durability = durability;
    this.#isolation = isolation;
    this.#readers = new StructureReaders(engine);
    this.#snapshots = new SnapshotHolds(engine);
    this.#backups = new Backups(engine);
    this.#pipeline = new CommitPipeline(engine, checkpointer);
    this.#compaction = new Compaction(engine, checkpointer, this.#pipeline);
    this.#host = transactionHost(engine, this.#pipeline, this.#check);
    engine.health.onPoison = () => {
      this.#pipeline.fail(engine.health.error());
      engine.announcements.watchers.fail(engine.health.error());
    };
    this.#dropped = new DroppedTrees(engine, this.#pipeline);
  }

  /**
   * Opens the database file at `path`, creating it by default, and replays its log. With `readOnly`
   * several readers share it beside no writer, nothing is written to it, and what would write is
   * refused with `READ_ONLY`.
   * @throws {StateError} `LOCKED`
   * @throws {IoError} `ALREADY_EXISTS`, `NOT_FOUND`, `NO_SPACE`, `IO_*`
   * @throws {FormatError} `NOT_OUR_FILE`, `FORMAT_NEWER`
   * @throws {CorruptionError} `CORRUPT_*`
   */
  static async open(path: string, options: DatabaseOptions = {}): Promise<Database> {
    const complete = completeOptions(options);
    const io = options.io ?? await defaultIo().files();
    const { engine, checkpointer, lock, report } = await openLocked(io, path, complete);
    const database = new Database(engine, checkpointer, lock, report, complete);
    // Who opens for reading only looks at what is in doubt.
    return complete.readOnly ? database : await database.#decide(complete.decide);
  }

  /**
   * Opens the database file at `path` to decide about the transactions in doubt first: by
   * `list()`, `commit(id)` and `rollback(id)` of what it resolves to, then `finish()`. The option
   * `decide` is not asked. Does not create the file by default.
   * @throws what `open` throws
   */
  static async recover(path: string, options: DatabaseOptions = {}): Promise<Recovery> {
    const kept = { create: false, ...options, decide: (): "keep" => "keep" };
    return new Recovery(await Database.open(path, kept));
  }

  /** Opens a new, empty database in memory: the same engine, gone with its process at the latest. */
  static async memory({ io, ...options }: DatabaseOptions = {}): Promise<Database> {
    return Database.open("/memory.hold", { ...options, io: io ?? await defaultIo().memory() });
  }

  /** What is called before and after commits. */
  get hooks(): CommitHooks {
    return this.#engine.announcements.hooks;
  }

  /** The adapter the database works on: its clock and turns serve whoever builds on it. */
  get io(): IoAdapter {
    return this.#engine.io;
  }

  /**
   * The reading view of a structure: always the latest committed state, empty while the structure
   * does not exist. Synchronous; cached pages cost no system call.
   * @throws {StateError} `TYPE_MISMATCH`, `CLOSED`
   */
  open<A>(definition: Definition<A>): Reader<A> {
    this.#check();
    return this.#readers.latest(definition, this.#check);
  }

  /**
   * Begins a transaction. End it with `commit()` or `rollback()`.
   * @throws {StateError} `CLOSED`, `POISONED`, `READ_ONLY`
   */
  begin(options: TransactionOptions = {}): Transaction {
    const transaction = this.#begin(options);
    this.#host.open.add(transaction);
    return transaction;
  }

  /**
   * Runs `body` in a transaction and commits it. A throw rolls back; a conflict runs `body` again,
   * a bounded number of times with growing pauses. Resolves to what `body` returned, when the
   * changes are as durable as asked. Concurrent calls share one sync.
   */
  update<T>(body: (tx: Transaction) => T | Promise<T>, options: UpdateOptions = {}): Promise<T> {
    return runUpdate(this.#host, this.#begin, body, options);
  }

  /**
   * The transactions that are prepared and not decided: those found at opening and those of this
   * handle.
   * @throws {StateError} `CLOSED`
   */
  prepared(): PreparedTransaction[] {
    this.#check();
    const { inDoubt } = this.#engine;
    return Array.from(inDoubt.values(), (held) => new PreparedTransaction(this.#host, held));
  }

  /** A view of the present committed state that nothing later changes. Release it when done. */
  snapshot(): Snapshot {
    this.#check();
    return takeSnapshot(this.#engine, this.#readers, this.#snapshots);
  }

  /**
   * The changes of a structure that are committed from now on, or after the commit that the option
   * `from` names, in the order of commits, each as soon as plain reads see it. Of several changes of a key in one commit the last is told; changes of
   * one commit come in the order of the keys. `options` narrow it to a key or a range where the
   * structure has keys, and bound what may wait to be taken: whoever falls further behind gets what
   * waits, and then `LAGGED`; nothing is ever left out silently.
   *
   * It ends when it is left (`break`, `return`), and, after what waits, when the structure is dropped
   * (its entries are not told as removed; to another one of the name belongs another watch) and when
   * the database is closed. A structure that does not exist yet may be watched; of a
   * database opened with `readOnly` nothing is ever told.
   *
   * ```ts
   * import { codec, Database, index } from "@holdfast/holdfast";
   *
   * const stock = index("stock", { key: codec.string, value: codec.u32 });
   * const db = await Database.memory();
   * const changes = db.watch(stock, { gte: "a", lt: "c" });
   * await db.update((tx) => tx.open(stock).put("bolts", 2));
   * await db.close();
   * for await (const { kind, key, value } of changes) console.log(kind, key, value); // put bolts 2
   * ```
   *
   * @throws {StateError} at once `TYPE_MISMATCH`, `CLOSED`, `POISONED`, `LAGGED` (`from`); from the
   *   iterator `LAGGED`, `POISONED`, `TYPE_MISMATCH` (created with another definition)
   * @throws {CorruptionError} from the iterator: `CORRUPT_VALUE`
   */
  watch<A>(
    definition: Definition<A>,
    options: WatchOptions<A> = {} as WatchOptions<A>,
  ): AsyncIterableIterator<ChangeOf<A>> {
    this.#check();
    const { watchers } = this.#engine.announcements;
    return watchers.add(definition, this.#readers.visibleTree(definition), options);
  }

  /** Folds the log into the file's image. Resolves when that is durable. */
  async checkpoint(): Promise<void> {
    this.#check();
    this.#engine.health.check();
    await this.#pipeline.checkpoint();
  }

  /**
   * Makes the file as short as what is stored allows: moves pages and values down, shrinks a quiet
   * log, and cuts the end off. Runs in steps of a few milliseconds beside readers and writers; calls
   * follow one another. What is stored does not change, and a crash or an abort at any point leaves a
   * whole store. What open snapshots hold stays, and is reported.
   *
   * ```ts
   * import { codec, Database, index } from "@holdfast/holdfast";
   *
   * const days = index("days", { key: codec.u32, value: codec.string });
   * const db = await Database.memory();
   * await db.update((tx) => tx.open(days).put(1, "cold"));
   * const { bytesBefore, bytesAfter, heldBySnapshots } = await db.compact();
   * console.log(bytesAfter <= bytesBefore, heldBySnapshots); // true 0
   * await db.close();
   * ```
   *
   * @throws {CorruptionError} `CORRUPT_*`: damage was met; nothing is lost by it
   * @throws {IoError} `NO_SPACE`, `IO_*`
   * @throws {StateError} `CLOSED`, `POISONED`, `READ_ONLY`
   */
  compact(options: CompactOptions = {}): Promise<CompactReport> {
    this.#check();
    this.#engine.health.check();
    return this.#compaction.start(options);
  }

  /**
   * Verifies the whole file: the superblocks, the checksum, order, bounds and bookkeeping of every
   * page, every value, counts, the catalog, and that each page in use has one owner and no other
   * page any. Waits for commits under way and then keeps the thread: it has to see one moment. With
   * `structures`, their records are compared with their secondary indexes, too: only definitions
   * know what belongs there.
   * @throws {StateError} `TYPE_MISMATCH` (one of `structures`), `CLOSED`, `POISONED`: open it again
   */
  async check(options: CheckOptions = {}): Promise<CheckReport> {
    this.#check();
    return await checkDatabase(
      this.#engine,
      this.#pipeline,
      this.#checkpointer,
      this.#readers,
      options,
    );
  }

  /**
   * Copies the committed state at the call, as plain reads see it, to a new file or a stream, while
   * commits go on. What arrives is a whole store: compact, cleanly closed, with an identity of its
   * own; a stream's bytes are a file's bytes. Every page and value is verified on the way.
   *
   * A file gets its name when it is durable; a crash, an abort or a failure leaves no file of that
   * name. A stream is taken over, closed at the end, and aborted on a failure; its chunks belong to
   * whoever reads them, and a slow reader slows the backup alone. Pages that the backup needs are not
   * reused while it runs. Closing the database ends it.
   *
   * ```ts
   * import { Database } from "@holdfast/holdfast";
   *
   * const db = await Database.memory();
   * const parts: Uint8Array[] = [];
   * const report = await db.backup(new WritableStream({ write: (part) => void parts.push(part) }));
   * console.log(report.bytes === parts.reduce((sum, part) => sum + part.length, 0)); // true
   * await db.close();
   * ```
   * @throws {StateError} `CLOSED`, `LOCKED` when somebody has just opened the target
   * @throws {IoError} `ALREADY_EXISTS` for a file that exists, `NO_SPACE`, `IO_*`
   * @throws {CorruptionError} `CORRUPT_PAGE`, `CORRUPT_VALUE`: there is no backup then
   */
  async backup(
    target: string | WritableStream<Uint8Array>,
    options: BackupOptions = {},
  ): Promise<BackupReport> {
    this.#check();
    return await this.#backups.start(target, options);
  }

  /** Counters and sizes. */
  stats(): DatabaseStats {
    this.#check();
    return readStats(this.#host, this.#checkpointer, this.#snapshots, this.#dropped);
  }

  /** The structures there are, by name, with their sizes: reads the catalog and one root each. */
  structures(options: StructuresOptions = {}): StructureStats[] {
    this.#check();
    return readStructures(this.#engine, this.#engine.states.visible, options);
  }

  /**
   * Refuses what is begun from now on, waits for commits under way, folds the log into the image,
   * marks the file as cleanly closed and frees it. Open transactions are rolled back, snapshots
   * released. Idempotent. Where a third of the file, and 64 MiB, is free, at most 256 MiB are
   * compacted first. A poisoned store is freed as it is: `POISONED` if what was acknowledged at "os"
   * or "memory" is not durable in it.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes the database. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The end of opening. */
  async #decide(decide: Decide | undefined): Promise<this> {
    try {
      if (decide !== undefined) await decideInDoubt(this.prepared(), decide);
      return this;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #close(): Promise<void> {
    const { health, file } = this.#engine;
    this.#host.open.rollback();
    this.#snapshots.releaseAll();
    try {
      await this.#backups.stop();
      await this.#compaction.stop();
      await this.#dropped.stop();
      this.#closed = true;
      await this.#pipeline.drain();
      await this.#checkpointer.running?.catch(() => {});
      if (health.writable) await this.#checkpointer.want({ exclusive: true, clean: true });
      if (this.#pipeline.hasLost) throw health.error();
    } finally {
      this.#closed = true;
      this.#engine.announcements.watchers.end();
      file.close();
      this.#lock.release();
    }
  }

  readonly #begin = (options: TransactionOptions): Transaction => {
    this.#check();
    this.#engine.health.check();
    const { durability = this.#durability, isolation = this.#isolation, transactionId } = options;
    checkDurability(durability);
    checkIsolation(isolation);
    const id = transactionId === undefined ? undefined : copyTransactionId(transactionId);
    return new Transaction(this.#host, durability, isolation, id);
  };

  readonly #check = (): void => {
    if (!this.#closed) return;
    throw new StateError("CLOSED", `Cannot use "${this.#engine.path}": it was closed`);
  };
}
