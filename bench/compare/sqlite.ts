/**
 * SQLite, whichever driver runs it: the statements and the settings. WAL; `synchronous = FULL` is
 * one sync a commit, `OFF` none. A large checkpoint threshold is its best setting for the load; for
 * single puts a small one, with a WAL that has wrapped (overwrites blocks instead of extending the
 * file): `load` and the others switch between the two. SQLite commits for one caller at a time, so
 * 64 callers share a hand-made queue: one transaction for each turn of the event loop.
 *
 * @module
 */

import type { Contestant, Durability, Found, ScanResult } from "./contestant.ts";
import { fold } from "./contestant.ts";
import { TurnQueue } from "./turn_queue.ts";

/** One open database of a driver; what it prepares is called again and again. */
export interface SqliteDriver {
  exec(sql: string): void;
  /** A statement that changes something. */
  prepareWrite(sql: string): (...values: Uint8Array[]) => unknown;
  /** A statement that gives one column of at most one row. */
  prepareGet(sql: string): (key: Uint8Array) => Found;
  /** A statement that gives the columns `k` and `v`; folds all rows. */
  prepareScan(sql: string): () => ScanResult;
  close(): void;
}

/** In pages of 4 KiB: SQLite's default, and 128 MB. */
const CHECKPOINT_PAGES = 1000;
const LOAD_CHECKPOINT_PAGES = 32_768;

const SYNCHRONOUS: Readonly<Record<Durability, string>> = { disk: "FULL", os: "OFF" };

/** Folds rows that a driver gives as objects. */
export function foldRows(rows: Iterable<{ k: Uint8Array; v: Uint8Array }>): ScanResult {
  let entries = 0;
  let hash = 0;
  for (const { k, v } of rows) {
    hash = fold(hash, k, v);
    entries++;
  }
  return { entries, hash };
}

/** The contestant, on a driver. */
export class Sqlite implements Contestant {
  readonly #driver: SqliteDriver;
  readonly #put: (...values: Uint8Array[]) => unknown;
  readonly #get: (key: Uint8Array) => Found;
  readonly #scan: () => ScanResult;
  /** Prepared by the first append: who has no log does not pay for it. */
  #append: ((...values: Uint8Array[]) => unknown) | undefined;
  readonly #puts: TurnQueue<readonly [Uint8Array, Uint8Array]>;
  readonly #appends: TurnQueue<Uint8Array>;
  #checkpointPages = 0;

  /** Takes over an open driver; makes the tables where they are missing. */
  constructor(driver: SqliteDriver, durability: Durability, cacheBytes: number) {
    this.#driver = driver;
    driver.exec("PRAGMA journal_mode = WAL");
    driver.exec(`PRAGMA synchronous = ${SYNCHRONOUS[durability]}`);
    driver.exec(`PRAGMA cache_size = -${Math.floor(cacheBytes / 1024)}`);
    driver.exec(
      "CREATE TABLE IF NOT EXISTS kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID",
    );
    this.#put = driver.prepareWrite("INSERT OR REPLACE INTO kv VALUES (?, ?)");
    this.#get = driver.prepareGet("SELECT v FROM kv WHERE k = ?");
    this.#scan = driver.prepareScan("SELECT k, v FROM kv ORDER BY k");
    this.#puts = new TurnQueue((pairs) =>
      this.#transact(CHECKPOINT_PAGES, () => {
        for (const [key, value] of pairs) this.#put(key, value);
      })
    );
    this.#appends = new TurnQueue((records) => {
      const append = this.#append ??= this.#openLog();
      this.#transact(CHECKPOINT_PAGES, () => {
        for (const record of records) append(record);
      });
    });
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#checkpointEvery(CHECKPOINT_PAGES);
    this.#put(key, value);
  }

  putShared(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#puts.add([key, value]);
  }

  load(keys: readonly Uint8Array[], values: readonly Uint8Array[]): void {
    this.#transact(LOAD_CHECKPOINT_PAGES, () => {
      for (let i = 0; i < keys.length; i++) this.#put(keys[i]!, values[i]!);
    });
  }

  get(key: Uint8Array): Found {
    return this.#get(key);
  }

  scan(): ScanResult {
    return this.#scan();
  }

  append(record: Uint8Array): Promise<void> {
    return this.#appends.add(record);
  }

  close(): void {
    this.#driver.close();
  }

  #openLog(): (record: Uint8Array) => unknown {
    this.#driver.exec(
      "CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, record BLOB NOT NULL)",
    );
    return this.#driver.prepareWrite("INSERT INTO log (record) VALUES (?)");
  }

  #transact(checkpointPages: number, write: () => void): void {
    this.#checkpointEvery(checkpointPages);
    this.#driver.exec("BEGIN IMMEDIATE");
    write();
    this.#driver.exec("COMMIT");
  }

  #checkpointEvery(pages: number): void {
    if (this.#checkpointPages === pages) return;
    this.#driver.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
    this.#checkpointPages = pages;
  }
}
