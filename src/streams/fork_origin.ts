/**
 * The codec of where a fork came from, and the ranges of other streams it begins with. Pure
 * functions. It lies under the stream number in a tree of its own and never changes.
 *
 *     bytes            field
 *     1                format: 1
 *     1                flags: 1 offset given, 2 lifetime inherited; others 0
 *     varint           number of the source: one reference is held on it
 *     varint, bytes    name the source had, UTF-8
 *     varint, varint   the offset asked for (messages, bytes), if flag 1
 *     varint           the sub-offset asked for
 *     varint           count of ranges, at most `FORK_RANGES_MAX`
 *     per range        varint stream number, varint messages in the range (1 or more)
 *
 * Ranges are flat: each names the stream that holds the messages itself, never a fork's inherited
 * part, so that reading needs no recursion. The first begins with message 0, each next one where
 * the one before ends, and the fork's own messages follow the last.
 *
 * @module
 */

import { ByteReader } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { Position } from "./offset.ts";
import { checkFormat, decodeText, encodeText, readSized, writeSized } from "./text.ts";

const FORMAT = 1;
const HAS_OFFSET = 1;
const INHERITED_LIFETIME = 2;

/** Messages `[begin, end)` of a fork, held by stream `number` under the same message numbers. */
export interface SourceRange {
  /** The stream that holds them. */
  readonly number: number;
  /** The first message. */
  readonly begin: number;
  /** The message after the last. */
  readonly end: number;
}

/** Where a fork came from. */
export interface ForkOrigin {
  /** Number of the source. */
  readonly sourceNumber: number;
  /** The name it had. */
  readonly sourceName: string;
  /** The offset asked for; `undefined`: the tail. */
  readonly offset: Position | undefined;
  /** The sub-offset asked for; 0: none. */
  readonly subOffset: number;
  /** Neither TTL nor expiry was asked for: those of the source were taken, if any. */
  readonly inheritedLifetime: boolean;
  /** The inherited messages. */
  readonly ranges: readonly SourceRange[];
}

/** Cuts `ranges` at message `end`. */
export function cutRanges(ranges: readonly SourceRange[], end: number): SourceRange[] {
  return ranges.filter((range) => range.begin < end)
    .map((range) => ({ ...range, end: Math.min(range.end, end) }));
}

/** Encodes an origin. */
export function encodeOrigin(origin: ForkOrigin): Uint8Array {
  const writer = new ByteWriter(128);
  writer.u8(FORMAT);
  writer.u8(
    (origin.offset === undefined ? 0 : HAS_OFFSET) |
      (origin.inheritedLifetime ? INHERITED_LIFETIME : 0),
  );
  writer.varint(origin.sourceNumber);
  writeSized(writer, encodeText(origin.sourceName, "stream name"));
  if (origin.offset !== undefined) {
    writer.varint(origin.offset.message);
    writer.varint(origin.offset.byte);
  }
  writer.varint(origin.subOffset);
  writer.varint(origin.ranges.length);
  for (const range of origin.ranges) {
    writer.varint(range.number);
    writer.varint(range.end - range.begin);
  }
  return writer.toBytes();
}

/**
 * Reads an origin.
 * @throws {CorruptionError} `CORRUPT_VALUE` if it has no valid form.
 */
export function decodeOrigin(value: Uint8Array): ForkOrigin {
  const reader = new ByteReader(value);
  checkFormat(reader.u8() === FORMAT, "fork");
  const flags = reader.u8();
  checkFormat(flags <= (HAS_OFFSET | INHERITED_LIFETIME), "fork");
  const sourceNumber = reader.varint();
  const sourceName = decodeText(readSized(reader));
  const offset = (flags & HAS_OFFSET) === 0
    ? undefined
    : { message: reader.varint(), byte: reader.varint() };
  const subOffset = reader.varint();
  const count = reader.varint();
  checkFormat(count <= value.length, "fork");
  const ranges: SourceRange[] = [];
  let begin = 0;
  for (let i = 0; i < count; i++) {
    const number = reader.varint();
    const end = begin + reader.varint();
    checkFormat(end > begin, "fork");
    ranges.push({ number, begin, end });
    begin = end;
  }
  checkFormat(reader.remaining === 0, "fork");
  return {
    sourceNumber,
    sourceName,
    offset,
    subOffset,
    inheritedLifetime: (flags & INHERITED_LIFETIME) !== 0,
    ranges,
  };
}
