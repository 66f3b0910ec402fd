/**
 * Errors of Holdfast under the codes that users of abstract-level know.
 *
 * @module
 */

import { type ErrorCode, isHoldfastError } from "../../mod.ts";

/** The codes of abstract-level that an error of Holdfast can have here. */
export type LevelErrorCode =
  | "LEVEL_CORRUPTION"
  | "LEVEL_DATABASE_NOT_OPEN"
  | "LEVEL_INVALID_KEY"
  | "LEVEL_IO_ERROR"
  | "LEVEL_LOCKED"
  | "LEVEL_READONLY";

const LEVEL_CODES: Readonly<Partial<Record<ErrorCode, LevelErrorCode>>> = {
  LOCKED: "LEVEL_LOCKED",
  CLOSED: "LEVEL_DATABASE_NOT_OPEN",
  READ_ONLY: "LEVEL_READONLY",
  POISONED: "LEVEL_IO_ERROR",
  NO_SPACE: "LEVEL_IO_ERROR",
  IO_ACCESS: "LEVEL_IO_ERROR",
  IO_NOT_FOUND: "LEVEL_IO_ERROR",
  IO_EXISTS: "LEVEL_IO_ERROR",
  IO_TOO_MANY_FILES: "LEVEL_IO_ERROR",
  IO_FAILED: "LEVEL_IO_ERROR",
  CORRUPT_SUPERBLOCK: "LEVEL_CORRUPTION",
  CORRUPT_PAGE: "LEVEL_CORRUPTION",
  CORRUPT_LOG: "LEVEL_CORRUPTION",
  CORRUPT_VALUE: "LEVEL_CORRUPTION",
};

/** An error of Holdfast under a code of abstract-level. */
export class LevelError extends Error {
  /** The code of abstract-level. */
  readonly code: LevelErrorCode;

  /** Takes the message of its cause, an error of Holdfast whose own code says more. */
  constructor(code: LevelErrorCode, cause: Error) {
    super(cause.message, { cause });
    this.name = "LevelError";
    this.code = code;
  }
}

/**
 * What to throw for `error`: a {@linkcode LevelError} where abstract-level has a code for it, and
 * otherwise `error` itself.
 */
export function levelError(error: unknown): unknown {
  if (!isHoldfastError(error)) return error;
  const code = LEVEL_CODES[error.code];
  return code === undefined ? error : new LevelError(code, error);
}
