/**
 * Holdfast for programs written for LevelDB: an `AbstractLevel` of the package `abstract-level`
 * over one index of a database. That package comes with the program: it is needed here alone.
 *
 * @module
 */

import { AbstractLevel } from "abstract-level";
import type {
  AbstractBatchOperation,
  AbstractBatchOptions,
  AbstractChainedBatch,
  AbstractClearOptions,
  AbstractDelOptions,
  AbstractPutOptions,
  AbstractSnapshot,
} from "abstract-level";
import {
  codec,
  Database,
  type Definition,
  type Durability,
  index,
  type IndexAccess,
  IoError,
  isHoldfastError,
  StateError,
  type TransactionOptions,
} from "../mod.ts";
import { LevelError, levelError } from "./level/level_error.ts";
import {
  LevelIterator,
  type LevelIteratorOptions,
  LevelKeyIterator,
  LevelValueIterator,
} from "./level/level_iterator.ts";
import {
  databaseOptions,
  type EncodedOperation,
  type LevelFileOptions,
  type LevelOpenOptions,
  type LevelOptions,
  type LevelReadOptions,
  type LevelWriteOptions,
} from "./level/level_options.ts";
import { LevelSnapshot } from "./level/level_snapshot.ts";
import type { LevelReader, LevelView } from "./level/level_view.ts";
import { indexRange, type LevelRange } from "./level/level_walk.ts";

export { LevelError, type LevelErrorCode } from "./level/level_error.ts";
export type * from "./level/level_iterator.ts";
export type {
  EncodedOperation,
  LevelFileOptions,
  LevelOpenOptions,
  LevelOptions,
  LevelReadOptions,
  LevelWriteOptions,
} from "./level/level_options.ts";
export type * from "./level/level_view.ts";
export type { LevelRange } from "./level/level_walk.ts";

/** Longest key in bytes, a limit of Holdfast that LevelDB does not have. */
const KEY_BYTES_MAX = 960;

/** `clear` removes so many keys with one commit: about 4 MB of log at most. */
const CLEAR_KEYS = 4096;

type LevelWriter = LevelAccess["writer"];

const NAME_DEFAULT = "level";

/** The access types of the index under a level. */
export type LevelAccess = IndexAccess<Uint8Array, Uint8Array, Uint8Array | undefined>;

/** The forms of the writing methods that take {@linkcode LevelWriteOptions}. */
export interface HoldfastLevel<K = string, V = string> {
  /** Adds or replaces an entry. */
  put(key: K, value: V): Promise<void>;
  /** Adds or replaces an entry. */
  put<K2 = K, V2 = V>(
    key: K2,
    value: V2,
    options: AbstractPutOptions<K2, V2> & LevelWriteOptions,
  ): Promise<void>;
  /** Removes an entry. */
  del(key: K): Promise<void>;
  /** Removes an entry. */
  del<K2 = K>(key: K2, options: AbstractDelOptions<K2> & LevelWriteOptions): Promise<void>;
  /** Does all of the operations, or none. */
  batch(operations: AbstractBatchOperation<this, K, V>[]): Promise<void>;
  /** Does all of the operations, or none. */
  batch<K2 = K, V2 = V>(
    operations: AbstractBatchOperation<this, K2, V2>[],
    options: AbstractBatchOptions<K2, V2> & LevelWriteOptions,
  ): Promise<void>;
  /** Collects operations: `write()` does all of them, or none. */
  batch(): AbstractChainedBatch<this, K, V>;
  /** Removes all entries, or a range of them: 4096 with a commit. */
  clear(): Promise<void>;
  /** Removes all entries, or a range of them: 4096 with a commit. */
  clear<K2 = K>(options: AbstractClearOptions<K2> & LevelWriteOptions): Promise<void>;
}

/**
 * The index in which a level of that name keeps its entries: for transactions that change them
 * together with other structures, and for watching them.
 */
export function levelIndex(name: string = NAME_DEFAULT): Definition<LevelAccess> {
  return index(name, { key: codec.bytes, value: codec.bytes });
}

