/**
 * The adapter of Bun 1.4 and later.
 *
 * @module
 */

import { closeSync, openSync } from "node:fs";
import process from "node:process";
import type { IoAdapter, IoLockMode } from "../src/io/adapter.ts";
import { attempt } from "./node/node_errors.ts";
import { nodeFileSystem } from "./node/node_file_system.ts";
import type { Flock } from "./node/store_lock.ts";

/** The C function: 0, or -1 when it failed. */
type FlockCall = (fd: number, operation: number) => number;

/** The part of Bun's foreign function interface that is used. */
interface ForeignFunctions {
  dlopen(
    library: string,
    symbols: { flock: { args: ["i32", "i32"]; returns: "i32" } },
  ): { readonly symbols: { readonly flock: FlockCall } };
}

/** Operations of flock(2), the same numbers on Linux and macOS. */
const LOCK_SH_NB = 1 | 4;
const LOCK_EX_NB = 2 | 4;
const LOCK_UN = 8;

/** The C library by platform; where it is another one the SQLite lock stands alone. */
const C_LIBRARY: Readonly<Record<string, string>> = {
  linux: "libc.so.6",
  darwin: "/usr/lib/libSystem.B.dylib",
};

/**
 * The IO adapter of Bun: files through `node:fs`, the lock through `node:sqlite` and, on the data file
 * itself, flock. Durable on Linux; on macOS Bun's fdatasync was seen not to reach the medium, so
 * there it promises nothing.
 */
export function bunIo(): IoAdapter {
  return nodeFileSystem({ name: "bun", durable: process.platform !== "darwin", flock: loadFlock });
}

let loading: Promise<Flock | undefined> | undefined;

function loadFlock(): Promise<Flock | undefined> {
  loading ??= bindFlock();
  return loading;
}

async function bindFlock(): Promise<Flock | undefined> {
  const library = C_LIBRARY[process.platform];
  if (library === undefined) return undefined;
  // A variable, so that the other runtimes' tools do not try to resolve the module.
  const specifier: string = "bun:ffi";
  const { dlopen } = await import(specifier) as ForeignFunctions;
  let call: FlockCall;
  try {
    call = dlopen(library, { flock: { args: ["i32", "i32"], returns: "i32" } }).symbols.flock;
  } catch (error) {
    // Another C library (musl): there is no flock to add.
    if ((error as { code?: unknown }).code === "ERR_DLOPEN_FAILED") return undefined;
    throw error;
  }
  return (path, mode) => flock(call, path, mode);
}

function flock(call: FlockCall, path: string, mode: IoLockMode): (() => void) | undefined {
  const fd = attempt("open", path, () => openSync(path, "r"));
  if (call(fd, mode === "exclusive" ? LOCK_EX_NB : LOCK_SH_NB) === 0) return () => closeSync(fd);
  // Unlocking succeeds on every file system that knows flock, so this tells "held by somebody"
  // from "not known here", where the SQLite lock stands alone.
  const known = call(fd, LOCK_UN) === 0;
  closeSync(fd);
  return known ? undefined : (): void => {};
}
