/**
 * SQLite through `bun:sqlite`. It leaves a database open, and its WAL as it is, until the last
 * statement is finalized, so `close` does that first.
 *
 * @module
 */

import process from "node:process";
import type { ContestantModule } from "./contestant.ts";
import { CACHE_BYTES, EITHER_DURABILITY } from "./contestant.ts";
import { importPeer, NotHereError } from "./peer.ts";
import type { SqliteDriver } from "./sqlite.ts";
import { foldRows, Sqlite } from "./sqlite.ts";

interface BunStatement {
  run(...values: Uint8Array[]): unknown;
  get(...values: Uint8Array[]): unknown;
  iterate(): Iterable<{ k: Uint8Array; v: Uint8Array }>;
  finalize(): void;
}

interface BunDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): BunStatement;
  close(throwOnError: boolean): void;
}

interface BunPackage {
  Database: new (path: string) => BunDatabase;
}

function openDriver(database: BunDatabase): SqliteDriver {
  const statements: BunStatement[] = [];
  const prepare = (sql: string): BunStatement => {
    const statement = database.prepare(sql);
    statements.push(statement);
    return statement;
  };
  return {
    exec(sql) {
      database.exec(sql);
    },
    prepareWrite(sql) {
      const statement = prepare(sql);
      return (...values) => statement.run(...values);
    },
    prepareGet(sql) {
      const statement = prepare(sql);
      return (key) => (statement.get(key) as { v: Uint8Array } | null)?.v;
    },
    prepareScan(sql) {
      const statement = prepare(sql);
      return () => foldRows(statement.iterate());
    },
    close() {
      for (const statement of statements) statement.finalize();
      database.close(true);
    },
  };
}

/** Loads the module. @throws {NotHereError} in the other runtimes */
export async function load(): Promise<ContestantModule> {
  if (process.versions["bun"] === undefined) throw new NotHereError("only Bun has it");
  const { Database } = await importPeer<BunPackage>("bun:sqlite");
  const probe = new Database(":memory:");
  const row = probe.prepare("SELECT sqlite_version() AS version").get() as { version: string };
  probe.close(false);
  return {
    version: row.version,
    durabilities: EITHER_DURABILITY,
    open(directory, durability, cacheBytes = CACHE_BYTES) {
      const driver = openDriver(new Database(`${directory}/sqlite.db`));
      return Promise.resolve(new Sqlite(driver, durability, cacheBytes));
    },
  };
}
