/**
 * The errors of segments that are not as they were written.
 *
 * @module
 */

import { CorruptionError, StateError } from "../../errors.ts";
import type { Blocks } from "../blocks.ts";
import type { SegmentHeader } from "./segment_header.ts";

/** Synced batches are missing from an offset in the blocks on. */
export function damagedSegment(path: string, offset: number): CorruptionError {
  const message = `${path} is damaged from byte ${offset} on: what was durable there is missing`;
  return new CorruptionError("CORRUPT_LOG", message, { path, offset });
}

/** No copy of the header is whole, and something was written behind it. */
export function damagedHeader(path: string): CorruptionError {
  const message = `The header of ${path} is damaged, and there is something behind it`;
  return new CorruptionError("CORRUPT_LOG", message, { path, offset: 0 });
}

/** @throws {StateError} `TYPE_MISMATCH`: the blocks have not the shape that the segment was begun with */
export function checkHeaderShape(header: SegmentHeader, blocks: Blocks, path: string): void {
  const { blockBytes, blockCount } = blocks;
  if (header.blockBytes === blockBytes && header.blockCount === blockCount) return;
  throw new StateError(
    "TYPE_MISMATCH",
    `${path} was begun with ${header.blockCount} blocks of ${header.blockBytes} bytes, not ` +
      `${blockCount} of ${blockBytes}`,
    { path },
  );
}
