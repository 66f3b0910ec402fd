/**
 * Reads an endless stream in order: as fast as it can, as slow as it likes, for ever.
 *
 * A reader holds no segment between two records, only a position and what it has read. What it gives
 * out is the caller's: a copy, or in a scan a part of a window that no other reader has. So a trim
 * never waits for it, and it never reads what was released: it finds that the start of the stream has
 * passed it, and goes on from there.
 *
 * @module
 */

import { joinBytes } from "../../base/join_bytes.ts";
import { SEGMENT_HEADER_BYTES } from "../stream/segment_header.ts";
import { damagedSegment } from "../stream/segment_problem.ts";
import {
  findPlaced,
  PART_FIELDS,
  readWindow,
  SCAN_WINDOW_BYTES,
  searchBatches,
  type SegmentWindow,
} from "../stream/segment_window.ts";
import { MIDDLE, SPILLED, TRAILING, WHOLE } from "../stream/stream_record.ts";
import type { LogPosition } from "../log_extent.ts";
import type { StreamSegment } from "../stream/stream_segment.ts";
import type { EndlessReadOptions } from "./endless_options.ts";
import type { StreamCore } from "./stream_core.ts";

/** One record. */
export interface StreamEntry {
  /** Its offset: the number of records before it, trimmed ones included. */
  readonly offset: number;
  /**
   * Its bytes, owned by the caller. Those of records that were read one after the other may lie in
   * one buffer of 128 KiB, or of the longest of them: copy what is kept for long. To transfer the
   * buffer takes those that were read before along, and none that are read later.
   */
  readonly bytes: Uint8Array;
}

/** Why a reader passed over records. */
export type SkipReason = "trimmed" | "damaged";

/**
 * Reads records in order. `for await` ends at the end of the stream, or never with `follow`; another
 * loop over the same reader resumes behind the last record. Breaking out of a loop ends the reader.
 */
export interface StreamReader extends AsyncIterableIterator<StreamEntry> {
  /** Offset of the next record. */
  readonly offset: number;
  /** Records that were passed over so far, because they were trimmed or damaged. */
  readonly skipped: number;
  /**
   * The next record, at once; `undefined` when there is none yet, or no more. One more call finds
   * what was appended meanwhile.
   * @throws {CorruptionError} `CORRUPT_LOG`: it is damaged, and the stream was not opened with "skip"
   * @throws {StateError} `CLOSED`
   */
  take(): StreamEntry | undefined;
  /**
   * The next record; waits for it with `follow`.
   * @throws what `take` throws; the reason of the signal
   */
  next(): Promise<IteratorResult<StreamEntry>>;
  /** Ends it: whoever waits for a record gets none. */
  return(): Promise<IteratorResult<StreamEntry>>;
  /** Another reader at the same place, with the same options. */
  clone(): StreamReader;
  /**
   * Steps back by `count` records, at most to the start of the stream.
   * @returns whether that many were there
   */
  rewind(count: number): boolean;
}

/** Records that are read between two looks at the clock. */
const CLOCK_STEP = 64;
/** How long reading may keep the thread, in milliseconds. */
const TURN_MS = 5;

/** Reads the segments of a core. */
export class SegmentReader implements StreamReader {
  offset: number;
  skipped = 0;

  readonly #core: StreamCore;
  readonly #options: EndlessReadOptions;
  #segment: StreamSegment | undefined;
  #at = 0;
  #expected: LogPosition | undefined;
  #window: SegmentWindow | undefined;
  /** The window is this reader's alone, so that parts of it may be given out. */
  #isOwn = false;
  /** It has come to the end of a window and goes on. */
  #isScan = false;
  #part = 0;
  #pieces: Uint8Array[] = [];
  #ended = false;
  #taken = 0;
  #turnBegan: number;

  /** A reader from an offset on. */
  constructor(core: StreamCore, options: EndlessReadOptions, offset: number) {
    this.#core = core;
    this.#options = options;
    this.offset = offset;
    this.#turnBegan = core.host.io.monotonic();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  take(): StreamEntry | undefined {
    const core = this.#core;
    core.checkOpen();
    const { to = Infinity } = this.#options;
    while (!this.#ended) {
      const { start } = core.controls;
      if (this.offset < start) this.#skipTo(start, "trimmed");
      if (this.offset >= core.end || this.offset >= to) return undefined;
      if (!this.#loadPart()) {
        this.#lose(core.end);
        return undefined;
      }
      const entry = this.#join();
      if (entry === undefined) continue;
      if (entry.offset > this.offset) {
        this.#lose(entry.offset);
        if (entry.offset >= to) return undefined;
        continue;
      }
      this.#part += PART_FIELDS;
      this.#pieces = [];
      this.offset++;
      return entry;
    }
    return undefined;
  }

