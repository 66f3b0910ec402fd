/**
 * Ends a log behind its last sync after a failed one.
 *
 * After a failed sync what was written may be lost although reads still show it, and the next sync
 * may well return: whoever opens the log again would take those batches for whole, build on them, and
 * lose all with the next power cut. So another segment, in blocks of its own, is begun at once: its
 * header says that the log goes on there, behind the last record whose sync returned. What was
 * acknowledged with "os" is copied into it. Appends that were rejected are not there when the stream
 * is opened again.
 *
 * Best effort: if this fails too, or the process dies first, the next owner finds the log as after a
 * crash of the process.
 *
 * @module
 */

import { isHoldfastError } from "../../errors.ts";
import type { Blocks } from "../blocks.ts";
import { SEGMENT_HEADER_BYTES } from "../stream/segment_header.ts";
import { type SegmentMark, StreamSegment } from "../stream/stream_segment.ts";
import { PART_FIELDS, readWindow } from "../stream/segment_window.ts";
import { WHOLE } from "../stream/stream_record.ts";
import { addSnapshot } from "./recover_stream.ts";
import type { StreamCore } from "./stream_core.ts";

/** Begins the segment that follows, once. The stream itself never writes to it. */
export async function abandonTail(core: StreamCore): Promise<void> {
  const { current } = core;
  if (core.successor !== undefined || current === undefined) return;
  if (current.ended || current.written === current.synced) return;
  core.successor = null;
  let isBegun = false;
  try {
    const blocks = await core.spare(0);
    core.spares.shift();
    core.successor = blocks;
    const { header, synced } = current;
    const segment = StreamSegment.begin(core.host, blocks, {
      number: header.number + 1,
      continues: false,
      identity: header.identity,
      sequence: synced.sequence,
      chain: 0,
      firstOffset: current.syncedOffset,
      previousEnd: synced.at,
      previousBytes: synced.bytes + synced.spilled + synced.trailing,
    });
    segment.writeHeader();
    // Durable after this: the header, before anything is written behind it.
    blocks.sync();
    isBegun = true;
    addSnapshot(core, segment);
    copyRecords(current, synced, segment);
    segment.write(true);
    // Durable after this: all that was acknowledged.
    blocks.sync();
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    if (!isBegun && current.visible.items > current.synced.items) blankHeader(core.successor);
  }
}

/**
 * The next owner would go on behind a header that only the system's cache has, without what was
 * handed over: so it finds the tail instead. Nothing is behind the header, so that a power cut may
 * leave any part of it.
 */
function blankHeader(blocks: Blocks | null): void {
  try {
    blocks?.writeAt(new Uint8Array(SEGMENT_HEADER_BYTES), 0);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
  }
}

/** Copies what is visible and not durable: whole records, as spanning ones are always synced. */
function copyRecords(from: StreamSegment, { at: begin }: SegmentMark, to: StreamSegment): void {
  for (let at = begin; at < from.visible.at;) {
    const window = readWindow(from, at, from.visible.at);
    if (window === undefined) return;
    const { parts, bytes } = window;
    for (let i = 0; i < parts.length; i += PART_FIELDS) {
      const [kind, first, end] = [parts[i]!, parts[i + 1]!, parts[i + 2]!];
      if (kind !== WHOLE || !to.fits(1, end - first)) return;
      to.add(WHOLE, bytes, first, end);
    }
    at = window.end;
  }
}
