/**
 * The codec of what changes in the life of a stream: small, because each append writes it. Pure
 * functions. It lies under the stream number in a tree of its own.
 *
 *     bytes            field
 *     1                format: 1
 *     1                flags: 1 closed, 2 removed, 4 fork, 8 stream sequence, 16 closing producer
 *     varint           messages in the stream: the tail
 *     varint           bytes of these messages
 *     varint           forks that have it as their source
 *     varint           last persisted access, milliseconds since 1970
 *     varint, bytes    last accepted stream sequence, UTF-8, if flag 8
 *     varint, bytes    id, UTF-8, of the producer that closed it, if flag 16
 *     varint, varint   epoch and sequence number of that request, if flag 16
 *
 * @module
 */

import { ByteReader } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { Position } from "./offset.ts";
import type { ProducerRequest } from "./stream_store.ts";
import { checkFormat, decodeText, encodeText, readSized, writeSized } from "./text.ts";

const FORMAT = 1;
const CLOSED = 1;
const REMOVED = 2;
const FORKED = 4;
const HAS_SEQUENCE = 8;
const HAS_CLOSER = 16;

/** What changes in the life of a stream. */
export interface StreamState {
  /** The position after the last message. */
  readonly tail: Position;
  /** Nothing will follow. */
  readonly closed: boolean;
  /** Deleted or expired, and kept only because `references` is not 0. */
  readonly removed: boolean;
  /** It has an origin record: its first messages lie in other streams. */
  readonly forked: boolean;
  /** Forks that have it as their source. */
  readonly references: number;
  /** Last persisted access, milliseconds since 1970; never goes back. */
  readonly lastAccess: number;
  /** Last accepted stream sequence, as UTF-8. */
  readonly sequence: Uint8Array | undefined;
  /** The producer request that closed it. */
  readonly closedBy: ProducerRequest | undefined;
}

const writer = new ByteWriter();

/** Encodes a state: as a view that the next call overwrites. */
export function encodeState(state: StreamState): Uint8Array {
  writer.reset();
  writer.u8(FORMAT);
  writer.u8(
    (state.closed ? CLOSED : 0) | (state.removed ? REMOVED : 0) | (state.forked ? FORKED : 0) |
      (state.sequence === undefined ? 0 : HAS_SEQUENCE) |
      (state.closedBy === undefined ? 0 : HAS_CLOSER),
  );
  writer.varint(state.tail.message);
  writer.varint(state.tail.byte);
  writer.varint(state.references);
  writer.varint(state.lastAccess);
  if (state.sequence !== undefined) writeSized(writer, state.sequence);
  if (state.closedBy !== undefined) {
    writeSized(writer, encodeText(state.closedBy.id, "producer id"));
    writer.varint(state.closedBy.epoch);
    writer.varint(state.closedBy.seq);
  }
  return writer.bytes.subarray(0, writer.length);
}

/**
 * Reads a state.
 * @throws {CorruptionError} `CORRUPT_VALUE` if it has no valid form.
 */
export function decodeState(value: Uint8Array): StreamState {
  const reader = new ByteReader(value);
  checkFormat(reader.u8() === FORMAT, "stream state");
  const flags = reader.u8();
  checkFormat(flags < 2 * HAS_CLOSER, "stream state");
  const tail = { message: reader.varint(), byte: reader.varint() };
  const references = reader.varint();
  const lastAccess = reader.varint();
  const sequence = (flags & HAS_SEQUENCE) === 0 ? undefined : readSized(reader);
  const closedBy = (flags & HAS_CLOSER) === 0
    ? undefined
    : { id: decodeText(readSized(reader)), epoch: reader.varint(), seq: reader.varint() };
  checkFormat(reader.remaining === 0, "stream state");
  return {
    tail,
    closed: (flags & CLOSED) !== 0,
    removed: (flags & REMOVED) !== 0,
    forked: (flags & FORKED) !== 0,
    references,
    lastAccess,
    sequence,
    closedBy,
  };
}
