/**
 * Ownership of a store by one process, or its readers: a registry keyed by real path for this process, a kernel lock
 * on `PATH.lock` for all others, and a flock on the data file itself where the runtime has one, which
 * still holds if something in this process made the kernel drop the record lock.
 *
 * The flock follows the data file: it is taken with the lock if the file exists, otherwise when the
 * owner opens it for writing or renames a new file into its place.
 *
 * @module
 */

import { existsSync, lstatSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { IoError, StateError } from "../../src/errors.ts";
import type { IoLock, IoLockMode } from "../../src/io/adapter.ts";
import { attempt } from "./node_errors.ts";
import { type SqliteLock, type SqliteModule, takeSqliteLock } from "./sqlite_lock.ts";

/** Tries to flock the existing file at `path`; returns the call that frees it, if it was free. */
export type Flock = (path: string, mode: IoLockMode) => (() => void) | undefined;

/** The suffix of the lock file, which stands beside the data file. */
const SUFFIX = ".lock";

/**
 * What this process owns or reads, by real path. Being reachable from here also keeps the connections
 * from being garbage collected, which would drop their locks silently.
 */
const OWNERS = new Map<string, StoreLock>();

/** A store that this process owns, or reads with any number of handles. */
class StoreLock {
  readonly path: string;
  readonly mode: IoLockMode;
  readonly #kernel: SqliteLock;
  readonly #flock: Flock | undefined;
  #unflock: (() => void) | undefined;
  #handles = 0;

  constructor(path: string, mode: IoLockMode, kernel: SqliteLock, flock: Flock | undefined) {
    this.path = path;
    this.mode = mode;
    this.#kernel = kernel;
    this.#flock = flock;
  }

  /** One more handle; the last one that is released frees the store. */
  handle(): IoLock {
    this.#handles++;
    let held = true;
    return {
      path: this.path,
      release: (): void => {
        if (!held) return;
        held = false;
        if (--this.#handles === 0) this.#release();
      },
    };
  }

  /** Flocks the data file if it exists and is not flocked; false when somebody else did. */
  cover(): boolean {
    if (this.#flock === undefined || this.#unflock !== undefined) return true;
    if (!existsSync(this.path)) return true;
    this.#unflock = this.#flock(this.path, this.mode);
    return this.#unflock !== undefined;
  }

  /** Gives up the flock of a data file that is no longer this store's. */
  uncover(): void {
    this.#unflock?.();
    this.#unflock = undefined;
  }

  /** Replaces the data file by `from` through `rename`, with no moment in which it is not flocked. */
  replace(from: string, rename: () => void): void {
    const unflock = this.#flock?.(from, this.mode);
    if (this.#flock !== undefined && unflock === undefined) throw lockedError(from);
    try {
      rename();
    } catch (error) {
      unflock?.();
      throw error;
    }
    this.uncover();
    this.#unflock = unflock;
  }

  #release(): void {
    this.uncover();
    this.#kernel.release();
    OWNERS.delete(this.path);
  }
}

/** Tries to own or read the store at `path`; `undefined` when somebody is in the way. */
export function takeStoreLock(
  path: string,
  mode: IoLockMode,
  sqlite: () => SqliteModule,
  flock: Flock | undefined,
): IoLock | undefined {
  const real = storePath(path);
  const present = OWNERS.get(real);
  if (present !== undefined) {
    return mode === "shared" && present.mode === "shared" ? present.handle() : undefined;
  }
  refuseHeldLockFile(real);
  const kernel = takeSqliteLock(sqlite(), real + SUFFIX, mode);
  if (kernel === undefined) return undefined;
  const lock = new StoreLock(real, mode, kernel, flock);
  let covered = false;
  try {
    covered = lock.cover();
  } finally {
    if (!covered) kernel.release();
  }
  if (!covered) return undefined;
  OWNERS.set(real, lock);
  return lock.handle();
}

/** Refuses the files that this process must not open: closing them would drop its own locks. */
export function refuseHeldLockFile(path: string): void {
  if (OWNERS.size === 0 || !existsSync(path)) return;
  const real = attempt("resolve", path, () => realpathSync.native(path));
  if (real.endsWith(SUFFIX) && OWNERS.has(real.slice(0, -SUFFIX.length))) {
    throw new IoError("IO_ACCESS", `${path} carries a lock of this process`, { path });
  }
}

/** To be called when `path` was opened for writing: its owner's flock covers it from here on. */
export function coverOpened(path: string): void {
  if (OWNERS.size === 0) return;
  const owner = OWNERS.get(attempt("resolve", path, () => realpathSync.native(path)));
  if (owner !== undefined && !owner.cover()) throw lockedError(path);
}

/** Renames `from` to `to`; if `to` is an owned data file, the new file is flocked before. */
export function renameOwned(from: string, to: string, rename: () => void): void {
  const owner = OWNERS.size === 0 ? undefined : OWNERS.get(nameInRealFolder(to));
  if (owner === undefined) rename();
  else owner.replace(from, rename);
}

/** To be called when the name `path` was removed. */
export function uncoverRemoved(path: string): void {
  if (OWNERS.size > 0) OWNERS.get(nameInRealFolder(path))?.uncover();
}

/** The real path of a store that may not exist yet. */
function storePath(path: string): string {
  return attempt("resolve", path, () => {
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (entry === undefined) return nameInRealFolder(path);
    // A dangling link has no real path to key the lock by: this throws ENOENT.
    return realpathSync.native(path);
  });
}

/** The real path of the folder, with the name as it stands: what rename and unlink act on. */
function nameInRealFolder(path: string): string {
  return attempt("resolve", path, () => join(realpathSync.native(dirname(path)), basename(path)));
}

function lockedError(path: string): StateError {
  return new StateError("LOCKED", `somebody else holds a flock on ${path}`, { path });
}
