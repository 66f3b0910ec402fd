/**
 * The locks of an adapter whose stores nobody outside its object can reach.
 *
 * @module
 */

import type { IoLock, IoLockMode } from "../../src/io/adapter.ts";

/** Owners and readers by path. */
export class LockTable {
  /** How many readers a path has; 0 when it has an owner. */
  readonly #readers = new Map<string, number>();

  /** Takes a lock, or `undefined` when somebody is in the way. */
  take(path: string, mode: IoLockMode): IoLock | undefined {
    const readers = this.#readers.get(path);
    if (readers !== undefined && (mode === "exclusive" || readers === 0)) return undefined;
    this.#readers.set(path, mode === "exclusive" ? 0 : (readers ?? 0) + 1);
    let held = true;
    return {
      path,
      release: (): void => {
        if (held) this.#leave(path);
        held = false;
      },
    };
  }

  #leave(path: string): void {
    const readers = this.#readers.get(path) ?? 0;
    if (readers > 1) this.#readers.set(path, readers - 1);
    else this.#readers.delete(path);
  }
}
