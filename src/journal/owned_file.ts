/**
 * Small files with one owner at a time, which appear under their name whole or not at all.
 *
 * @module
 */

import { StateError } from "../errors.ts";
import type { IoAdapter, IoFile, IoLock } from "../io/adapter.ts";

/**
 * Becomes the owner of the file at `path`, which may not exist yet.
 * @throws {StateError} `LOCKED`: somebody else is, or it has another name that a lock does not cover
 */
export async function takeLock(io: IoAdapter, path: string): Promise<IoLock> {
  const lock = await io.tryLock(path);
  if (lock === undefined) {
    throw new StateError("LOCKED", `Cannot open "${path}": another owner has it open`, { path });
  }
  const links = (await io.stat(lock.path))?.links ?? 1;
  if (links === 1) return lock;
  lock.release();
  throw new StateError(
    "LOCKED",
    `Cannot open "${path}": it has ${links} hard links, and a lock covers one name`,
    { path },
  );
}

/**
 * Creates or replaces the file at `path`: beside it, then by rename. A crash leaves what was there
 * before, or the new file; what is left of its draft is written over the next time. The caller holds
 * the lock.
 * @param named called just before the rename: a failure before leaves everything as it was, one
 *   after that leaves nobody knows what
 */
export async function createWhole(
  io: IoAdapter,
  path: string,
  fill: (file: IoFile) => void,
  named: () => void = () => {},
): Promise<void> {
  const draft = `${path}.new`;
  await io.remove(draft);
  try {
    const file = await io.open(draft, "create");
    try {
      fill(file);
      // Durable after this: the contents of the new file, under its temporary name.
      await file.syncAsync();
    } finally {
      file.close();
    }
  } catch (error) {
    // If this fails too, the first failure is the one to tell.
    await io.remove(draft).catch(() => {});
    throw error;
  }
  named();
  await io.rename(draft, path);
  // Durable after this: the name.
  await io.syncDirectory(path);
}
