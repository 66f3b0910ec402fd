/**
 * Checks of arguments, the same in every adapter: a wrong one is a mistake of the caller, so a
 * `TypeError` or `RangeError`, before anything reaches the platform.
 *
 * @module
 */

import type { IoLockMode, IoOpenMode } from "../../src/io/adapter.ts";

const MODES: readonly string[] = ["read", "write", "create", "create-new"] satisfies IoOpenMode[];

/**
 * A path is a non-empty string without NUL, which would end it early, and without lone surrogates,
 * which the runtimes replace silently so that another file would be opened.
 */
export function checkPath(path: string): void {
  if (typeof path !== "string") throw new TypeError("a path must be a string");
  if (path === "") throw new TypeError("a path must not be empty");
  if (path.includes("\0")) throw new TypeError("a path must not contain NUL");
  if (!path.isWellFormed()) throw new TypeError("a path must not contain lone surrogates");
}

/** The mode must be one of the contract. */
export function checkMode(mode: IoOpenMode): void {
  if (!MODES.includes(mode)) throw new TypeError(`unknown open mode ${String(mode)}`);
}

/** So must the mode of a lock. */
export function checkLockMode(mode: IoLockMode): void {
  if (mode !== "exclusive" && mode !== "shared") {
    throw new TypeError(`unknown lock mode ${String(mode)}`);
  }
}

/** Offsets and sizes are whole numbers of bytes; `node:fs` reads -1 as "the current position". */
export function checkByteCount(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${what} must be a whole number of bytes, not ${String(value)}`);
  }
}
