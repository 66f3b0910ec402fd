/**
 * SQLite through `node:sqlite`, which all three runtimes have. Rows of a scan are
 * faster as arrays on Node, as objects elsewhere.
 *
 * @module
 */

import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import type { ContestantModule, ScanResult } from "./contestant.ts";
import { CACHE_BYTES, EITHER_DURABILITY, fold } from "./contestant.ts";
import type { SqliteDriver } from "./sqlite.ts";
import { foldRows, Sqlite } from "./sqlite.ts";

/** What Deno's types do not name yet. */
interface ArrayStatement {
  setReturnArrays(isEnabled: boolean): void;
  iterate(): Iterable<[Uint8Array, Uint8Array]>;
}

interface ObjectStatement {
  iterate(): Iterable<{ k: Uint8Array; v: Uint8Array }>;
}

const { bun, deno } = process.versions;
const isNode = bun === undefined && deno === undefined;

function openDriver(path: string): SqliteDriver {
  const database = new DatabaseSync(path);
  return {
    exec: (sql) => database.exec(sql),
    prepareWrite(sql) {
      const statement = database.prepare(sql);
      return (...values) => statement.run(...values);
    },
    prepareGet(sql) {
      const statement = database.prepare(sql);
      return (key) => (statement.get(key) as { v: Uint8Array } | undefined)?.v;
    },
    prepareScan(sql) {
      const statement: unknown = database.prepare(sql);
      if (!isNode) return () => foldRows((statement as ObjectStatement).iterate());
      const arrays = statement as ArrayStatement;
      arrays.setReturnArrays(true);
      return () => foldArrays(arrays.iterate());
    },
    close: () => database.close(),
  };
}

function foldArrays(rows: Iterable<[Uint8Array, Uint8Array]>): ScanResult {
  let entries = 0;
  let hash = 0;
  for (const [key, value] of rows) {
    hash = fold(hash, key, value);
    entries++;
  }
  return { entries, hash };
}

/** Never fails: the engine is built in. */
export function load(): Promise<ContestantModule> {
  const probe = new DatabaseSync(":memory:");
  const row = probe.prepare("SELECT sqlite_version() AS version").get() as { version: string };
  probe.close();
  return Promise.resolve({
    version: row.version,
    durabilities: EITHER_DURABILITY,
    open: (directory, durability, cacheBytes = CACHE_BYTES) =>
      Promise.resolve(new Sqlite(openDriver(`${directory}/sqlite.db`), durability, cacheBytes)),
  });
}
