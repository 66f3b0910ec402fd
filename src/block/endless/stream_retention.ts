/**
 * What may be released although nobody trimmed it.
 *
 * @module
 */

import type { StreamCore } from "./stream_core.ts";

/** The offset before which all may go, by the option `retention`; not below the present start. */
export function retainedFrom(core: StreamCore): number {
  const { bytes, ageMs, cursors = false } = core.options.retention;
  const { controls: { start, cursors: marks }, segments, host: { io } } = core;
  const least = cursors ? Math.min(core.end, ...marks.values()) : Infinity;
  if (cursors && marks.size === 0) return start;
  if (bytes === undefined && ageMs === undefined) return cursors ? Math.max(start, least) : start;
  let total = 0;
  for (const { blocks } of segments) total += blocks.blockBytes * blocks.blockCount;
  let from = start;
  for (let i = 0; i + 1 < segments.length; i++) {
    const { blocks } = segments[i]!;
    const next = segments[i + 1]!.header;
    const isOld = ageMs !== undefined && next.createdAt + ageMs < io.now();
    const isTooMuch = bytes !== undefined && total > bytes;
    if (!isOld && !isTooMuch) break;
    from = next.firstOffset + (next.continues ? 1 : 0);
    total -= blocks.blockBytes * blocks.blockCount;
  }
  return Math.max(start, Math.min(from, least, core.end));
}
