/**
 * The way of appends into the log: in call order, as many as there are with one write and one sync.
 *
 * A record is given its offset when it is gathered, and its promise resolves when the sync (with "os"
 * and "memory": the write) that covers it has returned. Nothing is written while a sync runs.
 *
 * Spanning. A record's parts are written and synced segment after segment, and each segment behind
 * the first begins with a header that says it goes on there. Only its last part makes it a record, so
 * a crash anywhere leaves all of it, or a void part that no reader is shown.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import type { Durability } from "../../io/durability.ts";
import type { Blocks } from "../blocks.ts";
import { BATCH_HEADER_BYTES } from "../log_batch.ts";
import { SEGMENT_HEADER_BYTES } from "../stream/segment_header.ts";
import { WINDOW_BYTES } from "../stream/segment_window.ts";
import {
  CONTROL,
  MIDDLE,
  RECORD_OVERHEAD_BYTES,
  SPILLED,
  TRAILING,
  WHOLE,
} from "../stream/stream_record.ts";
import { StreamSegment } from "../stream/stream_segment.ts";
import { abandonTail } from "./abandon_tail.ts";
import type { RecordFrames } from "./record_frames.ts";
import { addSnapshot } from "./recover_stream.ts";
import type { StreamCore } from "./stream_core.ts";

/** Most bytes gathered before one sync. */
const TURN_BYTES: number = 1024 * 1024;
/** Above this average the sync goes off the thread: below it the detour costs more. */
const SLOW_SYNC_MS = 1;

/** What waits to be written. */
export interface StreamOperation {
  /** Records that are written together. */
  readonly frames: RecordFrames;
  /** Their bytes, without what stands before each. */
  readonly bytes: number;
  /** The only one of them, if it is a control record. */
  readonly control: Uint8Array | undefined;
  /** What the promise waits for. */
  readonly durability: Durability;
  /** Gives up while it waits. */
  readonly signal: AbortSignal | undefined;
  /** With the offset of the first record. */
  readonly resolve: (offset: number) => void;
  /** With the reason. */
  readonly reject: (error: unknown) => void;
}

/** Writes what is put into it. */
export class AppendQueue {
  /** Syncs that returned. */
  syncs = 0;
  /** Called when a segment has been begun. */
  onSegment: () => void = () => {};

  readonly #core: StreamCore;
  #queue: StreamOperation[] = [];
  #busy = false;
  #idle: (() => void)[] = [];
  #averageMs = 0;

  /** For one stream. */
  constructor(core: StreamCore) {
    this.#core = core;
  }

  /** Adds something; it is written in a later turn. */
  add(operation: StreamOperation): void {
    this.#queue.push(operation);
    if (this.#busy) return;
    this.#busy = true;
    void this.#run();
  }

  /** Resolves when nothing waits. */
  async drain(): Promise<void> {
    while (this.#busy) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // All that is appended in this turn shares the sync.
      await new Promise<void>((resolve) => this.#core.host.io.nextTurn(resolve));
      if (this.#core.failure !== undefined) {
        this.#rejectAll(this.#core.poison(this.#core.failure.cause));
        break;
      }
      try {
        await this.#turn();
      } catch (error) {
        // The segment is in an unknown state: nothing more is acknowledged.
        this.#core.poison(error);
      }
    }
    if (this.#core.failure !== undefined) await abandonTail(this.#core);
    this.#busy = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #rejectAll(error: StateError): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const { reject } of queue) reject(error);
  }

  /** One batch. */
  async #turn(): Promise<void> {
    let segment = this.#core.current;
    while (segment === undefined || !this.#isNextReady(segment)) {
      const operation = this.#queue[0];
      if (operation === undefined) return;
      if (operation.frames.count === 0) {
        this.#queue.shift();
        operation.resolve(this.#core.end);
        return;
      }
      if (!await this.#makeRoom(operation)) return;
      segment = this.#core.current;
    }
    const taken: StreamOperation[] = [];
    const offsets: number[] = [];
    let sync = false;
    try {
      let bytes = 0;
      while (this.#queue.length > taken.length && bytes < TURN_BYTES) {
        const operation = this.#queue[taken.length]!;
        // Batches are what readers take whole: none is longer than a window and one operation.
        const { pendingBytes } = segment;
        if (pendingBytes > 0 && pendingBytes + operation.bytes > WINDOW_BYTES) segment.write(false);
        if (!this.#fits(segment, operation)) break;
        if (operation.signal?.aborted) {
          this.#queue.splice(taken.length, 1);
          operation.reject(operation.signal.reason);
          continue;
        }
        taken.push(operation);
        offsets.push(segment.nextOffset);
        this.#gather(segment, operation);
        bytes += operation.bytes;
        sync ||= operation.durability === "disk";
      }
      this.#queue.splice(0, taken.length);
      await this.#write(segment, sync);
    } catch (error) {
      const refusal = this.#core.poison(error);
      for (const { reject } of taken) reject(refusal);
      return;
    }
    this.#complete(taken, offsets);
  }

  #isNextReady(segment: StreamSegment): boolean {
    const operation = this.#queue[0];
    return operation !== undefined && this.#fits(segment, operation);
  }

  #fits(segment: StreamSegment, { frames: { count }, bytes }: StreamOperation): boolean {
    return count === 0 || segment.fits(count, bytes);
  }

  #gather(segment: StreamSegment, { frames, control }: StreamOperation): void {
    const { bytes, begin, end, count } = frames;
    if (count === 0) return;
    segment.addFrames(bytes, begin, end, count, control === undefined ? WHOLE : CONTROL);
  }

  /** Writes what was gathered, syncs if asked, and shows it to readers. */
  async #write(segment: StreamSegment, sync: boolean): Promise<void> {
    const isOpen = segment.pendingBytes > 0 || (sync && !segment.isSealed && segment.canSeal);
    if (isOpen) segment.write(sync);
    const mark = segment.written;
    if (sync && segment.synced !== mark) {
      await this.#sync(segment.blocks);
      segment.markSynced(mark);
    }
    segment.visible = mark;
  }

  #complete(taken: readonly StreamOperation[], offsets: readonly number[]): void {
    const core = this.#core;
    const { current, controls } = core;
    if (current !== undefined) {
      core.end = Math.max(core.end, current.header.firstOffset + current.visible.items);
    }
    for (let i = 0; i < taken.length; i++) {
      const { control, resolve } = taken[i]!;
      if (control !== undefined) controls.apply(control);
      resolve(offsets[i]!);
    }
    core.wake();
  }

