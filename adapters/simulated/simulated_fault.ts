/**
 * Failures planned for a simulated disk.
 *
 * @module
 */

import { type ErrorCode, IoError } from "../../src/errors.ts";

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
 * What a failed sync does to the changes that were pending: "F1" they stay pending; "F2" they are
 * lost although reads still see them, and the next sync succeeds (ext4, xfs); "F3" they are lost
 * and reads see the old content (btrfs).
 */
export type SyncFailure = "F1" | "F2" | "F3";

/** A failure to inject. */
export interface Fault {
  /** The kind of call that fails. */
  readonly operation: FaultOperation;
  /** Which call of that kind fails first, counted from 0 when the fault is planned. Default 0. */
  readonly at?: number;
  /** The error code. Default "IO_FAILED". */
  readonly error?: ErrorCode;
  /** How many calls in a row fail; Infinity for a persistent fault. Default 1. */
  readonly times?: number;
  /** Bytes of a failing write that arrive nevertheless. Default 0. */
  readonly shortWrite?: number;
  /** How a failing sync fails. Default "F1". */
  readonly mode?: SyncFailure;
}

interface PlannedFault {
  readonly fault: Fault;
  seen: number;
}

/** The planned faults of one disk. */
export class FaultPlan {
  #planned: PlannedFault[] = [];
  readonly #calls = new Map<FaultOperation, number>();

  /** Number of calls of this kind so far. */
  calls(operation: FaultOperation): number {
    return this.#calls.get(operation) ?? 0;
  }

  /** Adds a fault, counting calls from now. */
  add(fault: Fault): void {
    this.#planned.push({ fault, seen: 0 });
  }

  /** Forgets all faults. */
  clear(): void {
    this.#planned = [];
  }

  /** Counts one call, and gives the fault that it meets, if any. */
  meet(operation: FaultOperation): Fault | undefined {
    this.#calls.set(operation, this.calls(operation) + 1);
    let met: Fault | undefined;
    for (const planned of this.#planned) {
      if (planned.fault.operation !== operation) continue;
      const { at = 0, times = 1 } = planned.fault;
      const call = planned.seen++;
      if (call >= at && call < at + times) met ??= planned.fault;
    }
    return met;
  }
}

/** The error of a fault. */
export function faultError(fault: Fault, path: string): IoError {
  const code = fault.error ?? "IO_FAILED";
  return new IoError(code, `injected failure of ${fault.operation} on ${path}`, { path });
}
