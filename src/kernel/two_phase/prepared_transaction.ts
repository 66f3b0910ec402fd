/**
 * Two-phase commit: preparing a transaction, and deciding it.
 *
 * | from     | by         | what is committed                                 | to         |
 * | -------- | ---------- | ------------------------------------------------- | ---------- |
 * | running  | prepare()  | its changes as an entry under its id              | in doubt   |
 * | in doubt | commit()   | its changes, and the removal of the entry         | committed  |
 * | in doubt | rollback() | the removal of the entry                          | gone       |
 *
 * Each step is one ordinary commit, so after a crash it has happened or it has not; nothing else
 * leads out of doubt.
 *
 * @module
 */

import { isHoldfastError, StateError } from "../../errors.ts";
import { type EndingTransaction, type HeldSet, holdSet } from "./in_doubt.ts";
import { LOGGED_VALUE_BYTES_MAX, PREPARED_BYTES_MAX, TRANSACTION_ID_BYTES_MAX } from "../limits.ts";
import { runPages } from "../page/overflow.ts";
import { encodePrepared } from "./prepared_set.ts";
import { runsOf } from "./prepared_sets.ts";
import { reserveForCheckpoint } from "../commit/checkpoint_places.ts";
import { sequenceCommit } from "../commit/sequence_commit.ts";
import { IN_DOUBT_TREE } from "../tree/state.ts";
import type { TransactionHost } from "../transaction/transaction_host.ts";

/** Bytes of an id that nobody gave: as many as a UUID has. */
const RANDOM_ID_BYTES = 16;

/**
 * A transaction that is prepared: durable, and neither committed nor rolled back. It holds its keys
 * until it is decided here, by another handle, or by a later opening. To let go of the handle
 * decides nothing.
 *
 * ```ts
 * import { codec, Database, index } from "@holdfast/holdfast";
 *
 * const stock = index("stock", { key: codec.string, value: codec.u32 });
 * const db = await Database.memory();
 * const tx = db.begin({ transactionId: new TextEncoder().encode("order 7") });
 * tx.open(stock).put("nuts", 1);
 * const prepared = await tx.prepare();
 * console.log(db.open(stock).get("nuts")); // undefined
 * await prepared.commit(); // or prepared.rollback()
 * console.log(db.open(stock).get("nuts")); // 1
 * await db.close();
 * ```
 */
export class PreparedTransaction {
  readonly #host: TransactionHost;
  readonly #held: HeldSet;

  /**
   * The handle of a transaction in doubt; made by `Transaction.prepare` and `Database.prepared`.
   * @internal
   */
  constructor(host: TransactionHost, held: HeldSet) {
    this.#host = host;
    this.#held = held;
  }

  /** Its id: the one that was asked for, or a random one. A copy. */
  get transactionId(): Uint8Array {
    return this.#held.id.slice();
  }

  /**
   * Commits its changes. Resolves when that is on the medium, whatever durability the database has.
   * The pages it takes were reserved when it was prepared; only if the disk filled up before a
   * later opening could reserve them again is there no space.
   * @throws {IoError} `NO_SPACE`: nothing happened, it is still in doubt
   * @throws {StateError} `TRANSACTION_DONE`: it was decided before; `POISONED`, `CLOSED`
   */
  commit(): Promise<void> {
    return this.#decide(true);
  }

  /**
   * Drops its changes and frees its keys. Resolves when that is on the medium.
   * @throws {IoError} `NO_SPACE`: nothing happened, it is still in doubt
   * @throws {StateError} `TRANSACTION_DONE`: it was decided before; `POISONED`, `CLOSED`
   */
  rollback(): Promise<void> {
    return this.#decide(false);
  }

