/**
 * The error classes of Holdfast and the one table of their codes.
 *
 * Codes are the contract and are stable across majors; messages are prose and may change at any
 * time. Wrong arguments are `TypeError` or `RangeError` without a code; absence is `undefined`.
 *
 * @module
 */

/** Every error code with what it means and what to do. Each is thrown by at least one test. */
export const CODES = {
  LOCKED: "another process, or another handle of this one, owns the store: close that owner first",
  ALREADY_EXISTS: "the thing to create exists, or its key is taken: use what is there",
  NOT_FOUND: "the file, structure, record or stream does not exist: create it first",
  CLOSED: "the handle was closed: open the store again",
  POISONED: "an earlier write or sync failed (see cause): close, then open again to recover",
  READ_ONLY: "the database was opened for reading: open it without readOnly to change it",
  TRANSACTION_DONE: "the transaction has ended: begin another one",
  CONFLICT: "another transaction committed a change to the same data first: read again, then retry",
  DECREASED: "a monotonic register or journal keeps its greater value: set none below it",
  IN_DOUBT: "a prepared transaction holds the key: commit it or roll it back first",
  TYPE_MISMATCH: "the name is in use with another kind, codec or mode: use the original definition",
  LAGGED: "a watch fell too far behind, later changes are lost: read the data, then watch again",
  NOT_OUR_FILE: "the file is not a Holdfast database: check the path",
  FORMAT_NEWER: "the file was written by a newer version: upgrade Holdfast",
  NO_SPACE: "the disk or the quota is full: free space, then retry",
  TOO_LARGE: "a key, value, name or transaction is over its limit: split it",
  CORRUPT_SUPERBLOCK: "no superblock is intact: restore a backup or repair into a new file",
  CORRUPT_PAGE: "a page does not match its checksum, number or kind: restore or repair",
  CORRUPT_BLOCKS: "a file of blocks is missing, damaged or of the wrong size: restore a backup",
  CORRUPT_JOURNAL: "no slot of a journal or identity is intact: restore a backup, or start anew",
  CORRUPT_LOG: "the log is damaged before its end: restore or repair",
  CORRUPT_VALUE: "a stored value does not match its checksum or its codec: restore or repair",
  CORRUPT_CONTENT: "a blob does not match its digest: quarantine it, then put its bytes again",
  CORRUPT_EXPORT: "the export is cut off or damaged: export again; nothing was imported",
  IO_ACCESS: "the operating system refused access, or the file system is read-only",
  IO_NOT_FOUND: "a file or folder of the path does not exist",
  IO_EXISTS: "a file that was to be created exists",
  IO_TOO_MANY_FILES: "the process or the system is out of file descriptors",
  IO_FAILED: "the operating system reported a failure of the storage (see cause)",
  INVARIANT: "a bug in Holdfast: the handle is poisoned; please report it",
} as const;

/** One of the stable error codes of {@linkcode CODES}. */
export type ErrorCode = keyof typeof CODES;

/** Where an error happened, as far as it is known. */
export interface ErrorDetails {
  /** The file concerned. */
  readonly path?: string;
  /** Byte offset in that file. */
  readonly offset?: number;
  /** Page number in that file. */
  readonly page?: number;
  /** The first cause. */
  readonly cause?: unknown;
}

const BRAND: unique symbol = Symbol.for("holdfast.error");

/** The base of all errors of Holdfast: branch on {@linkcode HoldfastError.code}, never on text. */
export class HoldfastError extends Error {
  /** The stable code. */
  readonly code: ErrorCode;
  /** The file concerned, when known. */
  readonly path: string | undefined;
  /** Byte offset in that file, when known. */
  readonly offset: number | undefined;
  /** Page number in that file, when known. */
  readonly page: number | undefined;

  /** Makes an error with a code, a sentence for people, and where it happened. */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.path = details.path;
    this.offset = details.offset;
    this.page = details.page;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** The environment failed: disk, permissions, descriptors, space. */
export class IoError extends HoldfastError {}

/** Bytes on disk are not what was written: never returned as data. */
export class CorruptionError extends HoldfastError {}

/** The file is not ours, or is newer than this code. */
export class FormatError extends HoldfastError {}

/** The handle or the store is in a state that does not allow the call. */
export class StateError extends HoldfastError {}

/** Another transaction was first, or a condition of the call does not hold. */
export class ConflictError extends HoldfastError {}

/** A bug in Holdfast. */
export class InvariantError extends HoldfastError {}

/**
 * Tells whether `error` is an error of Holdfast, also when two copies of the package meet in one
 * program (where `instanceof` fails).
 */
export function isHoldfastError(error: unknown): error is HoldfastError {
  return typeof error === "object" && error !== null &&
    (error as { [BRAND]?: unknown })[BRAND] === true;
}

/** Throws {@linkcode InvariantError} when a condition that our own code must uphold is false. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError("INVARIANT", message);
}
