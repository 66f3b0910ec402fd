/**
 * Messages of a stream from any position, across the ranges that a fork shares with other streams.
 *
 * @module
 */

import { CorruptionError } from "../errors.ts";
import { type Chunk, decodeChunk } from "./chunk.ts";
import type { SourceRange } from "./fork_origin.ts";
import type { Position } from "./offset.ts";
import { readOrigin } from "./stream_lookup.ts";
import type { StreamState } from "./stream_state.ts";
import { numberAt, pairKey } from "./table_keys.ts";
import type { TableReader, Tables } from "./tables.ts";

/** Messages read in one go. */
export interface Scan {
  /** The messages, whole, in order. */
  readonly messages: readonly Uint8Array[];
  /** Their bytes. */
  readonly bytes: number;
  /** Where the next one begins. */
  readonly end: Position;
  /** Buffers that hold nothing but these messages. */
  readonly buffers: readonly ArrayBuffer[];
}

/** How much to read: at least one message is. */
export interface ScanLimits {
  /** Most bytes. */
  readonly maxBytes: number;
  /** Most messages. */
  readonly maxMessages: number;
}

/** Where the messages of a stream lie, in order, its own last. */
export function rangesOf(tables: Tables, number: number, state: StreamState): SourceRange[] {
  const ranges = state.forked ? [...readOrigin(tables.origins, number).ranges] : [];
  const begin = ranges.at(-1)?.end ?? 0;
  const end = state.tail.message;
  if (begin < end) ranges.push({ number, begin, end });
  return ranges;
}

/** The position before message `message`, which may be the tail. */
export function positionOf(
  data: TableReader,
  ranges: readonly SourceRange[],
  tail: Position,
  message: number,
): Position {
  if (message === tail.message) return tail;
  for (const range of ranges) {
    if (message >= range.end) continue;
    for (const { first, chunk } of chunks(data, range, message)) {
      return { message, byte: byteOf(first, chunk, message) };
    }
  }
  throw hole(message);
}

/**
 * Reads from `from` on. `undefined`: there is no such position.
 * @throws {CorruptionError} `CORRUPT_VALUE` if messages are missing.
 */
export function scanMessages(
  data: TableReader,
  ranges: readonly SourceRange[],
  tail: Position,
  from: Position,
  limits: ScanLimits,
): Scan | undefined {
  if (from.message === tail.message) {
    return from.byte === tail.byte ? { messages: [], bytes: 0, end: tail, buffers: [] } : undefined;
  }
  const messages: Uint8Array[] = [];
  const buffers: ArrayBuffer[] = [];
  let bytes = 0;
  let next = from.message;
  for (const range of ranges) {
    if (next >= range.end) continue;
    for (const { first, chunk } of chunks(data, range, next)) {
      if (chunk.buffer !== undefined) buffers.push(chunk.buffer);
      if (byteOf(first, chunk, next) !== from.byte + bytes) {
        if (messages.length === 0) return undefined;
        throw hole(next);
      }
      for (let i = next - first; i < chunk.messages.length && next < range.end; i++) {
        const message = chunk.messages[i]!;
        const full = messages.length === limits.maxMessages ||
          (messages.length > 0 && bytes + message.length > limits.maxBytes);
        if (full) {
          return { messages, bytes, end: { message: next, byte: from.byte + bytes }, buffers };
        }
        messages.push(message);
        bytes += message.length;
        next++;
      }
    }
    if (next !== range.end) throw hole(next);
  }
  const end = { message: next, byte: from.byte + bytes };
  if (end.message !== tail.message || end.byte !== tail.byte) throw hole(next);
  return { messages, bytes, end, buffers };
}

/** The chunks of a range from the one that holds `message` on. */
function* chunks(
  data: TableReader,
  range: SourceRange,
  message: number,
): Generator<{ first: number; chunk: Chunk }> {
  const { number } = range;
  const begin = pairKey(number, message);
  let started = false;
  for (const [key, value] of data.range({ gte: begin, lt: pairKey(number, range.end) })) {
    const first = numberAt(key, 8);
    if (!started && first !== message) yield chunkBefore(data, number, message);
    started = true;
    yield { first, chunk: decodeChunk(value) };
  }
  if (!started) yield chunkBefore(data, number, message);
}

/** The chunk that holds `message` and begins before it. */
function chunkBefore(
  data: TableReader,
  number: number,
  message: number,
): { first: number; chunk: Chunk } {
  const bounds = { gte: pairKey(number, 0), lt: pairKey(number, message), reverse: true, limit: 1 };
  for (const [key, value] of data.range(bounds)) {
    return { first: numberAt(key, 8), chunk: decodeChunk(value) };
  }
  throw hole(message);
}

/** Bytes of the stream before `message`, which the chunk must hold. */
function byteOf(first: number, chunk: Chunk, message: number): number {
  if (message < first || message - first >= chunk.messages.length) throw hole(message);
  let byte = chunk.byte;
  for (let i = 0; i < message - first; i++) byte += chunk.messages[i]!.length;
  return byte;
}

function hole(message: number): CorruptionError {
  return new CorruptionError("CORRUPT_VALUE", `message ${message} of a stream is not stored`);
}