/**
 * A LevelDB-like database of the interface `abstract-level` on Holdfast: keys in bytewise order,
 * encodings, sublevels, iterators with `seek`, implicit and explicit snapshots, `getSync`. It has a
 * file of its own, or is an index of a database that is open.
 *
 * A `put`, `del` or `batch` is one transaction: all of it or nothing, durable as
 * {@linkcode LevelWriteOptions} says when it resolves. Concurrent writes share one sync and end in
 * the order of the calls; of two that write one key the later call wins. `clear` commits by steps
 * of 4096 keys, those that were there at the call. Iterators show one moment; they and snapshots
 * keep space of the file in use until they are closed. A read is done when its call returns, so an
 * iteration lets other work run only where the program pauses. Keys and values are copied at the call;
 * results belong to the caller.
 *
 * Errors have codes of abstract-level where it has one (`LEVEL_LOCKED`, `LEVEL_CORRUPTION`,
 * `LEVEL_IO_ERROR`, `LEVEL_READONLY`, `LEVEL_INVALID_KEY` for one above 960 bytes), with Holdfast's
 * error as their `cause`, and are Holdfast's own otherwise. What `open` throws is, as
 * abstract-level has it, `LEVEL_DATABASE_NOT_OPEN` with one of these as its `cause`.
 *
 * ```ts
 * import { Database } from "@holdfast/holdfast";
 * import { HoldfastLevel } from "@holdfast/holdfast/level";
 *
 * const db = await Database.memory();
 * const level = new HoldfastLevel(db, { name: "settings" });
 * await level.batch([
 *   { type: "put", key: "colour", value: "blue" },
 *   { type: "put", key: "size", value: "small" },
 * ], { sync: true });
 * console.log(await level.get("colour"), await level.keys({ gt: "colour" }).all()); // blue ["size"]
 * await level.close();
 * await db.close();
 * ```
 */
export class HoldfastLevel<K = string, V = string> extends AbstractLevel<Uint8Array, K, V> {
  readonly #source: string | Database;
  readonly #index: Definition<LevelAccess>;
  readonly #durability: Durability | undefined;
  #database: Database | undefined;

  /**
   * A level with the file at `location`. As with every abstract-level, it begins to open at once,
   * and calls wait for it; `open()` tells whether that failed. `createIfMissing` and
   * `errorIfExists` are about the file; its folder must exist.
   */
  constructor(location: string, options?: LevelFileOptions<K, V>);
  /**
   * A level over one index of an open database, which stays open when the level is closed.
   * `createIfMissing` and `errorIfExists` are about the index, which exists from its first entry on.
   */
  constructor(database: Database, options?: LevelOptions<K, V>);
  constructor(source: string | Database, options: LevelFileOptions<K, V> = {}) {
    if (typeof source !== "string" && !(source instanceof Database)) {
      throw new TypeError("A level needs the path of its file, or a database");
    }
    const io = typeof source === "string" ? options.io : source.io;
    const manifest = {
      encodings: { view: true },
      permanence: io === undefined || io.capabilities.durable,
      createIfMissing: true,
      errorIfExists: true,
      seek: true,
      has: true,
      getSync: true,
      implicitSnapshots: true,
      explicitSnapshots: true,
      // Nothing to abort: a read is done when its call returns.
      signals: { iterators: false },
    };
    super(manifest, options);
    this.#source = source;
    this.#index = levelIndex(options.name);
    this.#durability = options.durability;
  }

  /** Opens the file, or the index of the database. */
  protected async _open(options: LevelOpenOptions): Promise<void> {
    try {
      this.#database = typeof this.#source === "string"
        ? await this.#openFile(this.#source, options)
        : this.#openIndex(this.#source, options);
    } catch (error) {
      throw levelError(error);
    }
  }

