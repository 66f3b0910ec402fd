/**
 * A transaction: a view plus its own changes.
 *
 * It reads the newest *sequenced* commit as of its beginning, so that callers queue behind one sync
 * without conflicting. The view costs nothing until somebody else commits while it is open: only
 * then is its state pinned ({@linkcode TransactionView}). Where the isolation says so, it reads
 * the newest sequenced commit at each read instead.
 *
 * @module
 */

import type { Durability } from "../../io/durability.ts";
import type { Definition, TreeWriter, Writer } from "../definition.ts";
import { ConflictError, StateError } from "../../errors.ts";
import { type Isolation, witnessOf } from "./isolation.ts";
import { checkConflicts } from "./conflict_check.ts";
import type { Drafts } from "./drafts.ts";
import type { HeldSet } from "../two_phase/in_doubt.ts";
import { type PreparedTransaction, prepareSet } from "../two_phase/prepared_transaction.ts";
import { sequenceCommit } from "../commit/sequence_commit.ts";
import { CATALOG_TREE } from "../tree/state.ts";
import { type ChangeMark, keepFirst, Savepoint } from "./savepoint.ts";
import type { TransactionHost } from "./transaction_host.ts";
import { TransactionTree } from "./transaction_tree.ts";
import { TransactionView } from "./transaction_view.ts";
import { OpenedStructures } from "../catalog/opened_structures.ts";
import { listStructures, type StructureInfo } from "../catalog/structure_tree.ts";
import { checkFormats } from "../catalog/structure_upgrade.ts";
import { TreeChanges } from "../tree/tree_changes.ts";
import type { Witness } from "./witness.ts";

export type { TransactionHost, TransactionOptions } from "./transaction_host.ts";

const NONE_IN_DOUBT: readonly HeldSet[] = [];

/**
 * A unit of change: all of it, or nothing. One use. Reads see its own changes over the state at its
 * beginning, or what else its {@linkcode Isolation} says. A method of a structure that throws has
 * changed nothing: its error may be caught, and the rest committed. An unfinished transaction that
 * is disposed is rolled back.
 */
export class Transaction {
  readonly #host: TransactionHost;
  readonly #durability: Durability;
  /**
   * What it reads.
   * @internal
   */
  readonly view: TransactionView;
  /**
   * What its isolation has to be told.
   * @internal
   */
  readonly witness: Witness | undefined;
  readonly #structures: OpenedStructures;
  #savepoints: Savepoint[] | undefined;
  /**
   * Trees that nobody else may have changed at all.
   * @internal
   */
  claimed: Set<number> | undefined;
  /**
   * Why it is of no use any more, found before its commit.
   * @internal
   */
  overtaken: ConflictError | undefined;
  /**
   * What its structures hold back, once one of them does.
   * @internal
   */
  drafts: Drafts | undefined;
  #undone = 0;
  #done = false;
  readonly #transactionId: Uint8Array | undefined;
  /** The transactions that were in doubt at its beginning. */
  readonly #inDoubt: readonly HeldSet[];

  /**
   * Begins a transaction; use `Database.begin` or `Database.update`.
   * @internal
   */
  constructor(
    host: TransactionHost,
    durability: Durability,
    isolation: Isolation,
    transactionId: Uint8Array | undefined,
  ) {
    this.#host = host;
    this.#durability = durability;
    this.#transactionId = transactionId;
    this.view = new TransactionView(host.engine, host.pipeline);
    this.witness = witnessOf(isolation, this.view, host.pipeline);
    this.#structures = new OpenedStructures(host, this);
    const { inDoubt } = host.engine;
    this.#inDoubt = inDoubt.size === 0 ? NONE_IN_DOUBT : [...inDoubt.values()];
    if (host.running !== undefined) host.open.add(host.running);
  }

  /**
   * The writing view of a structure, created on first use. The same definition gives the same view.
   * @throws {StateError} `TYPE_MISMATCH`, `TRANSACTION_DONE`, `TOO_LARGE` (name or definition)
   */
  open<A>(definition: Definition<A>): Writer<A> {
    this.check();
    return this.#structures.open(definition as Definition<unknown>) as Writer<A>;
  }

  /**
   * Drops a structure with all that is in it, as part of the transaction: a savepoint may take it
   * back. Views of it that this transaction has opened throw `NOT_FOUND` from now on. Its name can be
   * used again at once, by another kind of structure too: `open` creates a new, empty one. Snapshots
   * go on reading it. Costs the same for any size: the space is freed afterwards, in short steps
   * beside other work, also after a crash.
   *
   * ```ts
   * import { codec, Database, index } from "@holdfast/holdfast";
   *
   * const stock = index("stock", { key: codec.string, value: codec.u32 });
   * const db = await Database.memory();
   * await db.update((tx) => tx.open(stock).put("nuts", 1));
   * await db.update((tx) => tx.drop(stock));
   * console.log(db.open(stock).get("nuts")); // undefined
   * await db.close();
   * ```
   *
   * At every isolation, the commit is refused with `CONFLICT` when another transaction has changed
   * the structure since this one began; so is that of one that changes what another has dropped.
   * @throws {StateError} `NOT_FOUND`, `TYPE_MISMATCH`, `TRANSACTION_DONE`
   */
  drop<A>(definition: Definition<A>): void {
    this.check();
    this.#structures.drop(definition as Definition<unknown>);
  }

  /**
   * What it has open.
   * @internal
   */
  opened(): Iterable<Definition<unknown>> {
    return this.#structures.opened();
  }

