/**
 * SQLite through the runtime's own `node:sqlite`: WAL, `synchronous = FULL`, one fsync a commit.
 * It has no queue, so 64 callers are 64 commits one after the other. A large checkpoint threshold
 * is its best setting for the load, a small one with a WAL that has wrapped (overwrites blocks
 * instead of extending the file) for single puts: `load` and the others switch between the two.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type { Contestant, ContestantModule, ScanResult } from "./contestant.ts";
import { CACHE_BYTES, fold } from "./contestant.ts";

/** In pages of 4 KiB: SQLite's default, and 128 MB. */
const CHECKPOINT_PAGES = 1000;
const LOAD_CHECKPOINT_PAGES = 32_768;

class Sqlite implements Contestant {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #all: StatementSync;
  readonly #append: StatementSync;
  #checkpointPages = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    database.exec(`PRAGMA cache_size = -${CACHE_BYTES / 1024}`);
    database.exec("CREATE TABLE kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID");
    database.exec("CREATE TABLE log (id INTEGER PRIMARY KEY, record BLOB NOT NULL)");
    this.#put = database.prepare("INSERT OR REPLACE INTO kv VALUES (?, ?)");
    this.#get = database.prepare("SELECT v FROM kv WHERE k = ?");
    this.#all = database.prepare("SELECT k, v FROM kv ORDER BY k");
    this.#append = database.prepare("INSERT INTO log (record) VALUES (?)");
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#checkpointEvery(CHECKPOINT_PAGES);
    this.#put.run(key, value);
  }

  putShared(key: Uint8Array, value: Uint8Array): void {
    this.put(key, value);
  }

  load(keys: readonly Uint8Array[], values: readonly Uint8Array[]): void {
    this.#checkpointEvery(LOAD_CHECKPOINT_PAGES);
    this.#database.exec("BEGIN IMMEDIATE");
    for (let i = 0; i < keys.length; i++) this.#put.run(keys[i]!, values[i]!);
    this.#database.exec("COMMIT");
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return (this.#get.get(key) as { v: Uint8Array } | undefined)?.v;
  }

  scan(): ScanResult {
    let entries = 0;
    let hash = 0;
    const rows = this.#all.iterate() as Iterable<unknown> as Iterable<
      { k: Uint8Array; v: Uint8Array }
    >;
    for (const { k, v } of rows) {
      hash = fold(hash, k, v);
      entries++;
    }
    return { entries, hash };
  }

  append(record: Uint8Array): void {
    this.#checkpointEvery(CHECKPOINT_PAGES);
    this.#append.run(record);
  }

  close(): void {
    this.#database.close();
  }

  #checkpointEvery(pages: number): void {
    if (this.#checkpointPages === pages) return;
    this.#database.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
    this.#checkpointPages = pages;
  }
}

/** Never fails: the engine is built in. */
export function load(): Promise<ContestantModule> {
  const probe = new DatabaseSync(":memory:");
  const row = probe.prepare("SELECT sqlite_version() AS version").get() as { version: string };
  probe.close();
  return Promise.resolve({
    version: row.version,
    open: (directory) => Promise.resolve(new Sqlite(new DatabaseSync(`${directory}/sqlite.db`))),
  });
}
