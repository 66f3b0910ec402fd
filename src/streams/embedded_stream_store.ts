/**
 * Durable streams in a Holdfast database, in this process.
 *
 * @module
 */

import { isHoldfastError, StateError } from "../errors.ts";
import type { Durability } from "../io/durability.ts";
import { Database } from "../kernel/database.ts";
import type { DatabaseOptions } from "../kernel/database_options.ts";
import { AccessClock } from "./access_clock.ts";
import { appendMessages, type AppendRequest } from "./append.ts";
import { createStream } from "./create.ts";
import { LIST_LIMIT_DEFAULT } from "./limits.ts";
import { type ChangeBody, Lane } from "./lane.ts";
import { listNames } from "./name_index.ts";
import { formatOffset } from "./offset.ts";
import { bytesFrom, readPage } from "./read.ts";
import { LARGE_PAGE_BYTES, ReadPace } from "./read_pace.ts";
import { removeStream } from "./removal.ts";
import { checkAppend, checkCount, checkCreate, checkName, nameBytes } from "./request_checks.ts";
import { incarnation } from "./stream_config.ts";
import { describe, lookUp, readEntry } from "./stream_lookup.ts";
import type {
  AppendOptions,
  AppendOutcome,
  CloseOptions,
  CreateOptions,
  CreateOutcome,
  DeleteOutcome,
  ForkOptions,
  HeadOutcome,
  ListOptions,
  ReadOptions,
  ReadOutcome,
  ReadPosition,
  Refusal,
  Refused,
  StreamInfo,
  StreamList,
  StreamStore,
  SubscribeOptions,
  SweepReport,
  TouchOutcome,
} from "./stream_store.ts";
import {
  durableTables,
  PendingTables,
  readCleanMark,
  removeCleanMark,
  type Tables,
} from "./tables.ts";
import { decodeText, encodeText } from "./text.ts";
import { Upkeep } from "./upkeep.ts";
import { Waiters } from "./waiters.ts";

/** Options of {@linkcode EmbeddedStreamStore.open}. */
export interface EmbeddedStreamStoreOptions {
  /** How durable a change is when its promise resolves. Default: that of the database. */
  readonly durability?: Durability;
  /** Most bytes of messages in one stream, inherited ones included. Default 2^53 - 1. */
  readonly maxStreamBytes?: number;
  /** The clock: milliseconds since 1970. Default: that of the database's io adapter. */
  readonly now?: () => number;
  /** How to open the database at a path. */
  readonly database?: DatabaseOptions;
}

/** Databases that have a store: two would not see each other's renewals and waiters. */
const IN_USE = new WeakSet<Database>();

/**
 * The {@linkcode StreamStore} on a {@linkcode Database}: a change is all or nothing, and the changes
 * of one turn of the event loop share a transaction and a sync. Streams that nobody uses hold no
 * memory. One store at a time per database, which may hold other structures too.
 */
export class EmbeddedStreamStore implements StreamStore {
  readonly #database: Database;
  readonly #owned: boolean;
  readonly #clock: AccessClock;
  readonly #lane: Lane;
  readonly #maxStreamBytes: number;
  readonly #durable: Tables;
  readonly #waiters = new Waiters();
  readonly #pace: ReadPace;
  readonly #upkeep: Upkeep;
  #sweeping: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /** Use {@linkcode EmbeddedStreamStore.open}. */
  private constructor(
    database: Database,
    owned: boolean,
    clock: AccessClock,
    lane: Lane,
    maxStreamBytes: number,
  ) {
    this.#database = database;
    this.#owned = owned;
    this.#clock = clock;
    this.#lane = lane;
    this.#maxStreamBytes = maxStreamBytes;
    this.#durable = durableTables(database);
    this.#pace = new ReadPace(database.io, () => lane.count);
    this.#upkeep = new Upkeep(this.#durable, clock, lane, this.#waiters);
  }

