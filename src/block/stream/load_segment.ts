/**
 * Finds the end of a segment, by the torn-tail rule of `log_scanner.ts`: for one segment alone, or
 * with what a later one says about it.
 *
 * @module
 */

import type { Blocks } from "../blocks.ts";
import type { BatchHeader } from "../log_batch.ts";
import type { LogPosition } from "../log_extent.ts";
import { findHeader, type FoundBatch, scanExtent } from "../log_scanner.ts";
import { LogWindow } from "../log_window.ts";
import type { SegmentHeader } from "./segment_header.ts";
import { findPlaced, isPlaced } from "./segment_window.ts";
import { CONTROL, eachRecord, endsRecord, SPILLED, WHOLE } from "./stream_record.ts";
import { beginOf, type SegmentHost, type SegmentMark, StreamSegment } from "./stream_segment.ts";

/** Bytes read, or cleared, at once. */
const LOAD_BYTES: number = 256 * 1024;
/** Bytes that are looked at as a whole behind the end. */
const LOOK_BYTES = 4096;

/** What was found in a segment. */
export interface LoadedSegment {
  /** The segment, known up to its end. */
  readonly segment: StreamSegment;
  /** Where batches are missing that are known to have been durable: offsets in the blocks. */
  readonly damage: readonly number[];
  /** Bytes of a torn tail behind the end. */
  readonly droppedBytes: number;
  /** The end is at a block boundary: what is written there cannot tear what is before it. */
  readonly sealed: boolean;
  /** Batches that are whole. */
  readonly batches: number;
}

/** A control record of a segment, in order. */
export type SeeControl = (bytes: Uint8Array, begin: number, end: number) => void;

/**
 * Reads a segment from begin to end, in windows.
 * @param claimed the log before this sequence was durable, by what later segments say
 * @param control sees the control records of whole batches
 * @throws {CorruptionError} `CORRUPT_LOG` for a batch that was never written like this
 */
export function loadSegment(
  host: SegmentHost,
  blocks: Blocks,
  header: SegmentHeader,
  claimed: number,
  control: SeeControl = () => {},
): LoadedSegment {
  const segment = new StreamSegment(host, blocks, header, beginOf(header), header.chain);
  const { extent, checksum, seed, path } = segment;
  const window = new LogWindow(blocks, extent, LOAD_BYTES);
  const position: LogPosition = { sequence: header.sequence, chain: header.chain };
  const damage: number[] = [];
  let mark: SegmentMark = segment.written;
  let sealed = true;
  let batches = 0;
  const accept = (batch: FoundBatch): boolean => {
    const { place } = batch.header;
    if (!isPlaced(batch.header, segment, batch.at)) return false;
    if (place!.items !== mark.items || place!.bytes !== mark.bytes) return false;
    let { items, bytes, spilled, trailing } = mark;
    eachRecord(batch, path, extent.offset, (kind, begin, end) => {
      if (kind === CONTROL) return control(batch.bytes, begin, end);
      if (endsRecord(kind)) items++;
      if (kind === WHOLE) bytes += end - begin;
      else if (kind === SPILLED) spilled += end - begin;
      else trailing += end - begin;
    });
    mark = { ...mark, items, bytes, spilled, trailing };
    sealed = batch.header.sealed;
    claims = Math.max(claims, batch.header.durable);
    batches++;
    return true;
  };
  let claims = 0;
  let at = scanExtent(window, checksum, seed, position, 0, accept);
  for (;;) {
    const rest = lookBehind(window, segment, at, position.sequence);
    if (!rest.claimed && claimed <= position.sequence) {
      mark = { ...mark, at, sequence: position.sequence };
      const loaded = new StreamSegment(host, blocks, header, mark, position.chain);
      loaded.claimed = Math.max(loaded.claimed, claims);
      return { segment: loaded, damage, droppedBytes: rest.end - at, sealed, batches };
    }
    // Row 3: go on with the next batch that is whole.
    damage.push(extent.offset + at);
    sealed = true;
    const sequence = position.sequence;
    const next = findPlaced(segment, at, extent.bytes, (found) => {
      if (found.sequence < sequence || found.place === undefined) return false;
      mark = { ...mark, items: found.place.items, bytes: found.place.bytes };
      position.sequence = found.sequence;
      position.chain = found.chain;
      return true;
    });
    if (next < 0) {
      // Nothing is left of it: what later segments say is all that is known.
      at = extent.bytes;
      position.sequence = Math.max(claimed, position.sequence);
      mark = { ...mark, at, sequence: position.sequence };
      const loaded = new StreamSegment(host, blocks, header, mark, position.chain);
      loaded.end();
      return { segment: loaded, damage, droppedBytes: 0, sealed: false, batches };
    }
    at = scanExtent(window, checksum, seed, position, next, accept);
    if (at === next) at += 64;
  }
}

/**
 * What is behind the end: up to where it is not zeros, as it was before it was first written, and
 * whether it says that more was durable. All of it belongs to batches that are not whole.
 */
function lookBehind(
  window: LogWindow,
  { checksum, seed, extent }: StreamSegment,
  from: number,
  sequence: number,
): { readonly end: number; readonly claimed: boolean } {
  let end = from;
  let claimed = false;
  for (let at = from; at < extent.bytes;) {
    const step = Math.min(LOOK_BYTES - at % LOOK_BYTES, extent.bytes - at);
    const index = window.load(at, step);
    if (index < 0) break;
    if (hasContent(window.bytes, index, index + step)) {
      end = at + step;
      const isClaim = (header: BatchHeader): boolean =>
        header.salt === extent.salt && header.durable > sequence;
      claimed ||= findHeader(window, at, at + step, checksum, seed, isClaim) >= 0;
    }
    at += step;
  }
  return { end, claimed };
}

function hasContent(bytes: Uint8Array, begin: number, end: number): boolean {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + begin, (end - begin) >> 2);
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return true;
  return false;
}

/** Overwrites a torn tail with zeros, so that no batch of it ever continues a later one. To be synced. */
export function clearTail({ segment, droppedBytes }: LoadedSegment): void {
  const { blocks, extent, written } = segment;
  const zeros = new Uint8Array(Math.min(droppedBytes, LOAD_BYTES));
  for (let done = 0; done < droppedBytes; done += zeros.length) {
    const part = zeros.subarray(0, Math.min(zeros.length, droppedBytes - done));
    blocks.writeAt(part, extent.offset + written.at + done);
  }
}
