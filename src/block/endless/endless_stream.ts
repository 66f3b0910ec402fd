/**
 * A log without an end, over any number of segments.
 *
 * @module
 */

import { Checksum } from "../../base/checksum.ts";
import { isHoldfastError, StateError } from "../../errors.ts";
import { defaultIo } from "../../io/default_io.ts";
import { checkDurability } from "../../io/durability.ts";
import type { BlockAllocator } from "../blocks.ts";
import { abandonTail } from "./abandon_tail.ts";
import { AppendQueue, roomOf } from "./append_queue.ts";
import { CONTROL, WHOLE } from "../stream/stream_record.ts";
import {
  completeStreamOptions,
  type EndlessAppendOptions,
  type EndlessReadOptions,
  type EndlessStreamOptions,
} from "./endless_options.ts";
import { FrameChunks } from "./record_frames.ts";
import { recoverStream, type StreamRecovery } from "./recover_stream.ts";
import { sealStream } from "./seal_stream.ts";
import { SegmentRelease } from "./segment_release.ts";
import {
  CURSOR_NAME_BYTES_MAX,
  cursorControl,
  dropControl,
  nameBytes,
  startControl,
} from "./stream_control.ts";
import { StreamCore } from "./stream_core.ts";
import { nameOf, openFolder } from "./stream_folder.ts";
import { SegmentReader, type StreamReader } from "./stream_reader.ts";
import { retainedFrom } from "./stream_retention.ts";
import { checkSize, controlRoom } from "./stream_room.ts";
import { type CompareRecord, seekStream } from "./stream_seek.ts";
import { type EndlessStreamStats, streamStats } from "./stream_stats.ts";
import {
  verifyStream,
  type VerifyStreamOptions,
  type VerifyStreamReport,
} from "./stream_verify.ts";

/** What an append resolves to. */
export interface AppendResult {
  /** Offset of the record, or of the first of several: the number of records before it. */
  readonly offset: number;
}

/**
 * An append-only log of records over segments of fixed size: append at one end, read from anywhere,
 * trim the other end.
 *
 * - **Durability.** An append resolves when its record is where it was asked to be: "disk" (the
 *   default) survives power loss, "os" the process; "memory" is as "os" here. Whatever a crash
 *   leaves, opening finds every record that was acknowledged, in order, and of the others a
 *   beginning: whole ones, never a part.
 * - **Order and concurrency.** Offsets count records from 0, in call order. Any number of appends
 *   may wait; those of one turn share a write and a sync. One stream owns its blocks; another opener
 *   gets `LOCKED`.
 * - **Reading** sees what was acknowledged and no more. It is synchronous below, checks every
 *   checksum, takes memory for `cacheBytes` and one window per reader, and never blocks anything.
 * - **Failure.** A write or sync that fails poisons the stream: that append and all later ones reject
 *   with `POISONED`, reads go on, and opening again recovers.
 *
 * ```ts
 * import { EndlessStream, memoryBlocks } from "@holdfast/holdfast";
 *
 * const blocks = memoryBlocks({ blockBytes: 4096, blockCount: 256 });
 * const log = await EndlessStream.open(blocks); // or: EndlessStream.open("./log")
 * const bytes = (text: string) => new TextEncoder().encode(text);
 * const { offset } = await log.append(bytes("one")); // 0
 * await log.appendBatch([bytes("two"), bytes("three")]);
 * for await (const record of log.read({ from: offset })) {
 *   console.log(record.offset, new TextDecoder().decode(record.bytes)); // 0 one, 1 two, 2 three
 * }
 * await log.trim(2);
 * console.log(log.start, log.end); // 2 3
 * await log.close();
 * ```
 */
export class EndlessStream {
  /** What opening found: torn bytes that it dropped, damage that it let pass. */
  readonly recovered: StreamRecovery;

  readonly #core: StreamCore;
  readonly #queue: AppendQueue;
  readonly #chunks = new FrameChunks();
  readonly #release: SegmentRelease;
  readonly #owned: BlockAllocator | undefined;
  #closing: Promise<void> | undefined;

  private constructor(core: StreamCore, recovered: StreamRecovery, owned?: BlockAllocator) {
    this.#core = core;
    this.recovered = recovered;
    this.#owned = owned;
    this.#queue = new AppendQueue(core);
    this.#release = new SegmentRelease(core);
    this.#queue.onSegment = () => this.#retain();
  }

