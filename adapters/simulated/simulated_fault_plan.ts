/**
 * The failures planned for a simulated disk.
 *
 * @module
 */

import { splitPath } from "./simulated_path.ts";
import type { Fault, FaultOperation } from "./simulated_fault.ts";

interface PlannedFault {
  readonly fault: Fault;
  /** The file or folder in one spelling. */
  readonly path: string | undefined;
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
    const path = fault.path === undefined ? undefined : splitPath(fault.path).path;
    this.#planned.push({ fault, path, seen: 0 });
  }

  /** Forgets all faults. */
  clear(): void {
    this.#planned = [];
  }

  /** Counts one call, and gives the fault that it meets, if any. */
  meet(operation: FaultOperation, path: string): Fault | undefined {
    this.#calls.set(operation, this.calls(operation) + 1);
    let met: Fault | undefined;
    for (const planned of this.#planned) {
      if (planned.fault.operation !== operation) continue;
      if (planned.path !== undefined && planned.path !== path) continue;
      const { at = 0, times = 1 } = planned.fault;
      const call = planned.seen++;
      if (call >= at && call < at + times) met ??= planned.fault;
    }
    return met;
  }
}
