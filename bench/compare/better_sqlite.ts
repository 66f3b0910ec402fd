/**
 * SQLite through better-sqlite3. A single column is plucked, which is its fastest get.
 *
 * @module
 */

import type { ContestantModule, Found } from "./contestant.ts";
import { CACHE_BYTES, EITHER_DURABILITY } from "./contestant.ts";
import { importPeer, installedVersion, requireThat } from "./peer.ts";
import type { SqliteDriver } from "./sqlite.ts";
import { foldRows, Sqlite } from "./sqlite.ts";

interface BetterStatement {
  run(...values: Uint8Array[]): unknown;
  get(...values: Uint8Array[]): unknown;
  iterate(): Iterable<{ k: Uint8Array; v: Uint8Array }>;
  pluck(): BetterStatement;
}

interface BetterDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): BetterStatement;
  close(): void;
}

interface BetterPackage {
  default: new (path: string) => BetterDatabase;
}

function openDriver(database: BetterDatabase): SqliteDriver {
  return {
    exec(sql) {
      database.exec(sql);
    },
    prepareWrite(sql) {
      const statement = database.prepare(sql);
      return (...values) => statement.run(...values);
    },
    prepareGet(sql) {
      const statement = database.prepare(sql).pluck();
      return (key) => statement.get(key) as Found;
    },
    prepareScan(sql) {
      const statement = database.prepare(sql);
      return () => foldRows(statement.iterate());
    },
    close: () => database.close(),
  };
}

/** Loads the package and its addon. @throws {NotHereError} */
export async function load(): Promise<ContestantModule> {
  const { default: BetterSqlite } = await importPeer<BetterPackage>("better-sqlite3");
  const probe = requireThat(() => new BetterSqlite(":memory:"), "its addon cannot be loaded");
  const sqlite = probe.prepare("SELECT sqlite_version()").pluck().get() as string;
  probe.close();
  return {
    version: `${installedVersion("better-sqlite3")} (${sqlite})`,
    durabilities: EITHER_DURABILITY,
    open(directory, durability, cacheBytes = CACHE_BYTES) {
      const driver = openDriver(new BetterSqlite(`${directory}/sqlite.db`));
      return Promise.resolve(new Sqlite(driver, durability, cacheBytes));
    },
  };
}
