/**
 * How a sync of a simulated file or folder ends.
 *
 * @module
 */

import { type Fault, faultError, isError } from "./simulated_fault.ts";

/** Something with changes that a sync makes durable. */
export interface Syncable {
  /** The failure that the next sync reports. */
  owed: Fault | undefined;
  /** Forgets that anything is pending; reads still see it, the medium never gets it. */
  loseDirty(): void;
  /** Forgets what is pending, also from the view of reads. */
  revert(): void;
}

/** By how many turns of the event loop a late sync is late. */
const LATE_TURNS = 3;

/** The turns of the event loop, and whether the power is still there. */
interface Turns {
  turn(callback: () => void): void;
  alive(): void;
}

/** Lets the turns pass by which a sync is late; throws when the power goes meanwhile. */
export async function untilLate(host: Turns, fault: Fault): Promise<void> {
  for (let turn = 0; turn < (fault.turns ?? LATE_TURNS); turn++) {
    await new Promise<void>((resolve) => host.turn(resolve));
  }
  host.alive();
}

/** Ends a sync that met `fault`; `succeed` makes durable what it covers. */
export function endSync(
  target: Syncable,
  fault: Fault | undefined,
  path: string,
  succeed: () => void,
): void {
  const { owed } = target;
  if (owed !== undefined) {
    target.owed = undefined;
    target.loseDirty();
    throw faultError(owed, path);
  }
  if (fault === undefined || !isError(fault)) return succeed();
  switch (fault.mode ?? "F1") {
    case "F1":
      break;
    case "F2":
      target.loseDirty();
      break;
    case "F3":
      target.revert();
      break;
    case "F4":
      target.owed = fault;
      target.loseDirty();
      return;
    case "F5":
      return;
  }
  throw faultError(fault, path);
}
