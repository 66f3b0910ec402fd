/**
 * The database: one file, one log, one commit.
 *
 * @module
 */

import { ConflictError, IoError, StateError } from "../errors.ts";
import type { IoAdapter, IoLock } from "../io/adapter.ts";
import { defaultIo } from "../io/default_io.ts";
import { catalogCodec, type CatalogEntry, catalogKey, checkDefinition } from "./catalog.ts";
import { type CheckReport, StoreCheck } from "./check.ts";
import { type Checkpointer, nextTurn } from "./checkpoint.ts";
import { CommitHistory } from "./commit_history.ts";
import type { Durability } from "./commit.ts";
import { CommitPipeline } from "./commit_pipeline.ts";
import {
  checkDurability,
  checkIsolation,
  completeOptions,
  type DatabaseOptions,
} from "./database_options.ts";
import { type DatabaseStats, readStats } from "./database_stats.ts";
import type { Definition, Reader } from "./definition.ts";
import type { Engine } from "./engine.ts";
import { createStore, lockedError, openStore, type RecoveryReport } from "./open_store.ts";
import { Snapshot } from "./snapshot.ts";
import { CATALOG_TREE, type State } from "./state.ts";
import { Transaction, type TransactionHost, type TransactionOptions } from "./transaction.ts";
import { TreeView, type ViewSource } from "./tree_access.ts";
import type { WriteSet } from "./write_set.ts";

/** Options of {@linkcode Database.update}. */
export interface UpdateOptions extends TransactionOptions {
  /** How often a conflict is retried. @default 10 */
  readonly retries?: number;
  /** Gives up before the commit begins; a begun commit goes on. */
  readonly signal?: AbortSignal;
}

