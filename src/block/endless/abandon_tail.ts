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
 * Best effort: if there is no space or no room for it, or a call fails here too, the header is taken
 * back, and the next owner finds the log as after a crash of the process. Only if the process dies
 * between the header and the copies, what was acknowledged with "os" is lost.
 *
 * @module
 */

import { isHoldfastError } from "../../errors.ts";
import { readSegmentHeader, SEGMENT_HEADER_BYTES } from "../stream/segment_header.ts";
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
  let segment: StreamSegment | undefined;
  let isBegun = false;
  let isCopied = false;
  try {
    // With its space, so that a full disk shows before there is a header; one ahead may have none.
    const blocks = await core.spare(0, true);
    core.spares.shift();
    core.successor = blocks;
    const { header, synced } = current;
    segment = StreamSegment.begin(core.host, blocks, {
      number: header.number + 1,
      continues: false,
      identity: header.identity,
      sequence: synced.sequence,
      chain: 0,
      firstOffset: current.syncedOffset,
      previousEnd: synced.at,
      previousBytes: synced.bytes + synced.spilled + synced.trailing,
    });
    addSnapshot(core, segment);
    if (!gatherRecords(current, synced, segment)) return;
    segment.writeHeader();
    // Durable after this: the header, before anything is written behind it.
    blocks.sync();
    isBegun = true;
    segment.write(true);
    isCopied = true;
    // Durable after this: all that was acknowledged.
    blocks.sync();
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    if (isCopied || current.visible.items === current.synced.items) return;
    if (segment !== undefined) takeBack(core, segment, isBegun);
  }
}

/**
 * The next owner would go on behind the header, without what was handed over: so the run is made
 * blank again, and he finds the tail instead. In this order: a run that is not blank and has no header
 * is damage. A header that is left by a power cut in between says what is durable.
 * @param isBegun something may be behind the header
 */
function takeBack({ host }: StreamCore, segment: StreamSegment, isBegun: boolean): void {
  const { blocks } = segment;
  try {
    if (isBegun) {
      segment.clearFailed();
      // Durable after this: nothing is behind the header.
      blocks.sync();
      if (!readSegmentHeader(blocks, host.checksum).blank) return;
    }
    blocks.writeAt(new Uint8Array(SEGMENT_HEADER_BYTES), 0);
    // Durable after this: no header comes back behind what the next owner adds to the tail.
    blocks.sync();
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
  }
}

/**
 * Gathers what is visible and not durable: whole records, as spanning ones are always synced.
 * @returns whether there is room for it
 */
function gatherRecords(
  from: StreamSegment,
  { at: begin }: SegmentMark,
  to: StreamSegment,
): boolean {
  for (let at = begin; at < from.visible.at;) {
    const window = readWindow(from, at, from.visible.at);
    if (window === undefined) return true;
    const { parts, bytes } = window;
    for (let i = 0; i < parts.length; i += PART_FIELDS) {
      const [kind, first, end] = [parts[i]!, parts[i + 1]!, parts[i + 2]!];
      if (kind !== WHOLE || !to.fits(1, end - first)) return false;
      to.add(WHOLE, bytes, first, end);
    }
    at = window.end;
  }
  return true;
}
