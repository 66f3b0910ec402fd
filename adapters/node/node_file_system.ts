/**
 * The IO contract on `node:fs`, which Deno, Bun and Node all implement with the same system calls:
 * one implementation behind the three entry points, which add what each runtime does natively.
 *
 * @module
 */

import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { setImmediate } from "node:timers";
import { IoError } from "../../src/errors.ts";
import type {
  IoAdapter,
  IoFile,
  IoLock,
  IoLockMode,
  IoOpenMode,
  IoStat,
} from "../../src/io/adapter.ts";
import { checkLockMode, checkMode, checkPath } from "../shared/argument.ts";
import { fillRandom } from "../shared/entropy.ts";
import { nodeChecksum, nodeDigest } from "./node_checksums.ts";
import { attempt, ioError } from "./node_errors.ts";
import { NodeFile } from "./node_file.ts";
import { loadSqlite, type SqliteModule } from "./sqlite_lock.ts";
import {
  coverOpened,
  type Flock,
  refuseHeldLockFile,
  renameOwned,
  takeStoreLock,
  uncoverRemoved,
} from "./store_lock.ts";

/** What an entry point knows about its runtime. */
export interface NodePlatform {
  /** A short name for messages. */
  readonly name: string;
  /** Whether `fdatasync` reaches the medium; default true. */
  readonly durable?: boolean;
  /** Loads `node:sqlite`; default: plainly. */
  readonly sqlite?: () => SqliteModule;
  /** Called at each lock: the runtime's flock, where it has one. */
  readonly flock?: () => Promise<Flock | undefined>;
}

const WINDOWS = process.platform === "win32";

/** So that a pipe in the place of a file is refused and not waited for; absent on Windows. */
const NONBLOCK = constants.O_NONBLOCK ?? 0;

const FLAGS: Readonly<Record<IoOpenMode, number>> = {
  "read": constants.O_RDONLY | NONBLOCK,
  "write": constants.O_RDWR | NONBLOCK,
  "create": constants.O_RDWR | constants.O_CREAT | NONBLOCK,
  "create-new": constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NONBLOCK,
};

/** Makes the adapter of a runtime that has `node:fs`. */
export function nodeFileSystem(platform: NodePlatform): IoAdapter {
  return {
    name: platform.name,
    capabilities: {
      durable: platform.durable ?? true,
      directorySync: !WINDOWS,
      atomicReplace: true,
      asyncSync: true,
      lock: "kernel",
    },
    open,
    stat,
    list,
    rename,
    remove,
    syncDirectory,
    async tryLock(path: string, mode: IoLockMode = "exclusive"): Promise<IoLock | undefined> {
      checkPath(path);
      checkLockMode(mode);
      const flock = await platform.flock?.();
      return takeStoreLock(path, mode, platform.sqlite ?? loadSqlite, flock);
    },
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random: fillRandom,
    nextTurn(callback: () => void): void {
      setImmediate(callback);
    },
    crc32: nodeChecksum,
    digest: nodeDigest,
  };
}

async function open(path: string, mode: IoOpenMode): Promise<IoFile> {
  checkPath(path);
  checkMode(mode);
  refuseHeldLockFile(path);
  const writable = mode !== "read";
  const fd = attempt("open", path, () => openSync(path, FLAGS[mode], 0o600));
  try {
    const facts = attempt("open", path, () => fstatSync(fd));
    if (!facts.isFile()) {
      throw new IoError("IO_ACCESS", `cannot open ${path}: not a regular file`, { path });
    }
    if (writable) coverOpened(path);
    return new NodeFile(fd, path, facts.size, writable);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

async function stat(path: string): Promise<IoStat | undefined> {
  checkPath(path);
  let facts: Stats;
  try {
    facts = attempt("examine", path, () => statSync(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return { size: facts.size, links: facts.nlink || 1 };
}

async function list(directory: string): Promise<string[]> {
  checkPath(directory);
  return attempt("list", directory, () => readdirSync(directory)).sort();
}

async function rename(from: string, to: string): Promise<void> {
  checkPath(from);
  checkPath(to);
  // A replaced link would leave the store's lock on one file and its data in another.
  const target = attempt("examine", to, () => lstatSync(to, { throwIfNoEntry: false }));
  if (target?.isSymbolicLink()) {
    throw new IoError("IO_ACCESS", `cannot replace ${to}: a symbolic link`, { path: to });
  }
  renameOwned(from, to, () => attempt("rename", from, () => renameSync(from, to)));
}

async function remove(path: string): Promise<void> {
  checkPath(path);
  try {
    // Deno's unlink removes empty folders too.
    if (attempt("examine", path, () => lstatSync(path)).isDirectory()) {
      throw new IoError("IO_ACCESS", `cannot remove ${path}: a folder`, { path });
    }
    attempt("remove", path, () => unlinkSync(path));
    uncoverRemoved(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  checkPath(path);
  if (WINDOWS) return;
  const folder = dirname(path);
  const fd = attempt("open", folder, () => openSync(folder, "r"));
  try {
    await new Promise<void>((resolve, reject) => {
      fsync(fd, (error) => error ? reject(ioError("sync", folder, error)) : resolve());
    });
  } finally {
    closeSync(fd);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof IoError && error.code === "IO_NOT_FOUND";
}
