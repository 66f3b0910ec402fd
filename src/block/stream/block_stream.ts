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
import { BATCH_HEADER_BYTES } from "../log_batch.ts";
import { type Inconsistency, verifySegment } from "./inconsistency.ts";
import { clearTail, loadSegment } from "./load_segment.ts";
import { readSegmentHeader } from "./segment_header.ts";
import { checkHeaderShape, damagedHeader, damagedSegment } from "./segment_problem.ts";
import { type BlockRange, type ByteRange, READ_BYTES, SegmentBytes } from "./segment_bytes.ts";
import { PART_FIELDS } from "./segment_window.ts";
import { MIDDLE, RECORD_OVERHEAD_BYTES, SPILLED, TRAILING, WHOLE } from "./stream_record.ts";
import {
  checkSegmentShape,
  type SegmentHost,
  type SegmentMark,
  StreamSegment,
} from "./stream_segment.ts";

/**
 * Most payload of a batch of several appends, which is read at once.
 *
 * PERF: with batches of whole pages and this length an append of 4 KiB records without syncs is 1.15x
 * as fast as with 64 KiB that end anywhere (Node, 2026-11-22).
 */
const BATCH_BYTES = READ_BYTES - BATCH_HEADER_BYTES - RECORD_OVERHEAD_BYTES;

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