const RETRIES_DEFAULT = 10;
const NO_SETS: readonly WriteSet[] = [];

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

  readonly #engine: Engine;
  readonly #checkpointer: Checkpointer;
  readonly #pipeline: CommitPipeline;
  readonly #lock: IoLock;
  readonly #host: TransactionHost;
  readonly #durability: Durability;
  readonly #catalog = new Map<string, CatalogEntry>();
  readonly #readers = new Map<Definition<unknown>, unknown>();
  readonly #snapshots = new Set<Snapshot>();
  #closing: Promise<void> | undefined;
  #closed = false;

  private constructor(
    engine: Engine,
    checkpointer: Checkpointer,
    lock: IoLock,
    recovered: RecoveryReport,
    durability: Durability,
  ) {
    this.#engine = engine;
    this.#checkpointer = checkpointer;
    this.#lock = lock;
    this.recovered = recovered;
    this.#durability = durability;
    this.#pipeline = new CommitPipeline(engine, checkpointer);
    const open = new Set<Transaction>();
    this.#pipeline.beforeApply = () => {
      for (const transaction of open) transaction.capture();
    };
    engine.health.onPoison = () => this.#pipeline.fail(engine.health.error());
    this.#host = {
      engine,
      pipeline: this.#pipeline,
      history: new CommitHistory(),
      open,
      running: undefined,
      committed: new Map(),
      created: new Map(),
      check: () => this.#check(),
    };
  }

  /**
   * Opens the database file at `path`, creating it by default, and replays its log.
   * @throws {StateError} `LOCKED`
   * @throws {IoError} `ALREADY_EXISTS`, `NOT_FOUND`, `NO_SPACE`, `IO_*`
   * @throws {FormatError} `NOT_OUR_FILE`, `FORMAT_NEWER`
   * @throws {CorruptionError} `CORRUPT_*`
   */
  static async open(path: string, options: DatabaseOptions = {}): Promise<Database> {
    const complete = completeOptions(options);
    const io = options.io ?? await defaultIo().files();
    const lock = await io.tryLock(path);
    if (lock === undefined) throw lockedError(path);
    try {
      const real = lock.path;
      const stat = await io.stat(real);
      if (stat !== undefined && complete.create === "new") {
        throw new IoError("ALREADY_EXISTS", `Cannot create "${path}": it exists`, { path });
      }
      if (stat === undefined) {
        if (complete.create === false) {
          throw new IoError("NOT_FOUND", `Cannot open "${path}": there is no such file`, { path });
        }
        await createStore(io, real);
      } else if (stat.links > 1) {
        throw new StateError(
          "LOCKED",
          `Cannot open "${path}": it has ${stat.links} hard links, and a lock covers one name`,
          { path },
        );
      }
      // Durable after this: the name. Its creator may have died between rename and sync.
      await io.syncDirectory(real);
      const file = await io.open(real, "write");
      try {
        const { engine, checkpointer, report } = await openStore(io, real, file, complete);
        return new Database(engine, checkpointer, lock, report, complete.durability);
      } catch (error) {
        file.close();
        throw error;
      }
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Opens a new, empty database in memory: the same engine, gone with its process at the latest. */
  static memory(options: DatabaseOptions = {}): Promise<Database> {
    return Database.open("/memory.hold", { ...options, io: options.io ?? defaultIo().memory() });
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
    const known = this.#readers.get(definition as Definition<unknown>);
    if (known !== undefined) return known as Reader<A>;
    const states = this.#engine.states;
    const reader = this.#reader(definition, () => states.visible, () => this.#check());
    this.#readers.set(definition as Definition<unknown>, reader);
    return reader;
  }

  /**
   * Begins a transaction. End it with `commit()` or `rollback()`.
   * @throws {StateError} `CLOSED`, `POISONED`
   */
  begin(options: TransactionOptions = {}): Transaction {
    this.#check();
    this.#engine.health.check();
    const durability = options.durability ?? this.#durability;
    checkDurability(durability);
    checkIsolation(options.isolation ?? "snapshot");
    const transaction = new Transaction(this.#host, durability);
    this.#host.open.add(transaction);
    return transaction;
  }

  /**
   * Runs `body` in a transaction and commits it. A throw rolls back; a conflict runs `body` again,
   * a bounded number of times with growing pauses. Resolves to what `body` returned, when the
   * changes are as durable as asked. Concurrent calls share one sync.
   */
  update<T>(body: (tx: Transaction) => T | Promise<T>, options: UpdateOptions = {}): Promise<T> {
    return this.#attempt(body, options, 0);
  }

  /** A view of the present committed state that nothing later changes. Release it when done. */
  snapshot(): Snapshot {
    this.#check();
    const { states, io } = this.#engine;
    const snapshot = new Snapshot(
      {
        reader: (definition, state, check) => this.#reader(definition, state, check),
        release: (released) => {
          this.#snapshots.delete(released);
          states.unpin(released.state);
        },
      },
      states.pin(states.visible),
      io.now(),
    );
    this.#snapshots.add(snapshot);
    return snapshot;
  }

  /** Folds the log into the file's image. Resolves when that is durable. */
  async checkpoint(): Promise<void> {
    this.#check();
    this.#engine.health.check();
    await this.#pipeline.checkpoint();
  }

  /**
   * Verifies the whole file: checksums, order, counts, and that each page has one owner. Other work
   * goes on between trees; what is checked is the state at the call.
   */
  async check(): Promise<CheckReport> {
    this.#check();
    await this.#pipeline.drain();
    const running = this.#checkpointer.running;
    if (running !== undefined) await running;
    // One turn, no pauses: page ownership is only meaningful while nothing moves.
    const { states } = this.#engine;
    const steps = new StoreCheck(this.#engine, states.working).run();
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  /** Counters and sizes. */
  stats(): DatabaseStats {
    this.#check();
    return readStats(this.#engine, this.#pipeline, this.#checkpointer, this.#snapshots);
  }

  /**
   * Waits for commits under way, folds the log into the image, marks the file as cleanly closed and
   * frees it. Open transactions are rolled back, snapshots released. Idempotent. A poisoned store is
   * freed without another write, and recovers when it is opened again.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes the database. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { health, file } = this.#engine;
    for (const transaction of [...this.#host.open]) transaction.rollback();
    for (const snapshot of [...this.#snapshots]) snapshot.release();
    try {
      await this.#pipeline.drain();
      const running = this.#checkpointer.running;
      if (running !== undefined) await running.catch(() => {});
      await this.#pipeline.drain();
      this.#closed = true;
      if (!health.poisoned) await this.#checkpointer.start({ exclusive: true, clean: true });
    } finally {
      this.#closed = true;
      file.close();
      this.#lock.release();
    }
  }

  #check(): void {
    if (this.#closed) {
      throw new StateError("CLOSED", `Cannot use "${this.#engine.path}": it was closed`);
    }
  }

  #attempt<T>(
    body: (tx: Transaction) => T | Promise<T>,
    options: UpdateOptions,
    attempt: number,
  ): Promise<T> {
    const host = this.#host;
    const outer = host.running;
    let transaction: Transaction | undefined;
    let result: T | Promise<T>;
    try {
      options.signal?.throwIfAborted();
      this.#check();
      this.#engine.health.check();
      const { durability = this.#durability, isolation = "snapshot" } = options;
      checkDurability(durability);
      checkIsolation(isolation);
      transaction = new Transaction(host, durability);
      host.running = transaction;
      result = body(transaction);
    } catch (error) {
      transaction?.rollback();
      return Promise.reject(error);
    } finally {
      host.running = outer;
    }
    if (isThenable(result)) host.open.add(transaction);
    if (isThenable(result)) return this.#attemptAsync(body, transaction, result, options, attempt);
    // Only commits made inside the body can be in its way: to run it again would not help.
    return transaction.commitWith(result);
  }

  async #attemptAsync<T>(
    body: (tx: Transaction) => T | Promise<T>,
    transaction: Transaction,
    running: Promise<T>,
    options: UpdateOptions,
    attempt: number,
  ): Promise<T> {
    let result: T;
    try {
      result = await running;
      options.signal?.throwIfAborted();
    } catch (error) {
      transaction.rollback();
      throw error;
    }
    try {
      await transaction.commit();
      return result;
    } catch (error) {
      const retries = options.retries ?? RETRIES_DEFAULT;
      if (!(error instanceof ConflictError) || attempt >= retries) throw error;
    }
    for (let turn = 0; turn < 1 << Math.min(attempt, 6); turn++) await nextTurn(this.#engine.io);
    return this.#attempt(body, options, attempt + 1);
  }

  #reader<A>(definition: Definition<A>, state: () => State, check: () => void): Reader<A> {
    const source = new StateTree(state, check, (seen) => this.#treeOf(definition, seen));
    return definition.reader(new TreeView(this.#engine, source));
  }

  /** The tree of a structure in a state, -1 when it does not exist there. */
  #treeOf<A>(definition: Definition<A>, state: State): number {
    const cached = this.#catalog.get(definition.name);
    if (cached !== undefined) {
      checkDefinition(definition, cached);
      return cached.tree;
    }
    const entry = new TreeView(this.#engine, {
      check: () => {},
      state,
      sets: NO_SETS,
      tree: CATALOG_TREE,
      tips: undefined,
    }).get(catalogKey(definition.name), catalogCodec);
    if (entry === undefined) return -1;
    checkDefinition(definition, entry);
    this.#catalog.set(definition.name, entry);
    return entry.tree;
  }
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === "function";
}

/** One tree as plain reads and snapshots see it; it may come to exist later. */
class StateTree implements ViewSource {
  readonly sets: readonly WriteSet[] = NO_SETS;
  readonly tips = undefined;
  readonly check: () => void;
  readonly #state: () => State;
  readonly #find: (state: State) => number;
  #tree: number;

  constructor(state: () => State, check: () => void, find: (state: State) => number) {
    this.#state = state;
    this.check = check;
    this.#find = find;
    this.#tree = find(state());
  }

  get state(): State {
    return this.#state();
  }

  get tree(): number {
    if (this.#tree < 0) this.#tree = this.#find(this.#state());
    return this.#tree;
  }
}