  /**
   * Opens the store in the database at a path, created if need be and closed with the store, or in
   * an open database, which stays open.
   *
   * Errors: those of `Database.open`; `LOCKED` if the database has a store already.
   */
  static async open(
    pathOrDatabase: string | Database,
    options: EmbeddedStreamStoreOptions = {},
  ): Promise<EmbeddedStreamStore> {
    const { maxStreamBytes = Number.MAX_SAFE_INTEGER, durability } = options;
    checkCount(maxStreamBytes, "maxStreamBytes");
    const owned = typeof pathOrDatabase === "string";
    const database = owned ? await Database.open(pathOrDatabase, options.database) : pathOrDatabase;
    const { io } = database;
    if (IN_USE.has(database)) {
      throw new StateError("LOCKED", "the database has an open stream store");
    }
    IN_USE.add(database);
    try {
      const now = options.now ?? (() => io.now());
      const floor = readCleanMark(durableTables(database));
      const clock = new AccessClock(now, floor);
      if (floor !== undefined) {
        await database.update((tx) => removeCleanMark(new PendingTables(tx)), {
          durability: "disk",
        });
      }
      const lane = new Lane(database, durability, (callback) => io.nextTurn(callback));
      return new EmbeddedStreamStore(database, owned, clock, lane, maxStreamBytes);
    } catch (error) {
      IN_USE.delete(database);
      if (owned) await database.close();
      throw error;
    }
  }

  /** See {@linkcode StreamStore.create}. */
  async create(name: string, options: CreateOptions = {}): Promise<CreateOutcome> {
    const bytes = nameBytes(name);
    const refusal = checkName(bytes) ?? checkCreate(options);
    if (refusal !== undefined) return refused(refusal);
    return await this.#change(
      name,
      (tables) => createStream(tables, this.#clock, { name, nameBytes: bytes, options }),
      (outcome) => outcome.created,
      options.messages,
    );
  }

  /** See {@linkcode StreamStore.fork}. */
  fork(
    name: string,
    source: string,
    options: Omit<CreateOptions, "fork"> & Omit<ForkOptions, "source"> = {},
  ): Promise<CreateOutcome> {
    const { offset, subOffset, ...rest } = options;
    const fork: ForkOptions = {
      source,
      ...(offset === undefined ? {} : { offset }),
      ...(subOffset === undefined ? {} : { subOffset }),
    };
    return this.create(name, { ...rest, fork });
  }

  /** See {@linkcode StreamStore.append}. */
  async append(
    name: string,
    messages: readonly Uint8Array[],
    options: AppendOptions = {},
  ): Promise<AppendOutcome> {
    const bytes = nameBytes(name);
    const refusal = checkName(bytes) ?? checkAppend(messages, options);
    if (refusal !== undefined) return refused(refusal);
    const request: AppendRequest = {
      name,
      nameBytes: bytes,
      messages,
      options,
      maxStreamBytes: this.#maxStreamBytes,
    };
    return await this.#change(
      name,
      (tables) => appendMessages(tables, this.#clock, request),
      (outcome) => !outcome.duplicate,
      messages,
    );
  }

  /** See {@linkcode StreamStore.close}: without a name, of the store; with one, of that stream. */
  close(): Promise<void>;
  close(name: string, options?: CloseOptions): Promise<AppendOutcome>;
  close(...given: [name?: string, options?: CloseOptions]): Promise<void | AppendOutcome> {
    if (given.length === 0) return this.#closing ??= this.#end();
    const [name, options] = given;
    return this.append(name!, [], { ...options, close: true });
  }