  async #openFile(path: string, options: LevelOpenOptions): Promise<Database> {
    const { createIfMissing, errorIfExists } = options;
    const create = createIfMissing && errorIfExists ? "new" : createIfMissing;
    const database = await Database.open(path, { ...databaseOptions(options), create });
    try {
      // Asked for a file that neither exists nor is missing, which is refused either way.
      if (errorIfExists && !createIfMissing) throw exists(path);
      database.open(this.#index);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  #openIndex(database: Database, options: LevelOpenOptions): Database {
    const { createIfMissing, errorIfExists } = options;
    const { name } = this.#index;
    const isThere = database.structures().some((structure) => structure.name === name);
    if (isThere && errorIfExists) throw exists(name);
    if (!isThere && !createIfMissing) {
      throw new IoError("NOT_FOUND", `Cannot open the index "${name}": it does not exist`);
    }
    database.open(this.#index);
    return database;
  }

  /** Lets go of the database, and closes its own one. */
  protected async _close(): Promise<void> {
    const database = this.#database;
    // The file is freed even if closing it fails: a second call succeeds, and so can open().
    this.#database = undefined;
    if (typeof this.#source !== "string") return;
    try {
      await database?.close();
    } catch (error) {
      throw levelError(error);
    }
  }

  /** Reads a value. */
  protected async _get(
    key: Uint8Array,
    options: LevelReadOptions,
  ): Promise<Uint8Array | undefined> {
    return this._getSync(key, options);
  }

  /** Reads a value. */
  protected _getSync(key: Uint8Array, options: LevelReadOptions): Uint8Array | undefined {
    return this.#read(options, (reader) => reader.get(key));
  }

  /** Reads values. */
  protected async _getMany(
    keys: Uint8Array[],
    options: LevelReadOptions,
  ): Promise<(Uint8Array | undefined)[]> {
    return this.#read(options, (reader) => reader.getMany(keys));
  }

  /** Looks for a key. */
  protected async _has(key: Uint8Array, options: LevelReadOptions): Promise<boolean> {
    return this.#read(options, (reader) => reader.has(key));
  }

  /** Looks for keys. */
  protected async _hasMany(keys: Uint8Array[], options: LevelReadOptions): Promise<boolean[]> {
    return this.#read(options, (reader) => keys.map((key) => reader.has(key)));
  }

  /** One transaction. */
  protected _put(key: Uint8Array, value: Uint8Array, options: LevelWriteOptions): Promise<void> {
    return this.#write(options, (writer) => putEntry(writer, key, value));
  }

  /** One transaction. */
  protected _del(key: Uint8Array, options: LevelWriteOptions): Promise<void> {
    return this.#write(options, (writer) => void writer.remove(key));
  }

  /** One transaction. */
  protected _batch(operations: EncodedOperation[], options: LevelWriteOptions): Promise<void> {
    return this.#write(options, (writer) => {
      for (const operation of operations) {
        if (operation.type === "put") putEntry(writer, operation.key, operation.value);
        else writer.remove(operation.key);
      }
    });
  }

  /** A transaction for each step. */
  protected async _clear(
    options: LevelRange & LevelReadOptions & LevelWriteOptions & { limit: number },
  ): Promise<void> {
    const { limit } = options;
    const range = { ...indexRange(options), ...limit >= 0 ? { limit } : {} };
    const keys = this.#read(options, (reader) => reader.keys(range));
    try {
      for (let step = take(keys, CLEAR_KEYS); step.length > 0; step = take(keys, CLEAR_KEYS)) {
        await this.#write(options, (writer) => {
          for (const key of step) writer.remove(key);
        });
      }
    } catch (error) {
      throw levelError(error);
    } finally {
      keys.return?.();
    }
  }

  /** Takes a snapshot. */
  protected _snapshot(options: { owner: object }): AbstractSnapshot {
    return new LevelSnapshot(options, this, this.#view({}));
  }

  /** Makes an iterator. */
  protected _iterator(options: LevelIteratorOptions & LevelReadOptions): LevelIterator<K, V> {
    return new LevelIterator(this, options, this.#view(options));
  }

  /** Makes an iterator of keys. */
  protected _keys(options: LevelIteratorOptions & LevelReadOptions): LevelKeyIterator<K, V> {
    return new LevelKeyIterator(this, options, this.#view(options));
  }

  /** Makes an iterator of values. */
  protected _values(options: LevelIteratorOptions & LevelReadOptions): LevelValueIterator<K, V> {
    return new LevelValueIterator(this, options, this.#view(options));
  }

  /** The database, while it is open. */
  #open(): Database {
    if (this.#database !== undefined) return this.#database;
    throw new StateError("CLOSED", "Cannot use a level that is not open");
  }

  #reader(snapshot: AbstractSnapshot | null | undefined): LevelReader {
    const database = this.#open();
    if (snapshot === undefined || snapshot === null) return database.open(this.#index);
    if (snapshot instanceof LevelSnapshot && snapshot.level === this) return snapshot.reader;
    throw new TypeError("The option snapshot takes a snapshot of this level");
  }

  #read<T>({ snapshot }: LevelReadOptions, read: (reader: LevelReader) => T): T {
    try {
      return read(this.#reader(snapshot));
    } catch (error) {
      throw levelError(error);
    }
  }

  /** What to walk over: the snapshot that was given, or a new one. */
  #view(options: LevelReadOptions): LevelView {
    const { snapshot } = options;
    try {
      if (snapshot !== undefined && snapshot !== null) {
        return { reader: this.#reader(snapshot), release: () => {} };
      }
      const own = this.#open().snapshot();
      return { reader: own.open(this.#index), release: () => own.release() };
    } catch (error) {
      throw levelError(error);
    }
  }

  /** Runs `body` in a transaction, before this returns, and commits it. */
  async #write({ sync }: LevelWriteOptions, body: (writer: LevelWriter) => void): Promise<void> {
    const durability = sync === undefined ? this.#durability : sync ? "disk" : "os";
    const options: TransactionOptions = durability === undefined ? {} : { durability };
    try {
      await this.#open().update((tx) => body(tx.open(this.#index)), options);
    } catch (error) {
      throw levelError(error);
    }
  }
}

function putEntry(writer: LevelWriter, key: Uint8Array, value: Uint8Array): void {
  try {
    writer.put(key, value);
  } catch (error) {
    const isKey = isHoldfastError(error) && error.code === "TOO_LARGE" &&
      key.length > KEY_BYTES_MAX;
    throw isKey ? new LevelError("LEVEL_INVALID_KEY", error) : error;
  }
}

function take<T>(from: IterableIterator<T>, count: number): T[] {
  const taken: T[] = [];
  while (taken.length < count) {
    const { done, value } = from.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

function exists(what: string): IoError {
  return new IoError("ALREADY_EXISTS", `Cannot create "${what}": it exists`);
}
