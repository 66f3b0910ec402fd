/**
 * A transaction: a stable view plus its own changes.
 *
 * It reads the newest *sequenced* commit as of its beginning, so that callers queue behind one sync
 * without conflicting. The view costs nothing until somebody else commits while it is open: only
 * then is its state pinned ({@linkcode Transaction.capture}).
 *
 * @module
 */

import { catalogCodec, type CatalogEntry, catalogKey, checkDefinition } from "./catalog.ts";
import type { CommitHistory } from "./commit_history.ts";
import type { Durability } from "./commit.ts";
import type { CommitPipeline } from "./commit_pipeline.ts";
import type { Definition, Writer } from "./definition.ts";
import type { Engine } from "./engine.ts";
import { ConflictError, StateError } from "../errors.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { PendingTips } from "./pending_tips.ts";
import { CATALOG_TREE, type State } from "./state.ts";
import { type ChangeSink, TreeChanges, TreeView } from "./tree_access.ts";
import type { WriteSet } from "./write_set.ts";

/** How concurrent transactions are kept apart. */
export type Isolation = "snapshot";

/** Options of one transaction. */
export interface TransactionOptions {
  /** First committer wins; the only level of this version. */
  readonly isolation?: Isolation;
  /** Where the data is when `commit()` resolves. Default: that of the database. */
  readonly durability?: Durability;
}

/** What a transaction needs of its database. */
export interface TransactionHost {
  readonly engine: Engine;
  readonly pipeline: CommitPipeline;
  readonly history: CommitHistory;
  /** Open transactions, but for the running one. */
  readonly open: Set<Transaction>;
  /**
   * The transaction whose synchronous body runs. It joins `open` only if another one begins or its
   * body turns out to be asynchronous: until then nobody can overtake it.
   */
  running: Transaction | undefined;
  /** Trees of structures that are known to be durable: structures are never dropped. */
  readonly committed: Map<Definition<unknown>, number>;
  /** Ids given to structures that are being created, by name and format. */
  readonly created: Map<string, number>;
  /** Throws when the database is closed. */
  check(): void;
}

const NO_SETS: readonly WriteSet[] = [];

/**
 * A unit of change: all of it, or nothing. One use. Reads see the state at its beginning and its own
 * changes. An unfinished one that is disposed is rolled back.
 */
export class Transaction {
  readonly #host: TransactionHost;
  readonly #durability: Durability;
  readonly #own: WriteSet;
  readonly #since: number;
  #runs: { page: number; pages: number }[] | undefined;
  /** The view asked for last; most transactions have one or two. */
  #lastDefinition: Definition<unknown> | undefined;
  #lastWriter: unknown;
  #writers: Map<Definition<unknown>, unknown> | undefined;
  #done = false;
  #state: State | undefined;
  /** Own changes over captured commits, oldest first. */
  #sets: readonly WriteSet[] | undefined;

  /**
   * Begins a transaction; use `Database.begin` or `Database.update`.
   * @internal
   */
  constructor(host: TransactionHost, durability: Durability) {
    this.#host = host;
    this.#durability = durability;
    this.#own = host.pipeline.takeSet();
    this.#since = host.pipeline.sequence;
    if (host.running !== undefined) host.open.add(host.running);
  }

