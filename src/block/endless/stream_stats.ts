/**
 * How much of its blocks a stream uses.
 *
 * @module
 */

import type { StreamSegment } from "../stream/stream_segment.ts";
import { roomOf } from "./append_queue.ts";
import type { StreamCore } from "./stream_core.ts";

/** Bytes of something: `capacity` is the sum of the others. */
export interface StreamSpace {
  /** Bytes of the blocks. */
  readonly capacity: number;
  /** Bytes of records and parts of records. */
  readonly used: number;
  /** Headers, padding, control records, and what was given up. */
  readonly wasted: number;
  /** Bytes that one more record can have there. */
  readonly available: number;
}

/** One segment. */
export interface SegmentStats extends StreamSpace {
  /** Its number in the stream; 0 when it is allocated ahead, or damaged beyond use. */
  readonly number: number;
  /** Its blocks. */
  readonly blocks: number;
  /** Offset of its first record. */
  readonly firstOffset: number;
  /** Records that end in it. */
  readonly records: number;
}

/** What `EndlessStream.stats` gives. */
export interface EndlessStreamStats extends StreamSpace {
  /** All segments, oldest first, those allocated ahead at the end. */
  readonly segments: readonly SegmentStats[];
  /** Records from the start to the end. */
  readonly records: number;
  /** Bytes of records read that are kept in memory. */
  readonly cachedBytes: number;
  /** Trimmed segments that were not released yet: in use by readers, or their release failed. */
  readonly unreleased: number;
  /** Syncs since opening. */
  readonly syncs: number;
}

/** Gathers them. Between two turns they add up. */
export function streamStats(core: StreamCore, syncs: number): EndlessStreamStats {
  const segments: SegmentStats[] = [];
  for (const { blocks, segment } of core.runs) {
    const capacity = blocks.blockBytes * blocks.blockCount;
    segments.push(
      segment === undefined
        ? {
          number: 0,
          blocks: blocks.id,
          firstOffset: 0,
          records: 0,
          capacity,
          used: 0,
          wasted: capacity,
          available: 0,
        }
        : segmentStats(segment, capacity),
    );
  }
  for (const blocks of core.spares) {
    const capacity = blocks.blockBytes * blocks.blockCount;
    const available = roomOf(blocks) - core.controls.snapshotBytes();
    const wasted = capacity - available;
    const rest = { number: 0, blocks: blocks.id, firstOffset: core.end, records: 0, used: 0 };
    segments.push({ ...rest, capacity, wasted, available });
  }
  const sum = (field: keyof StreamSpace): number =>
    segments.reduce((total, segment) => total + segment[field], 0);
  return {
    segments,
    capacity: sum("capacity"),
    used: sum("used"),
    wasted: sum("wasted"),
    available: sum("available"),
    records: core.end - core.controls.start,
    cachedBytes: core.cache.bytes,
    unreleased: core.trimmed.length,
    syncs,
  };
}

function segmentStats(segment: StreamSegment, capacity: number): SegmentStats {
  const { header, written, room } = segment;
  const used = written.bytes + written.spilled + written.trailing;
  return {
    number: header.number,
    blocks: segment.blocks.id,
    firstOffset: header.firstOffset,
    records: written.items,
    capacity,
    used,
    wasted: capacity - used - room,
    available: room,
  };
}
