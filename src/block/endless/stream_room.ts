/**
 * What fits into a stream at all.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import { RECORD_OVERHEAD_BYTES } from "../stream/stream_record.ts";
import { roomOf } from "./append_queue.ts";
import type { StreamCore } from "./stream_core.ts";

/**
 * Refuses at once what no segment can hold, where it is known what a segment holds.
 * @param count records that are appended together
 * @param bytes theirs
 * @throws {StateError} `TOO_LARGE`
 */
export function checkSize(core: StreamCore, count: number, bytes: number): void {
  const { options, current, spares, host: { path } } = core;
  const blocks = current?.blocks ?? spares[0];
  const overhead = Math.max(0, count - 1) * RECORD_OVERHEAD_BYTES;
  const room = blocks === undefined
    ? Infinity
    : roomOf(blocks) - controlRoom(roomOf(blocks)) - overhead;
  const spans = count === 1 ? options.spanBytes : 0;
  const most = Math.min(options.maxRecordBytes, Math.max(room, spans));
  if (bytes <= most) return;
  const message = `Cannot append ${bytes} bytes to ${path}: ${most} are the most`;
  throw new StateError("TOO_LARGE", message, { path });
}

/** Bytes of a segment that are kept free for control records. */
export function controlRoom(room: number): number {
  return Math.min(65536, room >> 3);
}