  /** Durable when it resolves: all that was written to the blocks before the call. */
  async #sync(blocks: Blocks): Promise<void> {
    const { io } = this.#core.host;
    const began = io.monotonic();
    if (this.#averageMs > SLOW_SYNC_MS) await blocks.syncAsync();
    else blocks.sync();
    this.syncs++;
    const took = Math.min(io.monotonic() - began, 4 * SLOW_SYNC_MS);
    this.#averageMs += (took - this.#averageMs) * 0.1;
  }

  /**
   * The current segment has no room for an operation: another one is begun, or the operation spans.
   * @returns whether the operation is still to be written
   */
  async #makeRoom(operation: StreamOperation): Promise<boolean> {
    const { frames, control, bytes } = operation;
    const { current, options, controls } = this.#core;
    const spans = control === undefined && frames.count === 1 && bytes <= options.spanBytes;
    const first = spans ? current?.room ?? 0 : 0;
    const snapshot = controls.snapshotBytes();
    let fresh = 0;
    let left = bytes + (frames.count - 1) * RECORD_OVERHEAD_BYTES - first;
    try {
      do {
        const room = roomOf(await this.#core.spare(fresh++)) - snapshot;
        if (left > room && !spans) throw this.#tooLarge(bytes, room);
        left -= room;
      } while (left > 0);
    } catch (error) {
      // Nothing was written: the stream stays as it is, with more room ahead.
      this.#queue.shift();
      operation.reject(error);
      return false;
    }
    if (fresh === 1 && first === 0) {
      await this.#begin(false);
      this.onSegment();
      return true;
    }
    this.#queue.shift();
    try {
      const record = frames.bytes.subarray(frames.begin + RECORD_OVERHEAD_BYTES, frames.end);
      const offset = await this.#span(record, first);
      this.#complete([operation], [offset]);
    } catch (error) {
      operation.reject(this.#core.poison(error));
      return false;
    }
    this.onSegment();
    return false;
  }

  /** Begins another segment: its header says that all before it was durable. Nothing may wait. */
  async advance(): Promise<void> {
    await this.#core.spare(0);
    await this.#begin(false);
  }

  #tooLarge(bytes: number, most: number): StateError {
    const { path } = this.#core.host;
    const message = `Cannot append ${bytes} bytes to ${path}: a segment has room for ${most}`;
    return new StateError("TOO_LARGE", message, { path });
  }

  /** Writes a record over the end of the current segment and new ones. @returns its offset */
  async #span(bytes: Uint8Array, first: number): Promise<number> {
    let at = 0;
    const { current } = this.#core;
    if (current !== undefined && first > 0) {
      current.add(TRAILING, bytes, 0, first);
      await this.#write(current, true);
      at = first;
    }
    while (at < bytes.length) {
      const segment = await this.#begin(at > 0);
      const end = Math.min(bytes.length, at + segment.room);
      const isLast = end === bytes.length;
      segment.add(at === 0 ? TRAILING : isLast ? SPILLED : MIDDLE, bytes, at, end);
      await this.#write(segment, true);
      at = end;
    }
    return this.#core.current!.nextOffset - 1;
  }

  /** Ends the current segment, durable to its end, and begins another in the next run there is. */
  async #begin(continues: boolean): Promise<StreamSegment> {
    const core = this.#core;
    const { current } = core;
    if (current !== undefined && !current.ended) {
      if (current.isDirty) await this.#write(current, true);
      current.end();
    }
    const blocks = core.spares.shift()!;
    const segment = StreamSegment.begin(core.host, blocks, core.next(continues));
    segment.writeHeader();
    // Durable after this: the header, before anything is written behind it.
    await this.#sync(blocks);
    segment.hasHeader = true;
    core.push(segment);
    addSnapshot(core, segment);
    return segment;
  }
}

/** Bytes that the only record of a new segment can have. */
export function roomOf({ blockBytes, blockCount }: Blocks): number {
  return blockBytes * blockCount - SEGMENT_HEADER_BYTES - BATCH_HEADER_BYTES -
    RECORD_OVERHEAD_BYTES;
}
