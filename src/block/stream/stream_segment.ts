/**
 * One segment of a stream: a header and a log extent in a run of blocks. The synchronous core of
 * `BlockStream` and `EndlessStream`; whoever owns it decides when to sync, and stops at a failure.
 *
 * @module
 */

import type { Checksum } from "../../base/checksum.ts";
import { isHoldfastError } from "../../errors.ts";
import type { IoAdapter } from "../../io/adapter.ts";
import { type Blocks, type BlockShape, checkShape } from "../blocks.ts";
import { BATCH_HEADER_BYTES, batchEnd } from "../log_batch.ts";
import type { LogExtent, LogPosition } from "../log_extent.ts";
import { LogWriter } from "../log_writer.ts";
import {
  encodeSegmentHeader,
  SEGMENT_BYTES_MAX,
  SEGMENT_BYTES_MIN,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from "./segment_header.ts";
import { CONTROL, RECORD_OVERHEAD_BYTES, SPILLED, WHOLE } from "./stream_record.ts";

/** What segments need of their surroundings. */
export interface SegmentHost {
  /** Clock, randomness, turns. */
  readonly io: IoAdapter;
  /** Checksums. */
  readonly checksum: Checksum;
  /** What the stream is called in messages. */
  readonly path: string;
}

/** A point between two batches of a segment. */
export interface SegmentMark {
  /** Offset in the extent. */
  readonly at: number;
  /** Sequence of the next log record. */
  readonly sequence: number;
  /** Records that ended before it. */
  readonly items: number;
  /** Bytes of whole records before it. */
  readonly bytes: number;
  /** Bytes of a part that spilled over from the segment before. */
  readonly spilled: number;
  /** Bytes of a part that goes on in the next segment. */
  readonly trailing: number;
}

/** What a new segment continues. */
export interface SegmentStart extends LogPosition {
  /** See `SegmentHeader`. */
  readonly number: number;
  /** See `SegmentHeader`. */
  readonly continues: boolean;
  /** See `SegmentHeader`. */
  readonly identity: Uint8Array;
  /** See `SegmentHeader`. */
  readonly firstOffset: number;
  /** See `SegmentHeader`. */
  readonly previousEnd: number;
  /** See `SegmentHeader`. */
  readonly previousBytes: number;
}

/** Invariant: `synced` is not behind `written`, and that not behind what was gathered. */
export class StreamSegment {
  /** Where it is. */
  readonly blocks: Blocks;
  /** What it knows. */
  readonly header: SegmentHeader;
  /** Where its batches are. */
  readonly extent: LogExtent;
  /** Seed of its checksums. */
  readonly seed: number;
  /** What it is called in messages. */
  readonly path: string;
  /** Checksums. */
  readonly checksum: Checksum;
  /** Nothing more is written to it. */
  ended = false;
  /** Its header is durable. */
  hasHeader = true;
  /** All that was written. */
  written: SegmentMark;
  /** All that is durable. */
  synced: SegmentMark;
  /** All that readers may see: what is as durable as its append asked for; of a block stream: flushed. */
  visible: SegmentMark;
  /** The last batch ends at a block boundary. */
  isSealed = true;
  /** Everything before this sequence is said to be durable by a batch, or by the header. */
  claimed: number;
  /** Who reads it at present, over more than one turn. */
  readers = 0;

  #writer: LogWriter | undefined;
  #chain: number;
  #items: number;
  #bytes: number;
  #spilled: number;
  #trailing: number;

  /** A segment that is known up to `mark`, all of it durable. */
  constructor(
    host: SegmentHost,
    blocks: Blocks,
    header: SegmentHeader,
    mark: SegmentMark,
    chain: number,
  ) {
    this.blocks = blocks;
    this.header = header;
    this.checksum = host.checksum;
    this.path = `${host.path}, segment ${header.number}`;
    this.seed = host.checksum.of(header.identity, 0, header.identity.length);
    this.extent = segmentExtent(blocks, header);
    this.claimed = header.sequence;
    this.written = mark;
    this.synced = mark;
    this.visible = mark;
    this.#chain = chain;
    this.#items = mark.items;
    this.#bytes = mark.bytes;
    this.#spilled = mark.spilled;
    this.#trailing = mark.trailing;
  }

  /** A new segment in blocks that are all zeros. Nothing is written yet: see `writeHeader`. */
  static begin(host: SegmentHost, blocks: Blocks, start: SegmentStart): StreamSegment {
    const salt = new Uint8Array(8);
    host.io.random(salt);
    const { chain, ...rest } = start;
    const header: SegmentHeader = {
      ...rest,
      chain,
      blockBytes: blocks.blockBytes,
      blockCount: blocks.blockCount,
      salt: new DataView(salt.buffer).getBigUint64(0, true),
      createdAt: Math.max(0, Math.floor(host.io.now())),
    };
    const segment = new StreamSegment(host, blocks, header, beginOf(header), chain);
    segment.hasHeader = false;
    return segment;
  }

  /** Offset of the record that comes behind all gathered ones. */
  get nextOffset(): number {
    return this.header.firstOffset + this.#items;
  }

  /** Offset behind the last record that is written. */
  get writtenOffset(): number {
    return this.header.firstOffset + this.written.items;
  }

  /** Offset behind the last record that is durable. */
  get syncedOffset(): number {
    return this.header.firstOffset + this.synced.items;
  }

  /** Bytes that one more record can have, if it is the last; 0 when there is none. */
  get room(): number {
    return Math.max(0, this.#left());
  }

  /** Bytes that the only record of an empty segment can have. */
  get capacity(): number {
    return this.extent.bytes - BATCH_HEADER_BYTES - RECORD_OVERHEAD_BYTES;
  }

  /** Whether a sealed batch has room for `count` more records with `bytes` in all. */
  fits(count: number, bytes: number): boolean {
    return bytes + (count - 1) * RECORD_OVERHEAD_BYTES <= this.#left();
  }

  /** Bytes gathered for the next batch. */
  get pendingBytes(): number {
    return this.#writer?.pendingBytes ?? 0;
  }

  /** An empty sealed batch has room. */
  get canSeal(): boolean {
    return !this.ended && this.written.at + BATCH_HEADER_BYTES <= this.extent.bytes;
  }

  /** Something was gathered or written that is not durable. */
  get isDirty(): boolean {
    return (this.#writer?.pendingCount ?? 0) > 0 || this.written !== this.synced;
  }

  /** No record or part of one was gathered. */
  get isEmpty(): boolean {
    return this.#items === 0 && this.#trailing === 0;
  }

  /** Where the log continues behind what is written. */
  get position(): LogPosition {
    return { sequence: this.written.sequence, chain: this.#writer?.position.chain ?? this.#chain };
  }

  /** Gathers a record that fits. Copies it. */
  add(kind: number, bytes: Uint8Array, begin: number, end: number): void {
    this.#open().add(bytes, begin, end, kind);
    const length = end - begin;
    if (kind === WHOLE) {
      this.#bytes += length;
      this.#items++;
    } else if (kind === SPILLED) {
      this.#spilled += length;
      this.#items++;
    } else if (kind !== CONTROL) {
      this.#trailing += length;
    }
  }

  /**
   * Gathers `count` records that fit and stand in `bytes[begin, end)` as in a batch. Copies them.
   * @param kind that of all of them: whole or control
   */
  addFrames(bytes: Uint8Array, begin: number, end: number, count: number, kind: number): void {
    this.#open().addFrames(bytes, begin, end, count);
    if (kind === CONTROL) return;
    this.#bytes += end - begin - count * RECORD_OVERHEAD_BYTES;
    this.#items += count;
  }

  /** Writes the header. Nothing may be written behind it before it is synced. */
  writeHeader(): void {
    this.blocks.writeAt(encodeSegmentHeader(this.header, this.checksum), 0);
  }

  /** Writes what was gathered as one batch; a sealed one ends at a block boundary, ready for a sync. */
  write(sealed: boolean): void {
    const writer = this.#open();
    if (writer.durable > this.claimed) this.claimed = writer.durable;
    writer.write(sealed, this.written);
    this.isSealed = sealed;
    this.written = {
      at: writer.used,
      sequence: writer.position.sequence,
      items: this.#items,
      bytes: this.#bytes,
      spilled: this.#spilled,
      trailing: this.#trailing,
    };
  }

  /**
   * Zeros over what a failed write of a sealed batch may have left. Where that found no space, they
   * find none, either.
   */
  clearFailed(): void {
    const { at } = this.written;
    const bytes = batchEnd(at, this.pendingBytes, true) - at;
    try {
      this.blocks.writeAt(new Uint8Array(bytes), this.extent.offset + at);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
    }
  }

  /** A sync that began when `mark` was written has returned. */
  markSynced(mark: SegmentMark): void {
    this.synced = mark;
    this.#writer?.synced(mark.sequence);
  }

  /** Whether something says that all of this was durable: then any damage to it will be found. */
  get isClaimed(): boolean {
    return this.claimed >= this.written.sequence;
  }

  /** Gives up the buffer of a segment that is not written any more. */
  end(): void {
    this.ended = true;
    this.#chain = this.position.chain;
    this.#writer = undefined;
  }

  /** As `room`, but negative where not even an empty record has room. */
  #left(): number {
    if (this.ended || this.#trailing > 0) return -1;
    const used = this.#writer === undefined
      ? this.written.at
      : this.#writer.used + this.#writer.pendingBytes;
    return this.extent.bytes - used - BATCH_HEADER_BYTES - RECORD_OVERHEAD_BYTES;
  }

  #open(): LogWriter {
    if (this.#writer === undefined) {
      const { blocks, checksum, seed, extent, written } = this;
      const position = { sequence: written.sequence, chain: this.#chain };
      this.#writer = new LogWriter(blocks, checksum, seed, extent, position);
      this.#writer.used = written.at;
    }
    return this.#writer;
  }
}

/** The mark at the begin of a segment. */
export function beginOf(header: SegmentHeader): SegmentMark {
  return { at: 0, sequence: header.sequence, items: 0, bytes: 0, spilled: 0, trailing: 0 };
}

/** Where the batches of a segment are. */
export function segmentExtent(blocks: Blocks, header: SegmentHeader): LogExtent {
  const bytes = blocks.blockBytes * blocks.blockCount - SEGMENT_HEADER_BYTES;
  return { offset: SEGMENT_HEADER_BYTES, bytes, salt: header.salt };
}

/** @throws {RangeError} when blocks are not of a shape that segments can have */
export function checkSegmentShape(shape: BlockShape): void {
  checkShape(shape);
  const bytes = shape.blockBytes * shape.blockCount;
  if (bytes >= SEGMENT_BYTES_MIN && bytes <= SEGMENT_BYTES_MAX) return;
  throw new RangeError(
    `A segment has ${SEGMENT_BYTES_MIN} to ${SEGMENT_BYTES_MAX} bytes, not ${bytes}`,
  );
}
