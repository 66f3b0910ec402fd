/**
 * The adapter of Deno 2.7 and later.
 *
 * @module
 */

import process from "node:process";
import type { IoAdapter, IoLockMode } from "../src/io/adapter.ts";
import { attempt } from "./node/node_errors.ts";
import { nodeFileSystem } from "./node/node_file_system.ts";
import type { Flock } from "./node/store_lock.ts";

/**
 * The IO adapter of Deno: files through `node:fs` (faster there than `Deno.FsFile`), the lock through
 * `node:sqlite` and, on the data file itself, flock. Durable: `sync` is fdatasync. Needs the
 * permissions to read and write the folder of the store, no others.
 */
export function denoIo(): IoAdapter {
  return nodeFileSystem({ name: "deno", flock: loadFlock });
}

/** On Windows the lock of a file is mandatory: it would keep the owner itself from writing. */
async function loadFlock(): Promise<Flock | undefined> {
  return process.platform === "win32" ? undefined : flock;
}

function flock(path: string, mode: IoLockMode): (() => void) | undefined {
  const file = attempt("open", path, () => Deno.openSync(path, { read: true }));
  let held = false;
  try {
    held = attempt("lock", path, () => file.tryLockSync(mode === "exclusive"));
  } finally {
    if (!held) file.close();
  }
  return held ? (): void => file.close() : undefined;
}
