/**
 * Failures of single calls of a simulated disk.
 *
 * @module
 */

import { CODES, type ErrorCode, IoError } from "../../src/errors.ts";
import { CODE_OF_ERRNO } from "../shared/errno_codes.ts";

/** The calls that can be made to fail. */
export type FaultOperation =
  | "open"
  | "read"
  | "write"
  | "truncate"
  | "sync"
  | "rename"
  | "remove"
  | "list"
  | "stat"
  | "syncDirectory";

/**
 * What goes wrong with a call:
 *
 * - "error", the default: it fails with `Fault.error`.
 * - "short": a read or write of the device moves at most `Fault.bytes` bytes and says so. The file goes
 *   on with the rest, as the adapters of real systems do, which is one more call. Where a write
 *   moves nothing, or a read before the end of the file, it is `IO_FAILED`.
 * - "flip": a read gives one bit inverted; the medium has the right one.
 * - "lost": a write is acknowledged and never arrives; reads give the old bytes at once. A size
 *   that it changes, it changes.
 * - "misdirected": the same, and its bytes arrive `Fault.shift` bytes further, or in the file
 *   `Fault.to`, on the medium at once, as far as that file reaches.
 * - "late": a `syncAsync` or `syncDirectory` takes `Fault.turns` more turns of the event loop, so that
 *   others, started after it, end before it. It covers what was changed before it started.
 */
export type FaultKind = "error" | "short" | "flip" | "lost" | "misdirected" | "late";

/**
 * How a sync fails, of a file or of a folder's names:
 *
 * - "F1", the default: an error; what was pending stays pending.
 * - "F2": an error; what was pending is lost although reads still see it, and the next sync
 *   succeeds (ext4, xfs).
 * - "F3": an error; what was pending is lost and reads see what was before it (btrfs).
 * - "F4": success, but what was pending is lost although reads still see it; the next sync of the
 *   same file or folder fails, and loses what is pending by then.
 * - "F5": success, but nothing became durable: a lie. A later honest sync covers it.
 */
export type SyncFailure = "F1" | "F2" | "F3" | "F4" | "F5";

/** Errors of an operating system, by their names there. */
export type Errno =
  | "EIO"
  | "ENOSPC"
  | "EDQUOT"
  | "EROFS"
  | "EFBIG"
  | "EMFILE"
  | "ENFILE"
  | "EACCES"
  | "EPERM";

/** A failure to inject. */
export interface Fault {
  /** The kind of call that fails. */
  readonly operation: FaultOperation;
  /** Which call of that kind fails first, counted from 0 when the fault is planned. Default 0. */
  readonly at?: number;
  /** How many calls in a row fail; Infinity for a persistent fault. Default 1. */
  readonly times?: number;
  /** Counts and fails only calls on this file or folder. Default: all. */
  readonly path?: string;
  /** What goes wrong. Default "error"; calls that it makes no sense for go well. */
  readonly kind?: FaultKind;
  /**
   * The error: a code of Holdfast, or a name of the operating system, which gets the code that the
   * adapters of real systems give it and is the error's cause. Default "EIO".
   */
  readonly error?: ErrorCode | Errno;
  /** Bytes of a write failing with an error that arrive nevertheless. Default 0. */
  readonly shortWrite?: number;
  /** How a sync fails. Default "F1". */
  readonly mode?: SyncFailure;
  /** The most bytes that a short call moves, from 0. Default 0. */
  readonly bytes?: number;
  /** Which bit of the buffer a flipping read inverts, from 0. Default: drawn by the seed. */
  readonly bit?: number;
  /** How much further a misdirected write arrives, in bytes. Default 4096, and 0 with `to`. */
  readonly shift?: number;
  /** The file in which a misdirected write arrives. Default: its own. */
  readonly to?: string;
  /** Turns of the event loop by which a late sync is late. Default 3. */
  readonly turns?: number;
  /**
   * Ends the program that met the fault: of the changes that follow so many arrive, and from then on
   * every call fails as after `cutAt`. Default: it goes on.
   */
  readonly cutAfter?: number;
}

/** Whether the call ends with an error, of now or of later. */
export function isError(fault: Fault): boolean {
  return (fault.kind ?? "error") === "error";
}

/** The error of a fault. */
export function faultError(fault: Fault, path: string): IoError {
  const name = fault.error ?? "EIO";
  const action = `injected failure of ${fault.operation} on ${path}`;
  if (isCode(name)) return new IoError(name, action, { path });
  const cause = Object.assign(new Error(`${name}: ${action}`), { code: name });
  return new IoError(CODE_OF_ERRNO.get(name) ?? "IO_FAILED", action, { path, cause });
}

function isCode(name: ErrorCode | Errno): name is ErrorCode {
  return Object.hasOwn(CODES, name);
}
