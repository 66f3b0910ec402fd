/** The adapter of a simulated disk, with the checksums that the platform has natively. */

import type { SimulatedDisk } from "../../adapters/simulated.ts";
import { nodeChecksum, nodeDigest } from "../../adapters/node/node_checksums.ts";
import type { IoAdapter } from "../../src/io/adapter.ts";

/** What {@linkcode SimulatedDisk.io} does, and the same numbers as in portable code, but sooner. */
export function platformIo({ io }: SimulatedDisk): IoAdapter {
  return {
    name: io.name,
    capabilities: io.capabilities,
    crc32: nodeChecksum,
    digest: nodeDigest,
    open: (path, mode) => io.open(path, mode),
    stat: (path) => io.stat(path),
    list: (directory) => io.list(directory),
    rename: (from, to) => io.rename(from, to),
    remove: (path) => io.remove(path),
    syncDirectory: (path) => io.syncDirectory(path),
    tryLock: (path, mode) => io.tryLock(path, mode),
    now: () => io.now(),
    monotonic: () => io.monotonic(),
    random: (bytes) => io.random(bytes),
    nextTurn: (callback) => io.nextTurn(callback),
  };
}
