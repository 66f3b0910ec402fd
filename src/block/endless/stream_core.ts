/**
 * What the parts of an endless stream share.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import type { BlockAllocator, Blocks } from "../blocks.ts";
import type { SegmentHeader } from "../stream/segment_header.ts";
import type { SegmentHost, SegmentStart, StreamSegment } from "../stream/stream_segment.ts";
import { checkSegmentShape } from "../stream/stream_segment.ts";
import type { CompleteStreamOptions } from "./endless_options.ts";
import { StreamControls } from "./stream_control.ts";
import { WindowCache } from "./window_cache.ts";

/** A run of blocks of the stream; without a segment when that is damaged beyond use. */
export interface StreamRun {
  /** Where it is. */
  readonly blocks: Blocks;
  /** What is in it. */
  readonly segment: StreamSegment | undefined;
}

/** Damage that opening found. */
export interface StreamDamage {
  /** The blocks. */
  readonly blocks: number;
  /** Byte in them. */
  readonly offset: number;
  /** For people. */
  readonly message: string;
}

/** Segments and records that are lost behind the last segment that can be read. */
export interface LostTail {
  /** Segments. */
  readonly segments: number;
  /** Records, at most. */
  readonly records: number;
  /** The sequence of the log behind them, at least. */
  readonly sequence: number;
}

/** The state of one open stream. */
export class StreamCore {
  /** Clock, checksums, name. */
  readonly host: SegmentHost;
  /** Where blocks come from. */
  readonly allocator: BlockAllocator;
  /** How it was opened. */
  readonly options: CompleteStreamOptions;
  /** All runs in use, oldest first. */
  readonly runs: StreamRun[] = [];
  /** Their segments. */
  readonly segments: StreamSegment[] = [];
  /** Runs that were allocated ahead, oldest first. */
  readonly spares: Blocks[] = [];
  /** Runs that are trimmed and not yet released, oldest first. */
  readonly trimmed: StreamRun[] = [];
  /** Where it begins, and cursors. */
  readonly controls: StreamControls = new StreamControls();
  /** What was read last. */
  readonly cache: WindowCache;
  /** Offset behind the last record that readers may see. */
  end = 0;
  /** The identity of the stream; random for one without segments. */
  identity: Uint8Array;
  /** What is lost behind the last segment. */
  lost: LostTail | undefined;
  /** The first failed write or sync. */
  failure: { readonly cause: unknown } | undefined;
  /** What follows the last durable record, once something failed; `null` while it is being made. */
  successor: Blocks | null | undefined;
  /** Damage was found, and it was opened for that with "read-only". */
  readOnly = false;
  /** It is being closed, or was. */
  closing = false;
  /** It was closed. */
  closed = false;
  /** Readers that wait. */
  readonly waiting: Set<() => void> = new Set();

  /** A stream that nothing is known of yet. */
  constructor(host: SegmentHost, allocator: BlockAllocator, options: CompleteStreamOptions) {
    this.host = host;
    this.allocator = allocator;
    this.options = options;
    this.cache = new WindowCache(options.cacheBytes);
    this.identity = new Uint8Array(16);
    host.io.random(this.identity);
  }

  /** The segment that is written to, if it is not given up. */
  get current(): StreamSegment | undefined {
    return this.segments[this.segments.length - 1];
  }

  /** What a new segment continues. */
  next(continues: boolean): SegmentStart {
    const { current, identity, lost } = this;
    const records = lost?.records ?? 0;
    if (current === undefined) {
      return {
        number: 1 + (lost?.segments ?? 0),
        continues,
        identity,
        sequence: lost?.sequence ?? 0,
        chain: 0,
        firstOffset: Math.max(records, this.controls.start),
        previousEnd: 0,
        previousBytes: 0,
      };
    }
    const { written, header, position } = current;
    return {
      number: header.number + 1 + (lost?.segments ?? 0),
      continues,
      identity,
      sequence: Math.max(position.sequence, lost?.sequence ?? 0),
      chain: position.chain,
      firstOffset: current.nextOffset + records,
      previousEnd: written.at,
      previousBytes: written.bytes + written.spilled + written.trailing,
    };
  }

  /**
   * The run that is to be used next, or a later one of those allocated ahead. They are used in the
   * order of their numbers: recovery takes a blank one before a used one for damage. So what is
   * allocated here stands behind what others have under way.
   * @param reserve whether one that is allocated here takes its space
   */
  async spare(index: number, reserve: boolean = this.options.reserve): Promise<Blocks> {
    const { spares } = this;
    while (spares.length <= index) await this.grow(reserve);
    checkSegmentShape(spares[index]!);
    return spares[index]!;
  }

  /** Allocates a run ahead. */
  async grow(reserve: boolean = this.options.reserve): Promise<void> {
    this.spares.push(await this.allocator.allocate({ reserve }));
  }

  /** Takes over a new segment. */
  push(segment: StreamSegment): void {
    this.segments.push(segment);
    this.runs.push({ blocks: segment.blocks, segment });
    this.lost = undefined;
    this.end = Math.max(this.end, segment.header.firstOffset);
  }

  /** The segment behind another one, which may be gone. */
  after({ number }: SegmentHeader): StreamSegment | undefined {
    const index = this.segments.findIndex(({ header }) => header.number > number);
    return index < 0 ? undefined : this.segments[index];
  }

  /** Index of the last segment that begins at or before a record; 0 when none does. */
  indexOf(offset: number): number {
    let low = 0;
    let high = this.segments.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.segments[middle]!.header.firstOffset <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Readers may see more, or never will again. */
  wake(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Notes the first failure. @returns the error that every append gets from then on */
  poison(cause: unknown): StateError {
    this.failure ??= { cause };
    const { path } = this.host;
    const message = `Cannot write to ${path}: an earlier write or sync failed; open it again`;
    return new StateError("POISONED", message, { path, cause: this.failure.cause });
  }

  /** @throws {StateError} `CLOSED` */
  checkOpen(): void {
    if (!this.closed) return;
    throw new StateError("CLOSED", `${this.host.path} was closed`, { path: this.host.path });
  }

  /** Why nothing can be written, if so. */
  refusal(): StateError | undefined {
    const { path } = this.host;
    if (this.closing) return new StateError("CLOSED", `${path} was closed`, { path });
    if (this.failure !== undefined) return this.poison(this.failure.cause);
    if (!this.readOnly) return undefined;
    const message = `Cannot write to ${path}: it is damaged, and was opened with "read-only"`;
    return new StateError("READ_ONLY", message, { path });
  }
}