  /**
   * Opens the stream in a folder, which must exist, or in the runs of an allocator; begins one where
   * there is none. Reads the headers of all segments and the last segment. An allocator that was
   * passed stays the caller's, to be closed after the stream.
   * @throws {StateError} `LOCKED`; `TYPE_MISMATCH`: begun with another block size
   * @throws {CorruptionError} `CORRUPT_LOG`, `CORRUPT_BLOCKS`: see the option `onCorruption`
   * @throws {FormatError} `NOT_OUR_FILE`, `FORMAT_NEWER`
   * @throws {IoError} `IO_*`, `NO_SPACE`
   */
  static async open(
    at: string | BlockAllocator,
    options: EndlessStreamOptions = {},
  ): Promise<EndlessStream> {
    const complete = completeStreamOptions(options);
    const isFolder = typeof at === "string";
    const io = options.io ?? await (isFolder ? defaultIo().files() : defaultIo().memory());
    const owned = isFolder ? await openFolder(io, at, options) : undefined;
    const allocator = owned ?? at as BlockAllocator;
    try {
      const path = isFolder ? `${at}/${nameOf(options)}` : "the stream";
      const host = { io, checksum: new Checksum(io.crc32), path };
      const core = new StreamCore(host, allocator, complete);
      const recovered = await recoverStream(core, owned?.omitted);
      const stream = new EndlessStream(core, recovered, owned);
      if (!core.readOnly) {
        stream.#retain();
        await stream.#release.run();
      }
      return stream;
    } catch (error) {
      await owned?.close();
      throw error;
    }
  }

  /** Offset of the oldest record: what comes before it was trimmed. */
  get start(): number {
    return this.#core.controls.start;
  }

  /** Offset behind the newest record that can be read. */
  get end(): number {
    return this.#core.end;
  }

  /**
   * Appends a record, which is copied at once. An empty one is a record too.
   * @throws {StateError} `POISONED`, `CLOSED`, `READ_ONLY`; `TOO_LARGE`, with the limit
   * @throws {IoError} `NO_SPACE`: no other segment can be had; nothing was appended
   */
  append(bytes: Uint8Array, options: EndlessAppendOptions = {}): Promise<AppendResult> {
    return this.#append([bytes], options);
  }

  /**
   * Appends records that are all there after a crash, or none of them. They share one segment, and
   * with it its limit. Without any it resolves like a sync.
   * @throws what `append` throws
   */
  appendBatch(
    records: readonly Uint8Array[],
    options: EndlessAppendOptions = {},
  ): Promise<AppendResult> {
    return this.#append(records, options);
  }

