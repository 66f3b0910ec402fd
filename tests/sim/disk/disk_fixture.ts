/** What the tests of the simulated disk share. */

import { isHoldfastError } from "../../../src/errors.ts";
import type { IoFile } from "../../../src/io/adapter.ts";
import {
  type CrashPolicy,
  type Outcome,
  SimulatedDisk,
  type SimulatedDiskOptions,
} from "../../../adapters/simulated.ts";

export const KEPT = "everything kept";
export const DROPPED = "nothing kept";

export function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

export function policy(...outcomes: Outcome[]): CrashPolicy {
  return { label: "by hand", seed: 1, outcomes };
}

/** A disk with the durable file /f of `length` bytes of 1. */
export async function diskWithFile(
  length: number,
  options: SimulatedDiskOptions = {},
): Promise<{ disk: SimulatedDisk; file: IoFile }> {
  const disk = new SimulatedDisk(options);
  const file = await disk.io.open("/f", "create-new");
  if (length > 0) file.writeAt(filled(length, 1), 0);
  file.sync();
  await disk.io.syncDirectory("/f");
  return { disk, file };
}

export function hasCode(code: string): (error: unknown) => boolean {
  return (error) => isHoldfastError(error) && error.code === code;
}

/** The first byte of each sector of /f. */
export function sectors(disk: SimulatedDisk, sectorBytes = 512): number[] {
  const bytes = disk.contents("/f") ?? new Uint8Array(0);
  return Array.from(
    { length: bytes.length / sectorBytes },
    (_, at) => bytes[at * sectorBytes] ?? -1,
  );
}
