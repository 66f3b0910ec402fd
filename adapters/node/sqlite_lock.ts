/**
 * A kernel lock through `node:sqlite`: an empty database file held by an EXCLUSIVE transaction, or by
 * the read transactions of any number of readers, the one kernel lock that Deno, Bun and Node all have built in and that excludes each other. The kernel
 * frees it when the process ends, however it ends.
 *
 * Two hazards of POSIX record locks, both measured: the lock is lost when the connection is garbage
 * collected (so the holder must stay referenced), and when this process closes any other descriptor
 * of the same file (so nothing else here ever opens it, not even to create it).
 *
 * @module
 */

import { closeSync, existsSync, linkSync, openSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { type ErrorCode, IoError } from "../../src/errors.ts";
import type { IoLockMode } from "../../src/io/adapter.ts";
import { attempt, ioError } from "./node_errors.ts";

/** The part of a `node:sqlite` connection that is used. */
export interface SqliteConnection {
  /** Compiles one statement. */
  prepare(sql: string): { all(): unknown[] };
  /** Closes the connection and frees its lock. */
  close(): void;
}

/** The part of the module `node:sqlite` that is used. */
export interface SqliteModule {
  /** Opens or creates a database file. */
  readonly DatabaseSync: new (path: string) => SqliteConnection;
}

/** A held lock file. */
export interface SqliteLock {
  /** Frees the lock and leaves the file. Idempotent. */
  release(): void;
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that mean something here. */
const SQLITE_BUSY = 5;
const CODE_OF_RESULT: Readonly<Record<number, ErrorCode>> = {
  3: "IO_ACCESS", // SQLITE_PERM
  8: "IO_ACCESS", // SQLITE_READONLY
  13: "NO_SPACE", // SQLITE_FULL
  14: "IO_ACCESS", // SQLITE_CANTOPEN
};

/** Where hard links are refused or unknown, SQLite creates the file, with the mode of the umask. */
const NO_HARD_LINKS: readonly unknown[] = ["EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

/** Loads `node:sqlite` at once, without an import at the top: not every runtime needs it. */
export function loadSqlite(): SqliteModule {
  const module: SqliteModule | undefined = process.getBuiltinModule("node:sqlite");
  if (module === undefined) {
    throw new IoError("IO_FAILED", "this runtime has no node:sqlite, which carries the lock");
  }
  return module;
}

/**
 * The statements that take a lock. Prepared, never `exec`: on Deno only prepared statements put the
 * result code on the error. With journal_mode=OFF a journal file would appear beside the lock;
 * MEMORY leaves none. On a file that it may only read, SQLite takes a shared lock and says nothing:
 * a change shows it (SQLITE_READONLY); it is never committed, so the file stays empty.
 */
const STATEMENTS: Readonly<Record<IoLockMode, readonly string[]>> = {
  exclusive: [
    "PRAGMA busy_timeout=0",
    "PRAGMA journal_mode=MEMORY",
    "PRAGMA locking_mode=EXCLUSIVE",
    "BEGIN EXCLUSIVE",
    "PRAGMA user_version=1",
  ],
  shared: ["PRAGMA busy_timeout=0", "BEGIN", "SELECT 1 FROM sqlite_schema"],
};

/** Tries to lock the file at `path`, creating it; `undefined` when somebody else is in the way. */
export function takeSqliteLock(
  sqlite: SqliteModule,
  path: string,
  mode: IoLockMode,
): SqliteLock | undefined {
  try {
    createLockFile(path);
  } catch (error) {
    // Every owner makes the file and leaves it in place, so there is none now; see `tryLock`.
    const mayRead = mode === "shared" && error instanceof IoError && error.code === "IO_ACCESS";
    if (mayRead) return { release: (): void => {} };
    throw error;
  }
  let connection: SqliteConnection | undefined;
  try {
    connection = new sqlite.DatabaseSync(path);
    for (const statement of STATEMENTS[mode]) connection.prepare(statement).all();
  } catch (error) {
    connection?.close();
    const result = resultCode(error);
    if (result === SQLITE_BUSY) return undefined;
    checkDescriptors(path);
    const code = CODE_OF_RESULT[result ?? 0];
    if (code === undefined) throw ioError("lock", path, error);
    throw new IoError(code, `cannot lock ${path}`, { path, cause: error });
  }
  return heldLock(connection);
}

/**
 * Throws `IO_TOO_MANY_FILES` when the process has no descriptor left: to SQLite that is any file that
 * it cannot open. Asked of the folder, because closing the lock file here would drop the lock.
 */
function checkDescriptors(path: string): void {
  let fd: number;
  try {
    fd = openSync(dirname(path), "r");
  } catch (error) {
    const mapped = ioError("lock", path, error);
    if (mapped instanceof IoError && mapped.code === "IO_TOO_MANY_FILES") throw mapped;
    return;
  }
  closeSync(fd);
}

function heldLock(connection: SqliteConnection): SqliteLock {
  let held = true;
  return {
    release(): void {
      if (!held) return;
      held = false;
      connection.close();
    },
  };
}

/** SQLite's primary result code (the low byte of the extended one), if the error carries one. */
function resultCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : undefined;
}

/**
 * Gives the lock file its mode 0600 before anybody can lock it: it is made under another name,
 * closed, and only then linked into place. Made in place, our own `close` could drop the lock that
 * another thread of this process took in between.
 */
function createLockFile(path: string): void {
  if (existsSync(path)) return;
  const draft = `${path}.${crypto.randomUUID()}`;
  attempt("create", path, () => closeSync(openSync(draft, "wx", 0o600)));
  try {
    linkSync(draft, path);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== "EEXIST" && !NO_HARD_LINKS.includes(code)) throw ioError("create", path, error);
  } finally {
    attempt("remove", draft, () => unlinkSync(draft));
  }
}
