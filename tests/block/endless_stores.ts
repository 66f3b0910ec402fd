/**
 * Places for endless streams: the same behaviour everywhere.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import {
  EndlessStream,
  type EndlessStreamOptions,
  type IoAdapter,
  memoryBlocks,
} from "../../mod.ts";
import { runningIo } from "../io/running_io.ts";

/** Bytes of a segment in tests: few appends fill it. */
export const SEGMENT_BYTES: number = 32 * 1024;

/** Opens the same stream again and again. */
export interface StreamStore {
  readonly io: IoAdapter;
  open(options?: EndlessStreamOptions): Promise<EndlessStream>;
}

/** A kind of place, which lives as long as `body`. */
export interface StoreKind {
  readonly name: string;
  run(body: (store: StreamStore) => Promise<void>): Promise<void>;
}

/** A stream in the folder of an adapter. */
export function storeIn(io: IoAdapter, folder: string): StreamStore {
  return {
    io,
    open: (options = {}) =>
      EndlessStream.open(folder, { segmentBytes: SEGMENT_BYTES, io, ...options }),
  };
}

/** All kinds. */
export const STORES: readonly StoreKind[] = [
  {
    name: "blocks in memory",
    run: async (body) => {
      const blocks = memoryBlocks({ blockBytes: 4096, blockCount: SEGMENT_BYTES / 4096 });
      const io = memoryIo();
      await body({ io, open: (options = {}) => EndlessStream.open(blocks, { io, ...options }) });
      await blocks.close();
    },
  },
  { name: "files in memory", run: (body) => body(storeIn(memoryIo(), "/log")) },
  {
    name: "simulated files",
    run: (body) => body(storeIn(new SimulatedDisk({ seed: 7 }).io, "/log")),
  },
  {
    name: "real files",
    run: async (body) => {
      const folder = mkdtempSync(join(tmpdir(), "holdfast-endless-"));
      try {
        await body(storeIn(await runningIo(), folder));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
];
