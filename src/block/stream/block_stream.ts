/**
 * A byte stream of fixed capacity in one run of blocks.
 *
 * @module
 */

import { Checksum } from "../../base/checksum.ts";
import { StateError } from "../../errors.ts";
import type { IoAdapter } from "../../io/adapter.ts";
import { defaultIo } from "../../io/default_io.ts";
import type { Blocks } from "../blocks.ts";
import { type Inconsistency, verifySegment } from "./inconsistency.ts";
import { clearTail, loadSegment } from "./load_segment.ts";
import { readSegmentHeader } from "./segment_header.ts";
import { checkHeaderShape, damagedHeader, damagedSegment } from "./segment_problem.ts";
import {
  PART_FIELDS,
  readWindow,
  searchBatches,
  type SegmentWindow,
  WINDOW_BYTES,
} from "./segment_window.ts";
import { MIDDLE, SPILLED, TRAILING, WHOLE } from "./stream_record.ts";
import { checkSegmentShape, type SegmentHost, StreamSegment } from "./stream_segment.ts";

/** How to open a stream. */
export interface BlockStreamOptions {
  /** Where randomness, clock and checksums come from. @default the adapter of the running runtime */
  readonly io?: IoAdapter;
  /** What it is called in messages. @default "blocks" and their id */
  readonly path?: string;
}

/** How to append. */
export interface BlockAppendOptions {
  /** The bytes are the rest of what another stream could not take: only the first append can be. */
  readonly spilled?: boolean;
}

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

/**
 * A byte stream in a run of blocks, which is full one day. What was appended is kept as it came: the
 * bytes of an append are all there, or none of them.
 *
 * Nothing is durable before {@linkcode BlockStream.sync}, and nothing that is not durable can be
 * read. Whatever a crash leaves, opening finds all that was synced; a later append that was not is
 * there as a whole, or dropped. One owner; not for several threads. After a failed write or sync it
 * is poisoned: reads go on, appends do not, until it is opened again. After a failed sync some disks
 * show what they have lost, so that opening cannot tell: go on in other blocks then, as
 * `EndlessStream` does by itself.
 *
 * ```ts
 * import { BlockStream, memoryBlocks } from "@holdfast/holdfast";
 *
 * const blocks = await memoryBlocks({ blockBytes: 4096, blockCount: 16 }).allocate();
 * const stream = await BlockStream.open(blocks);
 * const taken = stream.append(new TextEncoder().encode("hello")); // 5: all of it
 * stream.sync(); // now it can be read, and survives a crash
 * console.log(taken, new TextDecoder().decode(stream.data())); // 5 hello
 * stream.close();
 * ```
 */
export class BlockStream {
  /** Bytes of a torn tail that opening dropped: appends that were never synced. */
  readonly droppedBytes: number;

  readonly #segment: StreamSegment;
  readonly #path: string;
  #failure: { readonly cause: unknown } | undefined;
  #closed = false;

  private constructor(segment: StreamSegment, path: string, droppedBytes: number) {
    this.#segment = segment;
    this.#path = path;
    this.droppedBytes = droppedBytes;
  }

  /**
   * Opens the stream in blocks, or begins one in blocks that are all zeros. Reads all of it, in
   * windows. It owns the blocks from now on.
   * @throws {CorruptionError} `CORRUPT_LOG`: synced bytes are damaged
   * @throws {FormatError} `NOT_OUR_FILE`, `FORMAT_NEWER`
   * @throws {StateError} `TYPE_MISMATCH`: begun with another block size or count
   * @throws {RangeError} fewer than 16 KiB, more than 2 GiB, or a shape that blocks cannot have
   */
  static async open(blocks: Blocks, options: BlockStreamOptions = {}): Promise<BlockStream> {
    checkSegmentShape(blocks);
    const io = options.io ?? await defaultIo().memory();
    const path = options.path ?? `blocks ${blocks.id}`;
    const checksum = new Checksum(io.crc32);
    const host: SegmentHost = { io, checksum, path };
    const { header, blank, damagedCopies } = readSegmentHeader(blocks, checksum);
    if (header === undefined) {
      if (!blank) throw damagedHeader(path);
      const identity = new Uint8Array(16);
      io.random(identity);
      const segment = StreamSegment.begin(host, blocks, {
        number: 1,
        continues: true,
        identity,
        sequence: 0,
        chain: 0,
        firstOffset: 0,
        previousEnd: 0,
        previousBytes: 0,
      });
      return new BlockStream(segment, path, 0);
    }
    checkHeaderShape(header, blocks, path);
    const loaded = loadSegment(host, blocks, header, 0);
    const [offset] = loaded.damage;
    if (offset !== undefined) throw damagedSegment(path, offset);
    clearTail(loaded);
    // Its creation was cut short: there is nothing behind it to lose.
    if (loaded.batches === 0 && damagedCopies > 0) loaded.segment.writeHeader();
    // Durable after this: the tail is gone, and what a process left with the system is kept.
    blocks.sync();
    if (!loaded.sealed) loaded.segment.end();
    return new BlockStream(loaded.segment, path, loaded.droppedBytes);
  }

