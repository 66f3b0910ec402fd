/**
 * SQLite through `node:sqlite`: WAL with its default checkpoint threshold, `synchronous = FULL`.
 *
 * @module
 */

import type { StatementSync } from "node:sqlite";
import { DatabaseSync } from "node:sqlite";
import type { Store, StoreModule } from "./contestant.ts";

/** A put is a page of the WAL or two, and a checkpoint follows the page 1,000. */
const PUTS_OF_FULL_WAL = 900;

class Sqlite implements Store {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #get: StatementSync;

  constructor(database: DatabaseSync, cacheBytes: number) {
    this.#database = database;
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    database.exec(`PRAGMA cache_size = -${Math.floor(cacheBytes / 1024)}`);
    database.exec(
      "CREATE TABLE IF NOT EXISTS kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID",
    );
    this.#put = database.prepare("INSERT OR REPLACE INTO kv VALUES (?, ?)");
    this.#get = database.prepare("SELECT v FROM kv WHERE k = ?");
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#put.run(key, value);
  }

  commit(keys: readonly Uint8Array[], values: readonly Uint8Array[]): void {
    this.#database.exec("BEGIN IMMEDIATE");
    for (let i = 0; i < keys.length; i++) this.#put.run(keys[i]!, values[i]!);
    this.#database.exec("COMMIT");
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return (this.#get.get(key) as { v: Uint8Array } | undefined)?.v;
  }

  isLogFull(puts: number): boolean {
    return puts >= PUTS_OF_FULL_WAL;
  }

  close(): void {
    this.#database.close();
  }
}

/** Never fails: the engine is built in. */
export function load(): Promise<StoreModule> {
  const probe = new DatabaseSync(":memory:");
  const row = probe.prepare("SELECT sqlite_version() AS version").get() as { version: string };
  probe.close();
  return Promise.resolve({
    version: row.version,
    hasCacheBudget: true,
    open: (directory, cacheBytes) =>
      Promise.resolve(new Sqlite(new DatabaseSync(`${directory}/sqlite.db`), cacheBytes)),
  });
}