  /** The record at an offset; `undefined` before the start and from the end on. */
  get(offset: number): Uint8Array | undefined {
    this.#core.checkOpen();
    if (!Number.isSafeInteger(offset) || offset < this.start || offset >= this.end) {
      return undefined;
    }
    const entry = new SegmentReader(this.#core, {}, offset).take();
    return entry?.offset === offset ? entry.bytes : undefined;
  }

  /**
   * Reads records in order, as they are at each step.
   * @throws {RangeError} `from` is behind the end
   * @throws {StateError} `CLOSED`; the reason of an aborted signal
   */
  read(options: EndlessReadOptions = {}): StreamReader {
    this.#core.checkOpen();
    options.signal?.throwIfAborted();
    const { from = this.start, to = Infinity } = options;
    this.#checkOffset(from);
    if (Number.isNaN(to) || typeof to !== "number") {
      throw new TypeError("The option to is a number");
    }
    return new SegmentReader(this.#core, options, from);
  }

  /**
   * Finds the first record that is not before what is looked for, by halves: reads about as many
   * blocks as the logarithm of their number. The records must be in the order of `compare`.
   * @param compare negative for a record before it, 0 at it, positive behind it
   * @returns its offset; the end when all are before
   */
  seek(compare: CompareRecord): number {
    this.#core.checkOpen();
    return seekStream(this.#core, compare);
  }

  /**
   * Removes all records before an offset. When it resolves, the new start is durable, and segments
   * that hold nothing else were given back, but for what `stats().unreleased` says. An offset before
   * the start changes nothing.
   * @returns how many segments were given back
   * @throws {RangeError} the offset is behind the end
   * @throws {StateError} `POISONED`, `CLOSED`, `READ_ONLY`
   */
  async trim(before: number): Promise<number> {
    this.#checkOffset(before);
    if (before > this.start) await this.#control(startControl(before));
    return await this.#release.run();
  }

  /** Offset of a named cursor; `undefined` when there is none. */
  cursor(name: string): number | undefined {
    this.#core.checkOpen();
    return this.#core.controls.cursors.get(name);
  }

  /** All cursors. */
  cursors(): Map<string, number> {
    this.#core.checkOpen();
    return new Map(this.#core.controls.cursors);
  }

  /**
   * Moves a named cursor forward, durably; makes it where there is none. Of concurrent calls, and of
   * one that is too late, the largest offset counts.
   * @returns where it is now
   * @throws {RangeError} the offset is behind the end; the name has more than 512 bytes, or none
   * @throws {StateError} `TOO_LARGE`: too many cursors for a segment; `POISONED`, `CLOSED`, `READ_ONLY`
   */
  async setCursor(name: string, offset: number): Promise<number> {
    const core = this.#core;
    this.#checkOffset(offset);
    const length = nameBytes(name);
    if (length === 0 || length > CURSOR_NAME_BYTES_MAX) {
      throw new RangeError(`A cursor's name has 1 to ${CURSOR_NAME_BYTES_MAX} bytes`);
    }
    const current = core.controls.cursors.get(name);
    if (current !== undefined && current >= offset) return current;
    const room = core.current === undefined ? Infinity : controlRoom(roomOf(core.current.blocks));
    if (core.controls.snapshotBytes(name) > room) {
      const { path } = core.host;
      throw new StateError("TOO_LARGE", `${path} has too many cursors for a segment`, { path });
    }
    await this.#control(cursorControl(name, offset));
    return core.controls.cursors.get(name) ?? offset;
  }

  /**
   * Removes a cursor, durably.
   * @returns whether it was there
   * @throws {StateError} `POISONED`, `CLOSED`, `READ_ONLY`
   */
  async dropCursor(name: string): Promise<boolean> {
    // Where a write has failed, a cursor that is not there yet may be with the next opening.
    const refusal = this.#core.refusal();
    if (refusal !== undefined) throw refusal;
    if (!this.#core.controls.cursors.has(name)) return false;
    await this.#control(dropControl(name));
    return true;
  }

  /** Allocates a segment ahead, so that a later append need not wait for it. */
  async grow(): Promise<void> {
    const refusal = this.#core.refusal();
    if (refusal !== undefined) throw refusal;
    await this.#core.grow();
  }

  /** Resolves when all that was appended before is on the medium, whatever it asked for. */
  async sync(): Promise<void> {
    await this.#append([], { durability: "disk" });
  }

  /** How much of its blocks it uses. */
  stats(): EndlessStreamStats {
    this.#core.checkOpen();
    return streamStats(this.#core, this.#queue.syncs);
  }

  /**
   * Checks every durable byte, beside all other work.
   * @throws {StateError} `CLOSED`; the reason of the signal
   */
  verify(options: VerifyStreamOptions = {}): Promise<VerifyStreamReport> {
    return verifyStream(this.#core, options);
  }

  /**
   * Writes what waits, makes all of it durable, and lets go of the blocks; readers that wait end.
   * Idempotent. Never rejects because of an earlier failure: those whom it concerns were told.
   * @throws {IoError} the last write or sync failed: records that were appended with "os" may be lost
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Like {@linkcode EndlessStream.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const core = this.#core;
    try {
      core.closing = true;
      await this.#queue.drain();
      if (core.failure === undefined && !core.readOnly) await sealStream(core, this.#queue);
    } catch (error) {
      core.poison(error);
      await abandonTail(core);
      throw error;
    } finally {
      core.closed = true;
      core.wake();
      for (const { blocks } of [...core.trimmed, ...core.runs]) blocks.close();
      for (const blocks of core.spares) blocks.close();
      core.successor?.close();
      await this.#owned?.close();
    }
  }

  #append(records: readonly Uint8Array[], options: EndlessAppendOptions): Promise<AppendResult> {
    const { durability = this.#core.options.durability, signal } = options;
    let bytes = 0;
    try {
      checkDurability(durability);
      for (const record of records) {
        if (!(record instanceof Uint8Array)) throw new TypeError("A record is a Uint8Array");
        bytes += record.length;
      }
      signal?.throwIfAborted();
      checkSize(this.#core, records.length, bytes);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#add(records, undefined, bytes, durability, signal);
  }

  async #control(record: Uint8Array): Promise<void> {
    await this.#add([record], record, record.length, "disk", undefined);
  }

  #add(
    records: readonly Uint8Array[],
    control: Uint8Array | undefined,
    bytes: number,
    durability: "memory" | "os" | "disk",
    signal: AbortSignal | undefined,
  ): Promise<AppendResult> {
    const refusal = this.#core.refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const frames = this.#chunks.copy(records, bytes, control === undefined ? WHOLE : CONTROL);
    return new Promise((resolve, reject) => {
      this.#queue.add({
        frames,
        bytes,
        control,
        durability,
        signal,
        resolve: (offset) => resolve({ offset }),
        reject,
      });
    });
  }

  #checkOffset(offset: number): void {
    this.#core.checkOpen();
    if (Number.isSafeInteger(offset) && offset >= 0 && offset <= this.end) return;
    throw new RangeError(`There is no offset ${offset}: the stream ends at ${this.end}`);
  }

  /** Trims what the option `retention` lets go. If that fails, later appends do too, and tell. */
  #retain(): void {
    const from = retainedFrom(this.#core);
    const done = from <= this.start ? this.#release.run() : this.trim(from);
    done.catch((error) => {
      if (!isHoldfastError(error)) this.#core.poison(error);
    });
  }
}
