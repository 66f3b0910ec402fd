/**
 * Finds a record by what is in it, where records are in some order.
 *
 * @module
 */

import { PART_FIELDS, searchBatches } from "../stream/segment_window.ts";
import { WHOLE } from "../stream/stream_record.ts";
import type { StreamSegment } from "../stream/stream_segment.ts";
import type { StreamCore } from "./stream_core.ts";
import { SegmentReader } from "./stream_reader.ts";

/** Tells where a record is: negative before what is looked for, positive behind it, 0 at it. */
export type CompareRecord = (bytes: Uint8Array) => number;

/**
 * Searches by halves: segments, the blocks of one of them, then the records of one batch.
 * @returns the offset of the first record that is not before what is looked for; the end without one
 */
export function seekStream(core: StreamCore, compare: CompareRecord): number {
  const { segments, controls: { start } } = core;
  const isBefore = (offset: number): boolean => {
    const entry = new SegmentReader(core, {}, Math.max(offset, start)).take();
    return entry !== undefined && compare(entry.bytes) < 0;
  };
  let low = 0;
  let high = segments.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const { firstOffset, continues } = segments[middle]!.header;
    // A record that ends here is one of the segment before.
    if (isBefore(firstOffset + (continues ? 1 : 0))) low = middle;
    else high = middle;
  }
  let from = start;
  const segment = segments[low];
  if (segment !== undefined) {
    from = segment.header.firstOffset;
    searchBatches(segment, segment.visible.at, ({ place }, at) => {
      const offset = segment.header.firstOffset + place!.items;
      const first = firstWhole(core, segment, at);
      const before = first === undefined || offset < start
        ? isBefore(offset)
        : compare(first.slice()) < 0;
      if (before) from = offset;
      return before;
    });
  }
  const reader = new SegmentReader(core, {}, Math.max(from, start));
  for (let entry = reader.take(); entry !== undefined; entry = reader.take()) {
    if (compare(entry.bytes) >= 0) return entry.offset;
  }
  return core.end;
}

/** The first record of a batch, if it is a whole one. */
function firstWhole(core: StreamCore, segment: StreamSegment, at: number): Uint8Array | undefined {
  const window = core.cache.get(segment, at, segment.visible.at);
  if (window === undefined) return undefined;
  const { parts, bytes } = window;
  if (parts.length < PART_FIELDS || parts[0] !== WHOLE) return undefined;
  return bytes.subarray(parts[1]!, parts[2]!);
}