  /**
   * Appends as many of the bytes as there is room for: fewer than given only at the end of the
   * stream, which is full then. The part taken becomes {@linkcode BlockStream.trailing}; the rest
   * goes on in another stream, as its first append and with `spilled`. Copies the bytes; no bytes
   * at all leave no trace.
   * @returns bytes taken; 0 when the stream is full
   * @throws {StateError} `POISONED`, `CLOSED`
   * @throws {RangeError} `spilled`, and it is not the first append
   */
  append(bytes: Uint8Array, options: BlockAppendOptions = {}): number {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("What is appended is a Uint8Array");
    this.#check();
    const segment = this.#segment;
    const spilled = options.spilled === true;
    if (spilled && !segment.isEmpty) {
      throw new RangeError("Only the first append to a stream can be spilled");
    }
    if (segment.pendingBytes > WINDOW_BYTES) this.#guard(() => this.#write(false));
    const taken = Math.min(bytes.length, segment.room);
    if (taken === 0) return 0;
    const whole = taken === bytes.length;
    const kind = whole ? spilled ? SPILLED : WHOLE : spilled ? MIDDLE : TRAILING;
    segment.add(kind, bytes, 0, taken);
    return taken;
  }

  /**
   * Makes durable and readable what was appended; does nothing when nothing was.
   * @throws {StateError} `POISONED`, `CLOSED`
   * @throws {IoError} what the blocks report: then the stream is poisoned
   */
  sync(): void {
    this.#check();
    const segment = this.#segment;
    if (!segment.isDirty) return;
    this.#guard(() => {
      this.#write(true);
      const mark = segment.written;
      // Durable after this: every batch written so far.
      segment.blocks.sync();
      segment.markSynced(mark);
    });
  }

  /** Like {@linkcode BlockStream.sync}, off the thread where the blocks can. */
  async syncAsync(): Promise<void> {
    this.#check();
    const segment = this.#segment;
    if (!segment.isDirty) return;
    const mark = this.#guard(() => {
      this.#write(true);
      return segment.written;
    });
    try {
      // Durable after this: every batch written before it began.
      await segment.blocks.syncAsync();
    } catch (error) {
      this.#failure ??= { cause: error };
      throw error;
    }
    if (mark.sequence >= segment.synced.sequence) segment.markSynced(mark);
  }

  /** All synced bytes that were appended whole, one after the other; not more than a part if asked. */
  data(range: ByteRange = { begin: 0, end: this.#segment.synced.bytes }): Uint8Array {
    const size = this.#segment.synced.bytes;
    const end = Math.min(range.end, size);
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

  /** Synced bytes that came from another stream. */
  spilled(): Uint8Array {
    return this.#part(SPILLED);
  }

  /** Synced bytes of an append that this stream could not take whole. */
  trailing(): Uint8Array {
    const bytes = this.#part(TRAILING);
    return bytes.length > 0 ? bytes : this.#part(MIDDLE);
  }

  /** The synced appends that were taken whole, in order, as copies. */
  *records(): IterableIterator<Uint8Array> {
    for (const [, bytes] of this.#parts(WHOLE)) yield bytes.slice();
  }

  /** The first and the last block in which a whole append begins; `undefined` without any. */
  dataBlockRange(): BlockRange | undefined {
    let first: number | undefined;
    let last = 0;
    for (const [at] of this.#parts(WHOLE)) {
      last = Math.floor(at / this.#segment.blocks.blockBytes);
      first ??= last;
    }
    return first === undefined ? undefined : { first, last };
  }

  /**
   * Where in {@linkcode BlockStream.data} the appends stand that begin in a block: from the begin of
   * the first to the end of the last, which may lie in a later block.
   * @returns `undefined` when none begins there
   * @throws {RangeError} there is no such block
   */
  dataRangeFor(block: number): ByteRange | undefined {
    const { blockBytes, blockCount } = this.#segment.blocks;
    if (!Number.isInteger(block) || block < 0 || block >= blockCount) {
      throw new RangeError(`There is no block ${block} of ${blockCount}`);
    }
    const from = block * blockBytes;
    let begin: number | undefined;
    let position = 0;
    let end = 0;
    for (const [at, bytes, before] of this.#parts(WHOLE, from)) {
      if (at >= from + blockBytes) break;
      position = before;
      if (at < from) continue;
      begin ??= position;
      end = position + bytes.length;
    }
    return begin === undefined ? undefined : { begin, end };
  }

  /** Synced bytes in all. */
  get length(): number {
    const { bytes, spilled, trailing } = this.#segment.synced;
    return bytes + spilled + trailing;
  }

  /** Bytes that one append to an empty stream can have. */
  get capacity(): number {
    return this.#segment.capacity;
  }

  /** Number of synced appends that were taken whole. */
  get recordCount(): number {
    const { items, spilled } = this.#segment.synced;
    return items - (spilled > 0 ? 1 : 0);
  }

  /** Not one more byte can be appended. */
  get isFull(): boolean {
    return this.#segment.room === 0;
  }

  /** Something was appended that is not synced. */
  get isDirty(): boolean {
    return this.#segment.isDirty;
  }

  /** Nothing was ever appended, synced or not. */
  get isEmpty(): boolean {
    return this.#segment.isEmpty;
  }

  /**
   * Checks every synced byte of header, batches and records.
   * @param see is called with all that is wrong
   * @returns whether nothing is
   */
  verify(see: (found: Inconsistency) => void = () => {}): boolean {
    this.#checkOpen();
    return verifySegment(this.#segment, see);
  }

  /** Lets go of the blocks, without a sync. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#segment.blocks.close();
  }

  /** Like {@linkcode BlockStream.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Parts of a kind with where they begin in the blocks and how many whole bytes are before them. */
  *#parts(kind: number, from = 0): Generator<[at: number, bytes: Uint8Array, before: number]> {
    this.#checkOpen();
    const { synced, extent } = this.#segment;
    const place = Math.max(0, from - extent.offset);
    let at = searchBatches(this.#segment, Math.min(synced.at, place + 1), () => true);
    while (at < synced.at) {
      const window: SegmentWindow | undefined = readWindow(this.#segment, at, synced.at);
      if (window === undefined) throw damagedSegment(this.#path, extent.offset + at);
      const { parts, bytes } = window;
      let before = window.bytesBefore;
      for (let i = 0; i < parts.length; i += PART_FIELDS) {
        const begin = parts[i + 1]!;
        const end = parts[i + 2]!;
        const stands = extent.offset + window.at + begin - window.begin;
        if (parts[i] === kind) yield [stands, bytes.subarray(begin, end), before];
        if (parts[i] === WHOLE) before += end - begin;
      }
      at = window.end;
    }
  }

  #part(kind: number): Uint8Array {
    for (const [, bytes] of this.#parts(kind)) return bytes.slice();
    return new Uint8Array(0);
  }

  /** Writes what was gathered; the header, once, is durable before it. */
  #write(sealed: boolean): void {
    const segment = this.#segment;
    if (!segment.hasHeader) {
      segment.writeHeader();
      // Durable after this: the header, before anything is written behind it.
      segment.blocks.sync();
      segment.hasHeader = true;
    }
    segment.write(sealed);
  }

  #guard<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      this.#failure ??= { cause: error };
      throw error;
    }
  }

  #check(): void {
    this.#checkOpen();
    if (this.#failure === undefined) return;
    throw new StateError(
      "POISONED",
      `Cannot append to ${this.#path}: an earlier write or sync failed; open it again`,
      { path: this.#path, cause: this.#failure.cause },
    );
  }

  #checkOpen(): void {
    if (this.#closed) {
      throw new StateError("CLOSED", `${this.#path} was closed`, { path: this.#path });
    }
  }
}
