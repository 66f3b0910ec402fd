/**
 * The file of a store as the one who opens it needs it: there, locked by its only name, and either
 * writable or with what is written over it kept in memory.
 *
 * @module
 */

import { IoError, StateError } from "../errors.ts";
import type { IoAdapter, IoFile, IoLock } from "../io/adapter.ts";
import { OverlayFile } from "../io/overlay_file.ts";
import type { Checkpointer } from "./commit/checkpoint.ts";
import type { CompleteOptions } from "./database_options.ts";
import type { Engine } from "./engine.ts";
import { createStore, lockedError, openStore, type RecoveryReport } from "./open_store.ts";

/** How to open the file. */
export interface StoreFileRequest {
  /** Create it if it is missing; "new": it must be missing. */
  readonly create: boolean | "new";
  /** Read it and leave every byte of it as it is. */
  readonly readOnly: boolean;
}

/** A store that is open: with its lock, and what opening found. */
export interface LockedStore {
  readonly engine: Engine;
  readonly checkpointer: Checkpointer;
  readonly lock: IoLock;
  readonly report: RecoveryReport;
}

/**
 * Takes the lock of the store at `path`, opens it and replays its log. Nothing stays open or locked
 * when that fails.
 * @throws what `Database.open` throws
 */
export async function openLocked(
  io: IoAdapter,
  path: string,
  options: CompleteOptions,
): Promise<LockedStore> {
  const lock = await lockStore(io, path, options);
  try {
    const file = await openStoreFile(io, path, lock.path, options);
    try {
      const opened = await openStore(io, lock.path, file, options);
      opened.engine.health.readOnly = options.readOnly;
      return { ...opened, lock };
    } catch (error) {
      file.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Takes the lock of the store at `path`: as its owner, or as one of its readers. A reader of a file
 * that does not exist leaves no lock file behind.
 * @throws {StateError} `LOCKED`
 * @throws {IoError} `NOT_FOUND`, `IO_*`
 */
export async function lockStore(
  io: IoAdapter,
  path: string,
  { readOnly }: StoreFileRequest,
): Promise<IoLock> {
  if (readOnly && await io.stat(path) === undefined) throw missing(path);
  const lock = await io.tryLock(path, readOnly ? "shared" : "exclusive");
  if (lock === undefined) throw lockedError(path);
  return lock;
}

/**
 * Opens the locked file, creating it if asked. `path` is for messages, `real` is the lock's.
 * @throws {StateError} `LOCKED`
 * @throws {IoError} `ALREADY_EXISTS`, `NOT_FOUND`, `NO_SPACE`, `IO_*`
 */
export async function openStoreFile(
  io: IoAdapter,
  path: string,
  real: string,
  { create, readOnly }: StoreFileRequest,
): Promise<IoFile> {
  const stat = await io.stat(real);
  if (stat !== undefined && create === "new") {
    throw new IoError("ALREADY_EXISTS", `Cannot create "${path}": it exists`, { path });
  }
  if (stat === undefined) {
    if (create === false || readOnly) throw missing(path);
    await createStore(io, real);
  } else if (stat.links > 1) {
    throw new StateError(
      "LOCKED",
      `Cannot open "${path}": it has ${stat.links} hard links, and a lock covers one name`,
      { path },
    );
  }
  if (readOnly) return new OverlayFile(await io.open(real, "read"));
  // Durable after this: the name. Its creator may have died between rename and sync.
  await io.syncDirectory(real);
  return await io.open(real, "write");
}

function missing(path: string): IoError {
  return new IoError("NOT_FOUND", `Cannot open "${path}": it does not exist`, { path });
}