/**
 * A byte stream in a run of blocks, which is full one day. What was appended is kept as it came: the
 * bytes of an append are all there, or none of them.
 *
 * Nothing is durable before {@linkcode BlockStream.sync}, and nothing can be read before that or
 * {@linkcode BlockStream.flush}, which is enough to survive the end of the process. Whatever a crash
 * leaves, opening finds all that was synced; a later append that was not is there as a whole, or
 * dropped. One owner; not for several threads. After a failed write or sync it is poisoned: reads go
 * on, appends do not, until it is opened again. After a failed sync some disks
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
  /**
   * Bytes of a torn tail that opening dropped: appends that were never synced. Behind a flush that no
   * sync followed they stay where they are, and are dropped each time.
   */
  readonly droppedBytes: number;

  readonly #segment: StreamSegment;
  readonly #bytes: SegmentBytes;
  readonly #path: string;
  #failure: { readonly cause: unknown } | undefined;
  #closed = false;

  private constructor(segment: StreamSegment, path: string, droppedBytes: number) {
    this.#segment = segment;
    this.#bytes = new SegmentBytes(segment, path);
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
    // Behind an end inside a block nothing is written any more: zeros could tear what is before them.
    if (loaded.sealed) clearTail(loaded);
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
  append(bytes: Uint8Array, options?: BlockAppendOptions): number {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("What is appended is a Uint8Array");
    this.#check();
    const segment = this.#segment;
    const { length } = bytes;
    const spilled = options !== undefined && options.spilled === true;
    if (spilled && !segment.isEmpty) {
      throw new RangeError("Only the first append to a stream can be spilled");
    }
    const { pendingBytes } = segment;
    if (pendingBytes > 0 && pendingBytes + length > BATCH_BYTES) {
      // Sealed for its whole pages alone: see `BATCH_BYTES`.
      this.#guard(() => this.#write(true));
    }
    const { room } = segment;
    if (length <= room && !spilled && length > 0) {
      segment.add(WHOLE, bytes, 0, length);
      return length;
    }
    const taken = Math.min(length, room);
    if (taken === 0) return 0;
    const whole = taken === length;
    const kind = whole ? spilled ? SPILLED : WHOLE : spilled ? MIDDLE : TRAILING;
    segment.add(kind, bytes, 0, taken);
    return taken;
  }

  /**
   * Hands over to the operating system what was appended, without a sync: it can be read from then
   * on, and survives the end of the process, but not every crash of the system before the next sync.
   * The first write of a stream syncs its header. A stream whose last bytes were flushed and not
   * synced is full when it is opened again: what follows them would share a block with them.
   * @throws {StateError} `POISONED`, `CLOSED`
   * @throws {IoError} what the blocks report: then the stream is poisoned
   */
  flush(): void {
    this.#check();
    const segment = this.#segment;
    if (segment.pendingBytes > 0) this.#guard(() => this.#write(false));
    segment.visible = segment.written;
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
      const mark = this.#seal();
      // Durable after this: every batch written so far.
      segment.blocks.sync();
      this.#synced(mark);
    });
  }

  /** Like {@linkcode BlockStream.sync}, off the thread where the blocks can. */
  async syncAsync(): Promise<void> {
    this.#check();
    const segment = this.#segment;
    if (!segment.isDirty) return;
    const mark = this.#guard(() => this.#seal());
    try {
      // Durable after this: every batch written before it began.
      await segment.blocks.syncAsync();
    } catch (error) {
      this.#failure ??= { cause: error };
      throw error;
    }
    this.#synced(mark);
  }

  /**
   * All bytes that were appended whole, one after the other, synced or flushed; not more than a part
   * if asked.
   */
  data(range: ByteRange = { begin: 0, end: this.#segment.visible.bytes }): Uint8Array {
    this.#checkOpen();
    return this.#bytes.whole(range);
  }

  /** Bytes that came from another stream. */
  spilled(): Uint8Array {
    this.#checkOpen();
    return this.#bytes.spilled();
  }

  /** Bytes of an append that this stream could not take whole. */
  trailing(): Uint8Array {
    this.#checkOpen();
    return this.#bytes.trailing();
  }

  /**
   * The appends that were taken whole, in order. The bytes are the caller's own. Those of neighbours
   * may lie in one buffer of 256 KiB, or of the longest of them: copy what is kept for long. To
   * transfer the buffer takes those that were read before along, and none that are read later.
   */
  *records(): IterableIterator<Uint8Array> {
    this.#checkOpen();
    for (const window of this.#bytes.windows(0)) {
      const { parts, bytes } = window;
      for (let i = 0; i < parts.length; i += PART_FIELDS) {
        if (parts[i] !== WHOLE) continue;
        if (bytes.length === 0) {
          // It was transferred with a part of it.
          yield* this.#bytes.copies(window, i);
          break;
        }
        yield bytes.subarray(parts[i + 1]!, parts[i + 2]!);
      }
      this.#checkOpen();
    }
  }

  /** The first and the last block in which a whole append begins; `undefined` without any. */
  dataBlockRange(): BlockRange | undefined {
    this.#checkOpen();
    return this.#bytes.blockRange();
  }

  /**
   * Where in {@linkcode BlockStream.data} the appends stand that begin in a block: from the begin of
   * the first to the end of the last, which may lie in a later block.
   * @returns `undefined` when none begins there
   * @throws {RangeError} there is no such block
   */
  dataRangeFor(block: number): ByteRange | undefined {
    const { blockCount } = this.#segment.blocks;
    if (!Number.isInteger(block) || block < 0 || block >= blockCount) {
      throw new RangeError(`There is no block ${block} of ${blockCount}`);
    }
    this.#checkOpen();
    return this.#bytes.rangeFor(block);
  }

  /** Bytes that can be read, in all. */
  get length(): number {
    const { bytes, spilled, trailing } = this.#segment.visible;
    return bytes + spilled + trailing;
  }

  /** Bytes that one append to an empty stream can have. */
  get capacity(): number {
    return this.#segment.capacity;
  }

  /** Number of appends that were taken whole and can be read. */
  get recordCount(): number {
    const { items, spilled } = this.#segment.visible;
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

  /** Writes what is to be synced, up to a block boundary. @returns how far a sync is to reach */
  #seal(): SegmentMark {
    const segment = this.#segment;
    const isOpen = segment.pendingBytes > 0 || !segment.isSealed && segment.canSeal;
    if (isOpen) this.#write(true);
    return segment.written;
  }

  /** A sync that began when `mark` was written has returned. */
  #synced(mark: SegmentMark): void {
    const segment = this.#segment;
    if (mark.sequence >= segment.synced.sequence) segment.markSynced(mark);
    if (mark.sequence >= segment.visible.sequence) segment.visible = mark;
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
