/** A simulated disk with the checksums that the platform has natively: equal numbers, sooner. */

import { SimulatedDisk, type SimulatedDiskOptions } from "../../adapters/simulated.ts";
import { nodeChecksum, nodeDigest } from "../../adapters/node/node_checksums.ts";

/** An empty disk. */
export function nativeDisk(options: SimulatedDiskOptions, seed: number): SimulatedDisk {
  return new SimulatedDisk({
    checksums: { crc32: nodeChecksum, digest: nodeDigest },
    ...options,
    seed,
  });
}
