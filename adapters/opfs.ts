/**
 * The adapter of browsers: files of the origin private file system (OPFS), for dedicated workers.
 *
 * @module
 */

import type { IoAdapter, IoLock, IoLockMode, IoOpenMode } from "../src/io/adapter.ts";
import { checkLockMode, checkPath } from "./shared/argument.ts";
import { fillRandom } from "./shared/entropy.ts";
import { takeWebLock } from "./opfs/opfs_lock.ts";
import { OpfsNames } from "./opfs/opfs_names.ts";
import type { OpfsDirectoryHandle, OpfsLocks, OpfsStorage } from "./opfs/opfs_platform.ts";
import { turnScheduler } from "./shared/turn_scheduler.ts";

export type {
  OpfsAccessHandle,
  OpfsAccessMode,
  OpfsDirectoryHandle,
  OpfsEntry,
  OpfsFileHandle,
  OpfsLockOptions,
  OpfsLocks,
  OpfsStorage,
} from "./opfs/opfs_platform.ts";

/** Options of {@linkcode opfsIo}: a storage bucket, for example, has both. */
export interface OpfsOptions {
  /** Where the files are; default `navigator.storage`. */
  readonly storage?: OpfsStorage;
  /** The locks of that storage; default `navigator.locks`. */
  readonly locks?: OpfsLocks;
}

/**
 * Makes the IO adapter of a browser's dedicated worker: files through `FileSystemSyncAccessHandle`,
 * locks through Web Locks. Nothing is asked of the browser before the first call.
 *
 * **Durability.** `sync` is the browser's `flush`, which is to pass what was written on to the
 * storage device. A worker, a tab or a browser that dies takes nothing with it that was synced. For a
 * cut of power no standard promises anything, least of all for new names, which nothing can flush; a
 * private window keeps all of it in memory, and a browser may evict an origin's files unless
 * `navigator.storage.persist()` was granted. The adapter cannot tell, so `capabilities.durable` is
 * false.
 *
 * **Names.** Paths are as elsewhere, "/" is the given folder; folders must exist. An open file is
 * neither renamed, replaced nor removed: `LOCKED`. Renaming needs `FileSystemFileHandle.move`, which
 * is in all current browsers; creating a database renames, opening one does not.
 *
 * **Locks.** One owner, or readers, among all tabs and workers of the origin; the browser frees the
 * lock of a worker that ends. Readers share where the browser knows access modes; where it does not,
 * a second worker that opens the file gets `LOCKED`.
 *
 * Errors: a full quota is `NO_SPACE`, a file that is open elsewhere `LOCKED`, storage that is blocked
 * `IO_ACCESS`.
 *
 * @example In a dedicated worker
 * ```ts ignore
 * import { Database } from "@holdfast/holdfast";
 * import { opfsIo } from "@holdfast/holdfast/adapters/opfs";
 *
 * const db = await Database.open("/app.hold", { io: opfsIo() });
 * ```
 * @param root the folder that is "/"; default the root of the storage
 * @throws {TypeError} where there is no such storage or no Web Locks
 */
export function opfsIo(root?: OpfsDirectoryHandle, options: OpfsOptions = {}): IoAdapter {
  const { navigator } = globalThis as {
    navigator?: { readonly storage?: OpfsStorage; readonly locks?: OpfsLocks };
  };
  const storage = options.storage ?? navigator?.storage;
  const locks = options.locks ?? navigator?.locks;
  if (typeof storage?.getDirectory !== "function") {
    throw new TypeError("opfsIo needs navigator.storage.getDirectory: a browser, and https");
  }
  if (typeof locks?.request !== "function") throw new TypeError("opfsIo needs navigator.locks");
  const names = new OpfsNames(storage, root);
  return {
    name: "opfs",
    capabilities: {
      durable: false,
      directorySync: false,
      atomicReplace: false,
      asyncSync: false,
      lock: "kernel",
    },
    open: (path: string, mode: IoOpenMode) => names.open(path, mode),
    stat: (path: string) => names.stat(path),
    list: (directory: string) => names.list(directory),
    rename: (from: string, to: string) => names.rename(from, to),
    remove: (path: string) => names.remove(path),
    // Browsers have no call that makes a name durable. What is wrong with the path is told anyway.
    syncDirectory: async (path: string) => void await names.realPath(path),
    async tryLock(path: string, mode: IoLockMode = "exclusive"): Promise<IoLock | undefined> {
      checkPath(path);
      checkLockMode(mode);
      const real = await names.realPath(path);
      return await takeWebLock(locks, `holdfast:${real.origin}`, real.path, mode);
    },
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random: fillRandom,
    nextTurn: turnScheduler(),
  };
}
