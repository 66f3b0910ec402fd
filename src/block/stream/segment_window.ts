/**
 * A part of a segment as readers see it: whole batches, checked, with what is in them.
 *
 * @module
 */

import { endOf, findHeader, headerChecksum, readBatch } from "../log_scanner.ts";
import type { LogPosition } from "../log_extent.ts";
import { LogWindow } from "../log_window.ts";
import type { BatchHeader } from "../log_batch.ts";
import { CONTROL, eachRecord, endsRecord } from "./stream_record.ts";
import type { StreamSegment } from "./stream_segment.ts";

/** How much is read at once, if it holds a batch: as much as a group of appends usually takes. */
export const WINDOW_BYTES: number = 64 * 1024;

/**
 * How much a reader takes at once that goes through a log.
 *
 * PERF: new memory is half of what a replay costs beside checksums; of sizes from 32 KiB to 4 MiB this
 * one is the cheapest on Node and Bun, and 0.8x of the best on Deno (2026-11-22).
 */
export const SCAN_WINDOW_BYTES: number = 128 * 1024;

/** Numbers that {@linkcode SegmentWindow.parts} has for each part. */
export const PART_FIELDS = 4;

/**
 * Whole batches of a segment. One that is cached never changes, and what is given out of it are copies;
 * parts of any other are the caller's to change once they are given out.
 */
export interface SegmentWindow {
  /** Where the first batch is in the extent. */
  readonly at: number;
  /** Where the next window begins. */
  readonly end: number;
  /** Bytes that hold the batches. */
  readonly bytes: Uint8Array;
  /** Where the first batch is in them. */
  readonly begin: number;
  /** Bytes of whole records of the segment before the first batch. */
  readonly bytesBefore: number;
  /** What the first batch continues. */
  readonly first: LogPosition;
  /** What the batch behind it must continue. */
  readonly next: LogPosition;
  /**
   * For each part of a record: kind, begin and end in `bytes`, and how many records of the segment
   * ended before it. Control records are left out.
   */
  readonly parts: readonly number[];
}

/**
 * Reads whole batches from `at` on, at most to `end`, into memory of its own.
 * @param windowBytes how much is read at once, if it holds a batch
 * @returns `undefined` when there is no whole batch at `at`
 * @throws {CorruptionError} `CORRUPT_LOG` for a batch that was never written like this
 */
export function readWindow(
  segment: StreamSegment,
  at: number,
  end: number,
  windowBytes: number = WINDOW_BYTES,
): SegmentWindow | undefined {
  const { blocks, checksum, seed, extent, path } = segment;
  const window = new LogWindow(blocks, { ...extent, bytes: end }, windowBytes);
  const parts: number[] = [];
  let bytes: Uint8Array | undefined;
  let first: LogPosition | undefined;
  let begin = 0;
  let bytesBefore = 0;
  let next: LogPosition = { sequence: 0, chain: 0 };
  let position = at;
  while (position < end) {
    const batch = readBatch(window, checksum, seed, position);
    if (batch === undefined || !isPlaced(batch.header, segment, position)) break;
    const { sequence, chain, place, count } = batch.header;
    if (first !== undefined && (sequence !== next.sequence || chain !== next.chain)) break;
    if (first === undefined) {
      first = { sequence, chain };
      bytes = batch.bytes;
      begin = batch.begin;
      bytesBefore = place!.bytes;
      window.fix();
    }
    let item = place!.items;
    eachRecord(batch, path, extent.offset, (kind, begin, finish) => {
      if (kind === CONTROL) return;
      parts.push(kind, begin, finish, item);
      if (endsRecord(kind)) item++;
    });
    next = { sequence: sequence + count, chain: headerChecksum(batch.bytes, batch.begin) };
    position = endOf(batch);
  }
  if (bytes === undefined || first === undefined) return undefined;
  return { at, end: position, bytes, begin, bytesBefore, first, next, parts };
}

/**
 * Finds the first batch in `[from, to)` whose header is whole.
 * @returns its offset, or -1
 */
export function findPlaced(
  segment: StreamSegment,
  from: number,
  to: number,
  pleases: (header: BatchHeader) => boolean = () => true,
): number {
  const { blocks, checksum, seed, extent } = segment;
  const window = new LogWindow(blocks, extent, 4096);
  return findHeader(
    window,
    from,
    to,
    checksum,
    seed,
    (header, at) => isPlaced(header, segment, at) && pleases(header),
  );
}

/**
 * Searches the batches before `end` by halves: the last one that is `before` something, when all
 * those in front of it are too. Reads few blocks: as many as halves, and those of a batch that is
 * longer than them.
 * @returns the offset of that batch; 0 when there is none
 */
export function searchBatches(
  segment: StreamSegment,
  end: number,
  isBefore: (header: BatchHeader, at: number) => boolean,
): number {
  let low = 0;
  let high = end;
  for (;;) {
    const middle = low + Math.floor((high - low) / 128) * 64;
    if (middle === low) return low;
    let header: BatchHeader | undefined;
    const found = findPlaced(segment, middle, high, (one) => {
      header = one;
      return true;
    });
    if (found >= 0 && header !== undefined && isBefore(header, found)) low = found;
    else high = middle;
  }
}

/** Whether a batch belongs to this segment and stands where it says. */
export function isPlaced(header: BatchHeader, segment: StreamSegment, at: number): boolean {
  return header.salt === segment.extent.salt && header.place?.at === at;
}