  /**
   * The structures there are, those that this transaction has created included, by name.
   * @throws {StateError} `TRANSACTION_DONE`
   */
  list(): StructureInfo[] {
    this.check();
    return listStructures(this.#host, this);
  }

  /**
   * The catalog, for who moves structures as a whole: its entries are taken as they are.
   * @internal
   */
  catalog(): TreeWriter {
    this.check();
    return new TreeChanges(this.#host.engine, new TransactionTree(this, CATALOG_TREE));
  }

  /**
   * Commits: resolves when the changes, and all that was read, are as durable as asked.
   * @throws {ConflictError} `CONFLICT`: another transaction was first, see {@linkcode Isolation};
   * `IN_DOUBT`: a prepared one holds a key
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

  /**
   * The first phase of a two-phase commit: ends the transaction, checked as by `commit` but not
   * visible yet, so that it can be committed for sure. Resolves when that is on the medium, to what
   * decides it. Until then, over any number of reopens, a write to one of its keys throws
   * `IN_DOUBT`; reads see what was before it.
   *
   * @throws {ConflictError} `CONFLICT`, `IN_DOUBT`
   * @throws {StateError} `ALREADY_EXISTS`: the id is that of a transaction in doubt; `TYPE_MISMATCH`:
   * it changes the definition of a structure; `TOO_LARGE`, `POISONED`, `CLOSED`, `TRANSACTION_DONE`
   * @throws {IoError} `NO_SPACE`: nothing happened
   */
  async prepare(): Promise<PreparedTransaction> {
    this.#admit();
    let done: Promise<PreparedTransaction>;
    try {
      done = prepareSet(this.#host, this, this.#transactionId);
    } catch (error) {
      this.view.giveRunsBack();
      throw error;
    }
    return await done;
  }

  /**
   * Remembers where the transaction is, so that later changes can be taken back alone.
   *
   * ```ts
   * import { codec, Database, index } from "@holdfast/holdfast";
   *
   * const stock = index("stock", { key: codec.string, value: codec.u32 });
   * const db = await Database.memory();
   * await db.update((tx) => {
   *   tx.open(stock).put("nuts", 1);
   *   const before = tx.savepoint();
   *   tx.open(stock).put("bolts", 2);
   *   before.rollback();
   * });
   * console.log([...db.open(stock).range()]); // [["nuts", 1]]
   * await db.close();
   * ```
   *
   * @throws {StateError} `TRANSACTION_DONE`
   */
  savepoint(): Savepoint {
    this.check();
    return new Savepoint(this.#savepoints ??= [], this);
  }

  /**
   * How much it has changed; nothing is held back.
   * @internal
   */
  mark(): ChangeMark {
    this.drafts?.settle();
    return { ...this.view.mark(), claims: this.claimed?.size ?? 0 };
  }

  /**
   * Takes back what was changed since. Once it has ended, its changes are not its own any more.
   * @internal
   */
  undo(mark: ChangeMark): void {
    if (this.#done) return;
    this.drafts?.forget();
    this.view.undo(mark);
    keepFirst(this.claimed, mark.claims);
    this.#undone++;
    this.#structures.undo(mark);
  }

  /** Drops all changes. Idempotent; does nothing after a commit. */
  rollback(): void {
    if (this.#done) return;
    this.#finish();
    this.view.giveRunsBack();
    this.#host.pipeline.giveSet(this.view.own);
  }

  /** Rolls back unless the transaction has ended. */
  [Symbol.dispose](): void {
    this.rollback();
  }

  /**
   * Moves when its view does, and when changes are taken back: what was remembered may be wrong.
   * @internal
   */
  get revision(): number {
    return this.#undone + (this.witness?.live ? this.#host.pipeline.sequence : 0);
  }

  /**
   * Registers a run written for a value that is not committed yet.
   * @internal
   */
  reserve(page: number, pages: number): void {
    this.view.reserve(page, pages);
  }

  /**
   * Keeps the view as it is, unless it is to move: somebody else is about to commit.
   * @internal
   */
  capture(): void {
    if (!this.witness?.live) this.view.capture();
  }

  /** Takes a place in the order of commits, or throws and is rolled back. */
  #submit<T>(result: T): Promise<T> {
    this.#admit();
    const { pipeline } = this.#host;
    if (this.view.own.count === 0) {
      pipeline.giveSet(this.view.own);
      return pipeline.settle(this.#durability, result);
    }
    let done: Promise<T>;
    try {
      done = sequenceCommit(this.#host, this.view.own, this.#durability, result);
    } catch (error) {
      this.view.giveRunsBack();
      throw error;
    }
    if (this.#structures.hasRedefined) this.#host.committed.forget(pipeline.sequence);
    return done;
  }

  /** Ends it if it may take a place in the order of commits; else throws and is rolled back. */
  #admit(): void {
    this.check();
    const { engine, open, running } = this.#host;
    if (running !== undefined && running !== this) open.add(running);
    try {
      this.drafts?.settle();
      engine.announcements.hooks.runBefore(this, open);
      this.drafts?.settle();
      engine.health.check();
      engine.inDoubt.checkTransaction(this, this.#inDoubt);
      checkConflicts(this.#host, this.view.own, this.view.since, this.witness, this.claimed);
      checkFormats(this.#host, this, this.view.since);
    } catch (error) {
      this.rollback();
      throw error;
    }
    this.#finish();
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

  /**
   * Throws unless a tree may still be used: where reads see the newest state, one that another
   * transaction has dropped is being taken apart.
   * @internal
   */
  checkTree(tree: number): void {
    this.check();
    if (this.witness?.live && this.#host.history.dropped.has(tree)) {
      throw this.overtaken ??= new ConflictError(
        "CONFLICT",
        "Cannot use a structure: another transaction has dropped it since this one began",
      );
    }
  }

  #finish(): void {
    this.#done = true;
    this.drafts?.forget();
    if (this.#savepoints !== undefined) this.#savepoints.length = 0;
    this.#host.open.delete(this);
    this.view.release();
  }
}
