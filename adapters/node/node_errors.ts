/**
 * Operating system errors as the three runtimes throw them, mapped to the portable codes.
 *
 * Measured shapes: Node and Bun carry `errno` (negated); Node names EDQUOT "UNKNOWN" and Bun names it
 * "EDQUOT". Deno carries `errno` from `open` and `read`, only `code` from `write`, `ftruncate` and
 * `fdatasync`, and neither for EDQUOT and EFBIG; then the number stands only at the end of the text,
 * where Rust's standard library puts it in a fixed, untranslated form.
 *
 * @module
 */

import { constants } from "node:os";
import { IoError, isHoldfastError } from "../../src/errors.ts";
import { CODE_OF_ERRNO } from "../shared/errno_codes.ts";

/** The number in the form that Rust's `io::Error` always ends with. */
const RUST_ERRNO = /\(os error (\d+)\)$/;

/** Consecutive EINTR after which a call is given up; real signals come nowhere near it. */
export const INTERRUPT_LIMIT = 1000;

/** The errno names that matter here, by their number on this platform. */
const NAME_OF_ERRNO: ReadonlyMap<number, string> = new Map(
  [...CODE_OF_ERRNO.keys(), "EINTR"].flatMap((name): [number, string][] => {
    const number = (constants.errno as Readonly<Record<string, number>>)[name];
    return number === undefined ? [] : [[number, name]];
  }),
);

interface RawError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly message?: unknown;
}

/** The errno name of what a runtime threw, or `undefined` for one that has no meaning here. */
function errnoName(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const raw = error as RawError;
  if (raw.name === "Interrupted") return "EINTR"; // Deno.errors.Interrupted, from write
  if (raw.name === "NotCapable") return "EACCES"; // refused by Deno's permissions
  if (typeof raw.errno === "number") return NAME_OF_ERRNO.get(Math.abs(raw.errno));
  if (typeof raw.code === "string") return raw.code;
  if (typeof raw.message !== "string") return undefined;
  const number = RUST_ERRNO.exec(raw.message)?.[1];
  return number === undefined ? undefined : NAME_OF_ERRNO.get(Number(number));
}

/** Tells whether a call was interrupted by a signal before it did anything. */
export function isInterrupted(error: unknown): boolean {
  return errnoName(error) === "EINTR";
}

/**
 * The error to throw for one that the platform threw: one of ours is passed on, a known errno gets
 * its code, everything else is `IO_FAILED`. The original is the cause.
 */
export function ioError(action: string, path: string, error: unknown, offset?: number): Error {
  if (isHoldfastError(error)) return error;
  const code = CODE_OF_ERRNO.get(errnoName(error) ?? "") ?? "IO_FAILED";
  const reason = error instanceof Error ? error.message : String(error);
  const details = offset === undefined ? { path, cause: error } : { path, offset, cause: error };
  return new IoError(code, `cannot ${action} ${path}: ${reason}`, details);
}

/** Runs a call that has no partial effect, again after EINTR, and maps what it throws. */
export function attempt<T>(action: string, path: string, call: () => T): T {
  for (let interrupts = 0;; interrupts++) {
    try {
      return call();
    } catch (error) {
      if (!isInterrupted(error) || interrupts >= INTERRUPT_LIMIT) {
        throw ioError(action, path, error);
      }
    }
  }
}
