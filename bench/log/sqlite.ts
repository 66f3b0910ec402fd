/**
 * SQLite with rowids as offsets, through `node:sqlite`, better-sqlite3 or `bun:sqlite`: WAL, 256 MB
 * cache. Unsynced: `synchronous = OFF`, a transaction for each batch, a large checkpoint threshold.
 * Durable: `synchronous = FULL`; 64 callers have a queue in front of it, as a user would write it.
 * With the default threshold the WAL wraps, and then a commit overwrites blocks instead of extending
 * the file, which makes single appends about 1.5 times as fast.
 *
 * @module
 */

import { importPeer, installedVersion } from "../compare/peer.ts";
import type { LogContestant, LogModule, LogShape, SeeRecord } from "./contestant.ts";
import { TurnQueue } from "../compare/turn_queue.ts";

/** What the three drivers have in common. */
interface Statement {
  run(value: Uint8Array): unknown;
  get(): unknown;
  iterate(from: number): Iterable<unknown>;
}

interface Driver {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): void;
}

type OpenDriver = (path: string) => Driver;

/** In pages of 4 KiB: 128 MB. */
const UNSYNCED_CHECKPOINT_PAGES = 32_768;
const CACHE_KIB = 256 * 1024;

class SqliteLog implements LogContestant {
  readonly #driver: Driver;
  readonly #append: Statement;
  readonly #all: Statement;
  readonly #queue: TurnQueue<Uint8Array>;

  constructor(driver: Driver, { mode }: LogShape) {
    this.#driver = driver;
    driver.exec("PRAGMA journal_mode = WAL");
    driver.exec(`PRAGMA synchronous = ${mode === "durable" ? "FULL" : "OFF"}`);
    driver.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    if (mode !== "durable") {
      driver.exec(`PRAGMA wal_autocheckpoint = ${UNSYNCED_CHECKPOINT_PAGES}`);
    }
    driver.exec("CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, record BLOB NOT NULL)");
    this.#append = driver.prepare("INSERT INTO log (record) VALUES (?)");
    this.#all = driver.prepare("SELECT record FROM log WHERE id > ? ORDER BY id");
    this.#queue = new TurnQueue((records) => this.appendAll(records));
  }

  appendAll(records: readonly Uint8Array[]): void {
    this.#driver.exec("BEGIN IMMEDIATE");
    for (const record of records) this.#append.run(record);
    this.#driver.exec("COMMIT");
  }

  /** A commit has written its pages to the WAL. */
  flush(): void {}

  appendSynced(record: Uint8Array): void {
    this.#append.run(record);
  }

  appendShared(record: Uint8Array): Promise<void> {
    return this.#queue.add(record);
  }

  /** Rowids count from 1. */
  replay(from: number, see: SeeRecord): void {
    for (const row of this.#all.iterate(from)) see((row as { record: Uint8Array }).record);
  }

  close(): void {
    this.#driver.close();
  }
}

/** The runtime's own `node:sqlite`. */
export async function loadNodeSqlite(): Promise<LogModule> {
  const { DatabaseSync } = await import("node:sqlite");
  return moduleOf((path) => new DatabaseSync(path) as unknown as Driver, "");
}

/** The npm package; rejects when it is not installed or has no binary for this runtime. */
export async function loadBetterSqlite(): Promise<LogModule> {
  const { default: Database } = await importPeer<{ default: new (path: string) => Driver }>(
    "better-sqlite3",
  );
  const version = installedVersion("better-sqlite3");
  return moduleOf((path) => new Database(path), `${version} with SQLite `);
}

/** Bun's own; rejects elsewhere. */
export async function loadBunSqlite(): Promise<LogModule> {
  const { Database } = await importPeer<{ Database: new (path: string) => Driver }>("bun:sqlite");
  return moduleOf((path) => new Database(path), "");
}

/** A driver is tried at once: a package may be there and its binary not. */
function moduleOf(open: OpenDriver, driverVersion: string): LogModule {
  const probe = open(":memory:");
  const row = probe.prepare("SELECT sqlite_version() AS version").get() as { version: string };
  probe.close();
  return {
    version: driverVersion + row.version,
    tasks: ["append", "synced", "shared", "replay"],
    open: (directory, shape) =>
      Promise.resolve(new SqliteLog(open(`${directory}/sqlite.db`), shape)),
  };
}
