/**
 * The adapter of Node 22.18 and later.
 *
 * @module
 */

import process from "node:process";
import type { IoAdapter } from "../src/io/adapter.ts";
import { nodeFileSystem } from "./node/node_file_system.ts";
import { loadSqlite, type SqliteModule } from "./node/sqlite_lock.ts";

/**
 * The IO adapter of Node: files through `node:fs`, the lock through `node:sqlite`. Durable: `sync` is
 * fdatasync. A lock keeps out every other process and every other thread.
 */
export function nodeIo(): IoAdapter {
  return nodeFileSystem({ name: "node", sqlite: loadSqliteQuietly });
}

/**
 * Node 22 prints an ExperimentalWarning when `node:sqlite` is loaded, on the terminal of people who
 * never asked for SQLite. Loading is synchronous, so nothing else can warn while the filter stands.
 */
function loadSqliteQuietly(): SqliteModule {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    const options = rest[0];
    const type = typeof options === "object" && options !== null
      ? (options as { type?: unknown }).type
      : options;
    if (type !== "ExperimentalWarning") Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return loadSqlite();
  } finally {
    process.emitWarning = emitWarning;
  }
}
