/**
 * The header of a segment: what one run of blocks must know of its stream to be read and checked
 * alone. It takes the first 4 KiB; batches of the log follow (see `log_batch.ts`).
 *
 * The 4 KiB hold two equal copies, at 0 and at 2048, each a slot of `slot_register.ts` with the
 * magic "Holdfast blocks\n" and the segment number as its epoch. Its value:
 *
 * | offset | type    | field                                                                       |
 * | ------ | ------- | --------------------------------------------------------------------------- |
 * | 0      | u16     | format version: 1                                                           |
 * | 2      | u8      | flags: 1 the last record of the segment before goes on here                 |
 * | 3      | u8      | zero                                                                        |
 * | 4      | u32     | bytes of a block                                                            |
 * | 8      | u64     | number of blocks                                                            |
 * | 16     | u8 x 16 | identity of the stream, equal in all its segments; seeds all checksums      |
 * | 32     | u64     | salt of the segment                                                         |
 * | 40     | u64     | sequence of the first log record                                            |
 * | 48     | u32     | chain of the first batch                                                    |
 * | 52     | u32     | end of the last batch of the segment before, in its extent                  |
 * | 56     | u64     | offset of the first record: how many were complete before this segment      |
 * | 64     | u64     | milliseconds since 1970 when the segment was begun                          |
 * | 72     | u32     | bytes of records and of their parts in the segment before                   |
 * | 76     | u32     | zero                                                                        |
 *
 * All integers are little-endian.
 *
 * Crash argument: the header is written when the segment before is durable to its end, and synced
 * before anything is written behind it. So a segment with a header proves that all before it was
 * durable, and one without a whole copy holds nothing, unless it was damaged: then its first batch,
 * which would be somewhere in the 4 KiB behind, tells.
 *
 * @module
 */

import { ByteReader } from "../../base/byte_reader.ts";
import { ByteWriter } from "../../base/byte_writer.ts";
import type { Checksum } from "../../base/checksum.ts";
import { FormatError } from "../../errors.ts";
import { decodeSlot, encodeSlot, type SlotLayout } from "../../journal/slot_register.ts";
import type { Blocks } from "../blocks.ts";

/** Bytes of the header: batches begin behind it. */
export const SEGMENT_HEADER_BYTES = 4096;
/** Most bytes of a segment, header included: places in it are 32-bit numbers. */
export const SEGMENT_BYTES_MAX: number = 2 ** 31;
/** Fewest bytes of a segment: the header, a batch, and room for control records. */
export const SEGMENT_BYTES_MIN: number = 4 * 4096;

const COPY_BYTES = 2048;
const VERSION = 1;
const CONTINUES = 1;
const MAGIC: Uint8Array = new TextEncoder().encode("Holdfast blocks\n");

const COPY: SlotLayout = { magic: MAGIC, offset: 0, slotBytes: COPY_BYTES, slots: 2 };

/** What a segment knows. */
export interface SegmentHeader {
  /** Number in the stream, from 1. */
  readonly number: number;
  /** The last record of the segment before was to go on in this one. */
  readonly continues: boolean;
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** Number of blocks. */
  readonly blockCount: number;
  /** 16 bytes. */
  readonly identity: Uint8Array;
  /** Salt of the segment. */
  readonly salt: bigint;
  /** Sequence of the first log record. */
  readonly sequence: number;
  /** Chain of the first batch. */
  readonly chain: number;
  /** Offset of the first record. */
  readonly firstOffset: number;
  /** Milliseconds since 1970 when it was begun. */
  readonly createdAt: number;
  /** End of the last batch of the segment before, in its extent. */
  readonly previousEnd: number;
  /** Bytes of records and of their parts in the segment before. */
  readonly previousBytes: number;
}

/** What stands where a header belongs. */
export interface HeaderReading {
  /** The header, if a copy is whole. */
  readonly header: SegmentHeader | undefined;
  /** Copies that are not whole although the other one is, or although something was written behind. */
  readonly damagedCopies: number;
  /** Nothing was ever written behind it. */
  readonly blank: boolean;
}

/** The 4 KiB of a header. */
export function encodeSegmentHeader(header: SegmentHeader, checksum: Checksum): Uint8Array {
  const out = new ByteWriter(128);
  out.u16(VERSION);
  out.u16(header.continues ? CONTINUES : 0);
  out.u32(header.blockBytes);
  out.u64(header.blockCount);
  out.raw(header.identity);
  out.bigU64(header.salt);
  out.u64(header.sequence);
  out.u32(header.chain);
  out.u32(header.previousEnd);
  out.u64(header.firstOffset);
  out.u64(header.createdAt);
  out.u32(header.previousBytes);
  out.u32(0);
  const copy = encodeSlot(checksum, COPY, header.number, out.toBytes());
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  bytes.set(copy);
  bytes.set(copy, COPY_BYTES);
  return bytes;
}

/**
 * Reads the header of a segment, and whether anything is behind it.
 * @throws {FormatError} `FORMAT_NEWER`; `NOT_OUR_FILE` for something that is not a segment at all
 */
export function readSegmentHeader(blocks: Blocks, checksum: Checksum): HeaderReading {
  const bytes = new Uint8Array(2 * SEGMENT_HEADER_BYTES);
  const present = bytes.subarray(0, blocks.readAt(bytes, 0));
  const blank = present.subarray(SEGMENT_HEADER_BYTES).every((byte) => byte === 0);
  let header: SegmentHeader | undefined;
  let damagedCopies = 0;
  let ours = false;
  for (const at of [0, COPY_BYTES]) {
    const copy = present.subarray(at, at + COPY_BYTES);
    ours ||= MAGIC.every((byte, i) => copy[i] === byte);
    const slot = copy.length < COPY_BYTES ? undefined : decodeSlot(copy, MAGIC, checksum);
    const found = slot && decodeHeader(slot.epoch, slot.value, blocks);
    header ??= found;
    if (found === undefined) damagedCopies++;
  }
  if (header === undefined && !blank && !ours) {
    throw new FormatError("NOT_OUR_FILE", `Blocks ${blocks.id} hold no segment of a stream`);
  }
  return { header, blank, damagedCopies: header === undefined && blank ? 0 : damagedCopies };
}

function decodeHeader(
  number: number,
  value: Uint8Array,
  blocks: Blocks,
): SegmentHeader | undefined {
  const reader = new ByteReader(value);
  const version = value.length < 2 ? 0 : reader.u16();
  if (version > VERSION) {
    throw new FormatError(
      "FORMAT_NEWER",
      `Blocks ${blocks.id} hold a segment of format ${version}, newer than ${VERSION}`,
    );
  }
  if (version !== VERSION || value.length !== 80) return undefined;
  const continues = (reader.u16() & CONTINUES) !== 0;
  const blockBytes = reader.u32();
  const blockCount = reader.u64();
  const identity = reader.raw(16).slice();
  const salt = reader.bigU64();
  const sequence = reader.u64();
  const chain = reader.u32();
  const previousEnd = reader.u32();
  const firstOffset = reader.u64();
  const createdAt = reader.u64();
  const previousBytes = reader.u32();
  return {
    number,
    continues,
    blockBytes,
    blockCount,
    identity,
    salt,
    sequence,
    chain,
    firstOffset,
    createdAt,
    previousEnd,
    previousBytes,
  };
}