  async #decide(commit: boolean): Promise<void> {
    try {
      return await this.#submit(commit);
    } catch (error) {
      if (!isHoldfastError(error) || error.code !== "NO_SPACE") throw error;
    }
    // Pages that were freed since the last checkpoint are free behind the next one.
    await this.#host.pipeline.checkpoint();
    await this.#submit(commit);
  }

  /** Takes a place in the order of commits, or throws and leaves it in doubt. */
  #submit(commit: boolean): Promise<void> {
    const host = this.#host;
    const { engine, pipeline, open, running } = host;
    const held = this.#held;
    host.check();
    engine.health.check();
    if (held.decision !== undefined) {
      throw new StateError("TRANSACTION_DONE", "Cannot decide a transaction for the second time");
    }
    const set = pipeline.takeSet();
    if (commit) set.copy(held.set, { operations: held.set.count, bytes: held.set.out.length });
    set.remove(IN_DOUBT_TREE, held.id, held.id.length);
    if (running !== undefined) open.add(running);
    // Its own pages are reserved by the commit from now on.
    engine.inDoubt.leave(held, commit ? "commit" : "rollback");
    let done: Promise<void>;
    try {
      done = sequenceCommit(host, set, "disk", undefined);
    } catch (error) {
      engine.inDoubt.enter(held);
      throw error;
    }
    if (commit && held.dropped.size > 0) host.committed.forget(pipeline.sequence);
    return done;
  }
}

/**
 * Commits the entry of a transaction whose changes were found free of conflicts. They belong to the
 * entry from here on. Resolves when it is on the medium.
 * @throws {StateError} `ALREADY_EXISTS`: another transaction in doubt has the id; `TOO_LARGE`;
 * `TYPE_MISMATCH`: it depends on nobody writing in the old format of a structure, which no lock of
 * single keys can promise
 * @throws {IoError} `NO_SPACE`: nothing happened
 */
export function prepareSet(
  host: TransactionHost,
  { view: { own }, claimed }: EndingTransaction,
  transactionId: Uint8Array | undefined,
): Promise<PreparedTransaction> {
  const { engine, pipeline } = host;
  if (claimed !== undefined && claimed.size > 0) {
    throw new StateError(
      "TYPE_MISMATCH",
      "Cannot prepare a transaction that gives a structure another definition: commit that first",
    );
  }
  const id = transactionId ?? new Uint8Array(RANDOM_ID_BYTES);
  if (transactionId === undefined) engine.io.random(id);
  if (engine.inDoubt.has(id)) {
    throw new StateError(
      "ALREADY_EXISTS",
      "Cannot prepare: a transaction in doubt has the same id; decide it, or use another id",
    );
  }
  if (own.out.length > PREPARED_BYTES_MAX) {
    throw new StateError(
      "TOO_LARGE",
      `Cannot prepare ${own.out.length} bytes of changes: the limit is ${PREPARED_BYTES_MAX}`,
    );
  }
  const { bytes, length } = encodePrepared(own);
  const set = pipeline.takeSet();
  set.prepared = own;
  const held = holdSet({ id, set: own });
  if (length <= LOGGED_VALUE_BYTES_MAX) {
    set.put(IN_DOUBT_TREE, id, id.length, bytes, 0, length);
  } else {
    reserveForCheckpoint(engine, runPages(length) + engine.inDoubt.pages(engine, 0));
    set.putReference(IN_DOUBT_TREE, id, id.length, engine.overflow.write(bytes, 0, length));
    for (const [page, pages] of runsOf(set)) engine.reserved.set(page, pages);
  }
  engine.inDoubt.enter(held);
  try {
    return sequenceCommit(host, set, "disk", new PreparedTransaction(host, held));
  } catch (error) {
    engine.inDoubt.leave(held, "rollback");
    for (const [page, pages] of runsOf(set)) {
      engine.reserved.delete(page);
      engine.space.release(page, pages);
    }
    throw error;
  }
}

/**
 * A copy of a transaction id.
 * @throws {TypeError} unless it is a Uint8Array
 * @throws {RangeError} unless it has 1 to 512 bytes
 */
export function copyTransactionId(id: Uint8Array): Uint8Array {
  if (!(id instanceof Uint8Array)) throw new TypeError("A transaction id is a Uint8Array");
  if (id.length === 0 || id.length > TRANSACTION_ID_BYTES_MAX) {
    throw new RangeError(`A transaction id has 1 to ${TRANSACTION_ID_BYTES_MAX} bytes`);
  }
  return id.slice();
}
