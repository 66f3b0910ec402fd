/**
 * The folder that an endless stream may be in.
 *
 * @module
 */

import type { IoAdapter } from "../../io/adapter.ts";
import { type FileBlockAllocator, fileBlocks } from "../file_blocks.ts";
import type { EndlessStreamOptions } from "./endless_options.ts";

/** Default bytes of a segment. */
const SEGMENT_BYTES: number = 16 * 1024 * 1024;
/** Default bytes of a block. */
const BLOCK_BYTES = 4096;

/** What the files of a stream are called. */
export function nameOf({ name = "stream" }: EndlessStreamOptions): string {
  return name;
}

/** The blocks of a stream in a folder; what is damaged is left out where that is asked for. */
export function openFolder(
  io: IoAdapter,
  folder: string,
  options: EndlessStreamOptions,
): Promise<FileBlockAllocator> {
  const { segmentBytes, blockBytes, onCorruption = "error" } = options;
  const common = {
    name: nameOf(options),
    onDamage: onCorruption === "error" ? "error" as const : "omit" as const,
  };
  if (segmentBytes === undefined && blockBytes === undefined) {
    return fileBlocks(io, folder, common);
  }
  const size = blockBytes ?? BLOCK_BYTES;
  const count = Math.floor((segmentBytes ?? SEGMENT_BYTES) / size);
  return fileBlocks(io, folder, { ...common, blockBytes: size, blockCount: count });
}