  async next(): Promise<IteratorResult<StreamEntry>> {
    const { follow = false, signal, to = Infinity } = this.#options;
    for (;;) {
      if (!this.#ended) signal?.throwIfAborted();
      if (this.#ended || this.#core.closed) return { done: true, value: undefined };
      if (++this.#taken % CLOCK_STEP === 0) await this.#pause();
      const value = this.take();
      if (value !== undefined) return { done: false, value };
      if (!follow || this.offset >= to) return { done: true, value: undefined };
      await this.#wait();
    }
  }

  return(): Promise<IteratorResult<StreamEntry>> {
    this.#ended = true;
    this.#core.wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  clone(): SegmentReader {
    const copy = new SegmentReader(this.#core, this.#options, this.offset);
    copy.skipped = this.skipped;
    return copy;
  }

  rewind(count: number): boolean {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(`A reader steps back by a number of records, not ${count}`);
    }
    const wanted = this.offset - count;
    this.offset = Math.max(wanted, this.#core.controls.start);
    this.#leave();
    return wanted >= this.#core.controls.start;
  }

  /** The record that ends with the present part, or `undefined` when none does, or an earlier one. */
  #join(): StreamEntry | undefined {
    const { parts, bytes } = this.#window!;
    // It was transferred with a part of it, and is read anew.
    if (bytes.length === 0) return this.#leave();
    const at = this.#part;
    const kind = parts[at]!;
    const offset = this.#segment!.header.firstOffset + parts[at + 3]!;
    const piece = bytes.subarray(parts[at + 1]!, parts[at + 2]!);
    if (kind === WHOLE && offset >= this.offset) {
      return { offset, bytes: this.#isOwn ? piece : piece.slice() };
    }
    if (kind === SPILLED && this.#pieces.length > 0 && offset >= this.offset) {
      return { offset, bytes: joinBytes([...this.#pieces, piece]) };
    }
    this.#part += PART_FIELDS;
    if (kind === TRAILING) this.#pieces = [piece];
    else if (kind === MIDDLE && this.#pieces.length > 0) this.#pieces.push(piece);
    else this.#pieces = [];
    // The begin of it is gone.
    if (kind === SPILLED && offset >= this.offset) this.#lose(offset + 1);
    return undefined;
  }

  /**
   * Makes a part present. Before the end of the stream there is a segment: without any the end is 0,
   * and the last one is never released.
   * @returns `false` when there is none any more
   */
  #loadPart(): boolean {
    for (;;) {
      // A segment that was released holds nothing from `offset` on but control records.
      const oldest = this.#core.segments[0]!.header.number;
      if ((this.#segment?.header.number ?? oldest) < oldest) this.#leave();
      if (this.#segment === undefined) this.#locate();
      if (this.#window !== undefined && this.#part < this.#window.parts.length) return true;
      const segment = this.#segment!;
      const end = segment.visible.at;
      this.#isScan ||= this.#window !== undefined;
      if (this.#at < end) {
        this.#loadWindow(segment, end);
        continue;
      }
      const next = this.#core.after(segment.header);
      if (next === undefined) return false;
      const { sequence, chain } = next.header;
      if (this.#expected !== undefined && this.#expected.sequence !== sequence) {
        this.#damaged(segment, this.#at);
        this.#pieces = [];
      }
      this.#enter(next, 0);
      this.#expected = { sequence, chain };
    }
  }

  #loadWindow(segment: StreamSegment, end: number): void {
    const expected = this.#expected;
    // Near the end others read the same, and will again: what is far from it is not kept.
    this.#isOwn = this.#isScan && end - this.#at >= SCAN_WINDOW_BYTES;
    const window = this.#isOwn
      ? readWindow(segment, this.#at, end, SCAN_WINDOW_BYTES)
      : this.#core.cache.get(segment, this.#at, end);
    const continues = expected === undefined || window === undefined ||
      window.first.sequence === expected.sequence && window.first.chain === expected.chain;
    if (window !== undefined && continues) {
      this.#window = window;
      this.#part = 0;
      this.#at = window.end;
      this.#expected = window.next;
      return;
    }
    this.#damaged(segment, this.#at);
    const next = findPlaced(segment, this.#at + (window === undefined ? 64 : 0), end);
    this.#at = next < 0 ? end : next;
    this.#window = undefined;
    this.#expected = undefined;
    this.#pieces = [];
  }

  /** Damage is an error, unless readers are to skip it. */
  #damaged({ path }: StreamSegment, at: number): void {
    if (this.#core.options.onCorruption === "skip") return;
    throw damagedSegment(path, SEGMENT_HEADER_BYTES + at);
  }

  /** Finds the place of `offset`. */
  #locate(): void {
    const { segments } = this.#core;
    let index = this.#core.indexOf(this.offset);
    let segment = segments[index]!;
    while (segment.header.continues && segment.header.firstOffset >= this.offset && index > 0) {
      segment = segments[--index]!;
    }
    const items = this.offset - segment.header.firstOffset;
    const end = segment.visible.at;
    this.#enter(segment, searchBatches(segment, end, ({ place }) => place!.items <= items));
  }

  #enter(segment: StreamSegment, at: number): void {
    this.#segment = segment;
    this.#at = at;
    this.#window = undefined;
    this.#part = 0;
    this.#expected = undefined;
  }

  #leave(): undefined {
    this.#segment = undefined;
    this.#window = undefined;
    this.#isScan = false;
    this.#expected = undefined;
    this.#pieces = [];
  }

  /** Records before an offset are not there although they should be: a part was looked for. */
  #lose(offset: number): void {
    this.#damaged(this.#segment!, this.#at);
    this.#skipTo(offset, "damaged");
  }

  #skipTo(offset: number, reason: SkipReason): void {
    const from = this.offset;
    this.skipped += offset - from;
    this.offset = offset;
    if (reason === "trimmed") this.#leave();
    this.#options.onSkip?.(from, offset, reason);
  }

  async #wait(): Promise<void> {
    const { signal } = this.#options;
    const { waiting } = this.#core;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener("abort", wake);
        waiting.delete(wake);
        resolve();
      };
      waiting.add(wake);
      signal?.addEventListener("abort", wake);
    });
  }

  /** Gives way to others when it has kept the thread for long. */
  async #pause(): Promise<void> {
    const { io } = this.#core.host;
    if (io.monotonic() - this.#turnBegan < TURN_MS) return;
    await new Promise<void>((resolve) => io.nextTurn(resolve));
    this.#turnBegan = io.monotonic();
  }
}
