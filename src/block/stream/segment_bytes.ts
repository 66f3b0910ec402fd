/**
 * What readers of a `BlockStream` see: the appends of one segment, as bytes.
 *
 * @module
 */

import { damagedSegment } from "./segment_problem.ts";
import { PART_FIELDS, readWindow, searchBatches, type SegmentWindow } from "./segment_window.ts";
import { MIDDLE, SPILLED, TRAILING, WHOLE } from "./stream_record.ts";
import type { StreamSegment } from "./stream_segment.ts";

/** How much is read at once: the longest batch of several appends. */
export const READ_BYTES: number = 256 * 1024;

/** A part of the bytes of a stream. */
export interface ByteRange {
  /** First byte. */
  readonly begin: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** Blocks, both included. */
export interface BlockRange {
  /** The first. */
  readonly first: number;
  /** The last. */
  readonly last: number;
}

/** Reads what is visible of a segment. */
export class SegmentBytes {
  readonly #segment: StreamSegment;
  readonly #path: string;

  /** Reads nothing yet. `path`: what errors call it. */
  constructor(segment: StreamSegment, path: string) {
    this.#segment = segment;
    this.#path = path;
  }

  /**
   * All that can be read, from the batch on that the byte `from` of the blocks is in. The windows are
   * the caller's own.
   */
  *windows(from: number): Generator<SegmentWindow> {
    const { visible, extent } = this.#segment;
    const place = Math.max(0, from - extent.offset);
    let at = searchBatches(this.#segment, Math.min(visible.at, place + 1), () => true);
    while (at < visible.at) {
      const window: SegmentWindow | undefined = readWindow(
        this.#segment,
        at,
        visible.at,
        READ_BYTES,
      );
      if (window === undefined) throw damagedSegment(this.#path, extent.offset + at);
      yield window;
      at = window.end;
    }
  }

  /** What was appended whole of a window from a part on, read once more: its reader gave it away. */
  *copies({ at, end }: SegmentWindow, part: number): Generator<Uint8Array> {
    const window = readWindow(this.#segment, at, end, READ_BYTES);
    if (window?.end !== end) throw damagedSegment(this.#path, this.#segment.extent.offset + at);
    const { parts, bytes } = window;
    for (let i = part; i < parts.length; i += PART_FIELDS) {
      if (parts[i] === WHOLE) yield bytes.slice(parts[i + 1]!, parts[i + 2]!);
    }
  }

  /** A part of the bytes that were appended whole. */
  whole(range: ByteRange): Uint8Array {
    const end = Math.min(range.end, this.#segment.visible.bytes);
    const begin = Math.min(range.begin, end);
    const out = new Uint8Array(end - begin);
    let position = 0;
    for (const [, bytes] of this.#parts(WHOLE)) {
      const from = Math.max(begin, position);
      const to = Math.min(end, position + bytes.length);
      if (from < to) out.set(bytes.subarray(from - position, to - position), from - begin);
      position += bytes.length;
      if (position >= end) break;
    }
    return out;
  }

  /** See `BlockStream.spilled`. It is the first part of all. */
  spilled(): Uint8Array {
    if (this.#segment.visible.spilled === 0) return new Uint8Array(0);
    for (const [, bytes] of this.#parts(SPILLED)) return bytes.slice();
    return new Uint8Array(0);
  }

  /** See `BlockStream.trailing`. It is in the last batch, to the end of the segment. */
  trailing(): Uint8Array {
    const { visible, extent } = this.#segment;
    if (visible.trailing === 0) return new Uint8Array(0);
    const last = extent.offset + visible.at;
    for (const kind of [TRAILING, MIDDLE]) {
      for (const [, bytes] of this.#parts(kind, last)) return bytes.slice();
    }
    return new Uint8Array(0);
  }

  /** See `BlockStream.dataBlockRange`. */
  blockRange(): BlockRange | undefined {
    let first: number | undefined;
    let last = 0;
    for (const [at] of this.#parts(WHOLE)) {
      last = Math.floor(at / this.#segment.blocks.blockBytes);
      first ??= last;
    }
    return first === undefined ? undefined : { first, last };
  }

  /** See `BlockStream.dataRangeFor`. */
  rangeFor(block: number): ByteRange | undefined {
    const { blockBytes } = this.#segment.blocks;
    const from = block * blockBytes;
    let begin: number | undefined;
    let end = 0;
    for (const [at, bytes, before] of this.#parts(WHOLE, from)) {
      if (at >= from + blockBytes) break;
      if (at < from) continue;
      begin ??= before;
      end = before + bytes.length;
    }
    return begin === undefined ? undefined : { begin, end };
  }

  /** Parts of a kind with where they begin in the blocks and how many whole bytes are before them. */
  *#parts(kind: number, from = 0): Generator<[at: number, bytes: Uint8Array, before: number]> {
    const { extent } = this.#segment;
    for (const { parts, bytes, at, begin: first, bytesBefore } of this.windows(from)) {
      let before = bytesBefore;
      for (let i = 0; i < parts.length; i += PART_FIELDS) {
        const begin = parts[i + 1]!;
        const end = parts[i + 2]!;
        const stands = extent.offset + at + begin - first;
        if (parts[i] === kind) yield [stands, bytes.subarray(begin, end), before];
        if (parts[i] === WHOLE) before += end - begin;
      }
    }
  }
}