  /**
   * The writing view of a structure, created on first use. The same definition gives the same view.
   * @throws {StateError} `TYPE_MISMATCH`, `TRANSACTION_DONE`, `TOO_LARGE` (name)
   */
  open<A>(definition: Definition<A>): Writer<A> {
    this.check();
    if (definition === this.#lastDefinition) return this.#lastWriter as Writer<A>;
    const known = this.#writers?.get(definition as Definition<unknown>);
    if (known !== undefined) return known as Writer<A>;
    const tree = this.#treeOf(definition as Definition<unknown>);
    const writer = definition.writer(
      new TreeChanges(this.#host.engine, new TransactionTree(this, tree)),
    );
    if (this.#lastDefinition !== undefined) {
      this.#writers ??= new Map();
      this.#writers.set(this.#lastDefinition, this.#lastWriter);
    }
    this.#lastDefinition = definition as Definition<unknown>;
    this.#lastWriter = writer;
    return writer;
  }

  /**
   * Commits: resolves when the changes, and all that was read, are as durable as asked.
   * @throws {ConflictError} `CONFLICT`: another transaction changed one of the keys first
   * @throws {IoError} `NO_SPACE`: nothing happened
   * @throws {StateError} `POISONED`, `CLOSED`, `TRANSACTION_DONE`
   */
  commit(): Promise<void> {
    return this.commitWith(undefined);
  }

  /**
   * Like `commit`, resolving to `result`: saves `update` a promise.
   * @internal
   */
  commitWith<T>(result: T): Promise<T> {
    try {
      return this.#submit(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Like `commit`, on this thread: for scripts. Whatever else waits is committed with it.
   * @throws what `commit` rejects with
   */
  commitSync(): void {
    const { pipeline, engine } = this.#host;
    // What can be refused throws here; what is queued fails only by poisoning the store.
    this.#submit(undefined).catch(() => {});
    pipeline.flushSync();
    engine.health.check();
  }

  /** Drops all changes. Idempotent; does nothing after a commit. */
  rollback(): void {
    if (this.#done) return;
    this.#finish();
    this.#releaseRuns();
    this.#host.pipeline.giveSet(this.#own);
  }

  /** Rolls back unless the transaction has ended. */
  [Symbol.dispose](): void {
    this.rollback();
  }

  /**
   * The state that its reads stand on.
   * @internal
   */
  get state(): State {
    return this.#state ?? this.#host.engine.states.working;
  }

  /**
   * Sequenced commits over that state and own changes, oldest first.
   * @internal
   */
  get sets(): readonly WriteSet[] {
    const own = this.#own;
    if (this.#state !== undefined) return this.#sets ?? (own.count > 0 ? [own] : NO_SETS);
    const { pending } = this.#host.pipeline;
    if (pending.length > 0) return own.count > 0 ? [...pending, own] : pending;
    return own.count > 0 ? [own] : NO_SETS;
  }

  /**
   * The highest keys of `sets`, while those are the pending commits and nothing else.
   * @internal
   */
  get tips(): PendingTips | undefined {
    if (this.#state !== undefined || this.#own.count > 0) return undefined;
    return this.#host.pipeline.tips;
  }

  /**
   * Its changes.
   * @internal
   */
  get own(): WriteSet {
    return this.#own;
  }

  /**
   * Registers a run written for a value that is not committed yet.
   * @internal
   */
  reserve(page: number, pages: number): void {
    this.#host.engine.reserved.set(page, pages);
    this.#runs ??= [];
    this.#runs.push({ page, pages });
  }

  /**
   * Keeps the view as it is: somebody else is about to commit.
   * @internal
   */
  capture(): void {
    if (this.#state !== undefined) return;
    const { engine, pipeline } = this.#host;
    this.#state = engine.states.pin(engine.states.working);
    if (pipeline.pending.length > 0) {
      const sets = pipeline.pending.slice();
      for (const set of sets) set.shared = true;
      sets.push(this.#own);
      this.#sets = sets;
    }
  }

  /** Takes a place in the order of commits, or throws and is rolled back. */
  #submit<T>(result: T): Promise<T> {
    this.check();
    const { pipeline, engine, history, open, running } = this.#host;
    if (running !== undefined && running !== this) open.add(running);
    try {
      engine.health.check();
      this.#validate();
    } catch (error) {
      this.rollback();
      throw error;
    }
    this.#finish();
    if (this.#own.count === 0) {
      pipeline.giveSet(this.#own);
      return pipeline.settle(this.#durability, result);
    }
    for (const other of open) other.capture();
    const sequence = pipeline.sequence;
    let done: Promise<T>;
    try {
      done = pipeline.commit(this.#own, this.#durability, result);
    } catch (error) {
      this.#releaseRuns();
      throw error;
    }
    if (open.size > 0) history.record(this.#own, sequence);
    return done;
  }

  /**
   * Throws unless the transaction may still be used.
   * @internal
   */
  check(): void {
    this.#host.check();
    if (this.#done) {
      throw new StateError(
        "TRANSACTION_DONE",
        "Cannot use a transaction that was committed or rolled back: begin another one",
      );
    }
  }

  #finish(): void {
    const { open, history, engine } = this.#host;
    this.#done = true;
    if (open.size > 0) {
      open.delete(this);
      if (open.size === 0) history.clear();
    }
    if (this.#state !== undefined) engine.states.unpin(this.#state);
  }

  #releaseRuns(): void {
    const { engine } = this.#host;
    for (const { page, pages } of this.#runs ?? []) {
      engine.reserved.delete(page);
      engine.space.release(page, pages);
    }
  }

  /** First committer wins: nothing written here may have been committed since the beginning. */
  #validate(): void {
    const { pipeline, history } = this.#host;
    if (pipeline.sequence === this.#since) return;
    for (let op = 0; op < this.#own.count; op++) {
      if (!history.changedSince(this.#own, op, this.#since)) continue;
      if (this.#own.tree(op) === CATALOG_TREE && this.#isSameEntry(op)) continue;
      throw new ConflictError(
        "CONFLICT",
        "Cannot commit: another transaction has changed the same key since this one began",
      );
    }
  }

  /** Two transactions that create the same structure agree. */
  #isSameEntry(op: number): boolean {
    const { engine, pipeline } = this.#host;
    const bytes = this.#own.out.bytes;
    const key = new ByteWriter(this.#own.keyLength(op));
    const keyAt = this.#own.keyAt(op);
    key.raw(bytes, keyAt, keyAt + this.#own.keyLength(op));
    const newest = new TreeView(engine, {
      check: () => {},
      state: engine.states.working,
      sets: pipeline.pending,
      tree: CATALOG_TREE,
      tips: undefined,
    }).get(key, catalogCodec);
    const at = this.#own.valueAt(op);
    const mine = catalogCodec.decode(bytes, at, at + this.#own.valueLength(op));
    return newest?.tree === mine.tree;
  }

  #treeOf(definition: Definition<unknown>): number {
    const { engine, created, committed } = this.#host;
    const known = committed.get(definition);
    if (known !== undefined) return known;
    const key = catalogKey(definition.name);
    const catalog = new TreeChanges(engine, new TransactionTree(this, CATALOG_TREE));
    const entry = catalog.get(key, catalogCodec);
    if (entry !== undefined) {
      checkDefinition(definition, entry);
      if (
        this.#own.count === 0 && engine.states.root(engine.states.visible, entry.tree).count > 0
      ) {
        committed.set(definition, entry.tree);
      }
      return entry.tree;
    }
    const { kind, format } = definition;
    const identity = JSON.stringify([definition.name, kind, format]);
    const tree = created.get(identity) ?? engine.nextTree++;
    created.set(identity, tree);
    const added: CatalogEntry = { tree, kind, format };
    const value = new ByteWriter(64);
    catalogCodec.encode(added, value);
    catalog.put(key, value.bytes, value.length);
    return tree;
  }
}

/** One tree as a transaction sees it. */
class TransactionTree implements ChangeSink {
  readonly #transaction: Transaction;
  readonly tree: number;

  constructor(transaction: Transaction, tree: number) {
    this.#transaction = transaction;
    this.tree = tree;
  }

  get own(): WriteSet {
    return this.#transaction.own;
  }

  get state(): State {
    return this.#transaction.state;
  }

  get sets(): readonly WriteSet[] {
    return this.#transaction.sets;
  }

  get tips(): PendingTips | undefined {
    return this.#transaction.tips;
  }

  check(): void {
    this.#transaction.check();
  }

  reserve(page: number, pages: number): void {
    this.#transaction.reserve(page, pages);
  }
}