  /** The same as `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** See {@linkcode StreamStore.read}. */
  async read(name: string, offset: string, options: ReadOptions = {}): Promise<ReadOutcome> {
    this.#checkOpen();
    if (options.maxBytes !== undefined) checkCount(options.maxBytes, "maxBytes");
    if (options.maxMessages !== undefined) checkCount(options.maxMessages, "maxMessages", 1);
    const bytes = nameBytes(name);
    if (this.#pace.isTaken && bytesFrom(this.#durable, bytes, offset) >= LARGE_PAGE_BYTES) {
      await this.#pace.turn();
      this.#checkOpen();
    }
    const began = this.#database.io.monotonic();
    const outcome = readPage(this.#durable, this.#clock, name, bytes, offset, options);
    if (outcome.outcome === "done" && outcome.bytes >= LARGE_PAGE_BYTES) this.#pace.read(began);
    return outcome;
  }

  /** See {@linkcode StreamStore.head}. */
  async head(name: string): Promise<HeadOutcome> {
    this.#checkOpen();
    const found = lookUp(this.#durable, this.#clock, nameBytes(name));
    if (!("entry" in found)) return refused(found.refusal);
    return { outcome: "done", stream: describe(this.#durable, name, found.entry) };
  }

  /** See {@linkcode StreamStore.delete}. */
  async delete(name: string): Promise<DeleteOutcome> {
    const bytes = nameBytes(name);
    let number = 0;
    const outcome = await this.#change<Exclude<DeleteOutcome, Refused>>(
      name,
      (tables) => {
        const found = lookUp(tables, this.#clock, bytes);
        if (!("entry" in found)) return refused(found.refusal);
        number = found.entry.config.number;
        return { outcome: "done", soft: removeStream(tables, bytes, found.entry, true) };
      },
      () => true,
    );
    if (outcome.outcome === "done") this.#clock.forget(number);
    return outcome;
  }

  /** See {@linkcode StreamStore.touch}. */
  async touch(name: string): Promise<TouchOutcome> {
    this.#checkOpen();
    const found = lookUp(this.#durable, this.#clock, nameBytes(name));
    if (!("entry" in found)) return refused(found.refusal);
    const { number, lifetime } = found.entry.config;
    if (lifetime.ttlSeconds !== undefined) this.#clock.touch(number, name);
    return { outcome: "done" };
  }

  /** See {@linkcode StreamStore.subscribe}. */
  async subscribe(
    name: string,
    position: ReadPosition,
    options: SubscribeOptions = {},
  ): Promise<"changed" | "aborted"> {
    this.#checkOpen();
    if (options.signal?.aborted === true) return "aborted";
    const found = lookUp(this.#durable, this.#clock, nameBytes(name));
    if (!("entry" in found)) return "changed";
    const { config, state } = found.entry;
    const current = !state.closed && incarnation(config) === position.incarnation &&
      formatOffset(state.tail) === position.offset;
    return current ? await this.#waiters.wait(name, options.signal) : "changed";
  }

  /** See {@linkcode StreamStore.list}. */
  async list(options: ListOptions = {}): Promise<StreamList> {
    this.#checkOpen();
    const limit = options.limit ?? LIST_LIMIT_DEFAULT;
    checkCount(limit, "limit", 1);
    const prefix = encodeText(options.prefix ?? "", "prefix");
    const after = options.after === undefined ? undefined : encodeText(options.after, "after");
    const streams: StreamInfo[] = [];
    for (const [bytes, record] of listNames(this.#durable.names, prefix, after)) {
      const entry = readEntry(this.#durable, record);
      const { config, state } = entry;
      if (state.removed || this.#clock.expired(config.number, config.lifetime, state)) continue;
      if (streams.length === limit) return { streams, more: true };
      streams.push(describe(this.#durable, decodeText(bytes), entry));
    }
    return { streams, more: false };
  }

  /** See {@linkcode StreamStore.sweep}. */
  async sweep(): Promise<SweepReport> {
    this.#checkOpen();
    // Throws where nothing can be changed any more, also when there is nothing to sweep.
    this.#database.begin().rollback();
    const sweep = this.#upkeep.sweep();
    this.#sweeping = Promise.allSettled([this.#sweeping, sweep]);
    return await sweep;
  }

  /** Runs a change of one stream, and wakes those who wait for it once it is durable. */
  async #change<D extends { readonly outcome: "done" }>(
    name: string,
    body: ChangeBody<D | Refused>,
    changes: (outcome: D) => boolean,
    messages: readonly Uint8Array[] = [],
  ): Promise<D | Refused> {
    this.#checkOpen();
    let bytes = 0;
    for (const message of messages) bytes += message.length;
    try {
      const outcome = await this.#lane.change(body, bytes);
      if (outcome.outcome === "done" && changes(outcome)) this.#waiters.wake(name);
      return outcome;
    } catch (error) {
      if (isHoldfastError(error) && error.code === "NO_SPACE") {
        return refused({ reason: "no-space" });
      }
      throw error;
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new StateError("CLOSED", "the stream store was closed");
  }

  async #end(): Promise<void> {
    this.#waiters.close();
    this.#pace.end();
    await this.#sweeping;
    await this.#lane.drain();
    try {
      await this.#upkeep.finish();
    } catch (error) {
      // Without the mark the next opening takes every stream as used just then: late, never early.
      const known = isHoldfastError(error) &&
        ["POISONED", "NO_SPACE", "CLOSED"].includes(error.code);
      if (!known) throw error;
    } finally {
      IN_USE.delete(this.#database);
      if (this.#owned) await this.#database.close();
    }
  }
}

function refused<R extends Refusal>(refusal: R): Refused<R> {
  return { outcome: "refused", refusal };
}
