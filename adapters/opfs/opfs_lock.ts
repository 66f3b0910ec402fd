/**
 * The lock of a store through the Web Locks API: it holds among all tabs and workers of the origin,
 * and the browser frees it when its worker ends, however it ends. A page that takes it by force
 * (`steal`) still meets the open file, which the browser gives to nobody else.
 *
 * @module
 */

import type { IoLock, IoLockMode } from "../../src/io/adapter.ts";
import { opfsError } from "./opfs_errors.ts";
import type { OpfsLocks } from "./opfs_platform.ts";

/**
 * Releases under way, of all adapters of this worker. `release` is synchronous and the browser's is
 * not: who asks next waits until it is through, or would be refused by a lock that is gone.
 */
const RELEASES = new Set<Promise<void>>();

/** Tries to take the lock `name` for the store at `path`; `undefined` when it is not free. */
export async function takeWebLock(
  locks: OpfsLocks,
  name: string,
  path: string,
  mode: IoLockMode,
): Promise<IoLock | undefined> {
  while (RELEASES.size > 0) await Promise.all(RELEASES);
  return await new Promise<IoLock | undefined>((resolve, reject) => {
    const gone = locks.request(name, { mode, ifAvailable: true }, (lock) => {
      if (lock === null) return void resolve(undefined);
      return new Promise<void>((free) => resolve(heldLock(path, free, () => gone)));
    });
    // Rejects when the browser refuses locks to this page, and when it takes one away by force.
    gone.catch((error) => reject(opfsError("lock", path, error)));
  });
}

function heldLock(path: string, free: () => void, gone: () => Promise<unknown>): IoLock {
  let held = true;
  return {
    path,
    release: (): void => {
      if (!held) return;
      held = false;
      const release = gone().then(() => {}, () => {}).then(() => void RELEASES.delete(release));
      RELEASES.add(release);
      free();
    },
  };
}
