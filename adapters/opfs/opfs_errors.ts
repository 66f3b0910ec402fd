/**
 * Errors of the File System standard, mapped to the portable codes by their names.
 *
 * @module
 */

import { type ErrorCode, IoError, isHoldfastError, StateError } from "../../src/errors.ts";

const CODE_OF_NAME: ReadonlyMap<string, ErrorCode> = new Map(Object.entries(
  {
    QuotaExceededError: "NO_SPACE",
    NotFoundError: "IO_NOT_FOUND",
    // A folder where a file was asked for, or the other way round.
    TypeMismatchError: "IO_ACCESS",
    // What browsers do not do: put a file in the place of a folder.
    InvalidModificationError: "IO_ACCESS",
    NotAllowedError: "IO_ACCESS",
    SecurityError: "IO_ACCESS",
    // Somebody has the file open, here or in another tab or worker.
    NoModificationAllowedError: "LOCKED",
  } satisfies Record<string, ErrorCode>,
));

/** Whether a browser threw the error of that name. */
export function isNamed(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name;
}

/**
 * The error to throw for one that the browser threw. One of ours is passed on, and so is a
 * `TypeError`, which is how browsers refuse a wrong argument: a name that no file can have. A known
 * name gets its code, everything else is `IO_FAILED`. The original is the cause.
 */
export function opfsError(action: string, path: string, error: unknown, offset?: number): Error {
  if (isHoldfastError(error) || error instanceof TypeError) return error;
  const name = error instanceof DOMException ? error.name : "";
  const code = CODE_OF_NAME.get(name) ?? "IO_FAILED";
  const reason = error instanceof Error ? error.message : String(error);
  const details = offset === undefined ? { path, cause: error } : { path, offset, cause: error };
  const message = `cannot ${action} ${path}: ${reason}`;
  return code === "LOCKED"
    ? new StateError(code, message, details)
    : new IoError(code, message, details);
}

/** The error of a change to the name of a file that is open, which OPFS refuses. */
export function openError(action: string, path: string): StateError {
  return new StateError("LOCKED", `cannot ${action} ${path}: it is open`, { path });
}
