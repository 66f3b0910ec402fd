/**
 * The options of endless streams, checked and completed.
 *
 * @module
 */

import type { IoAdapter } from "../../io/adapter.ts";
import { checkDurability, type Durability } from "../../io/durability.ts";
import type { SkipReason } from "./stream_reader.ts";

/** Whether a record may lie in more than one segment: all of it is there, or nothing. */
export type SpanBehavior = "never" | {
  /** Records up to this many bytes, included, go on in the next segment instead of leaving a gap. */
  readonly maxBytes: number;
};

/**
 * What happens where durable records are damaged: opening and reads fail there; or readers go on
 * behind it and say how much they skipped; or as with "error", but damage that opening finds leaves
 * the stream open for reading alone.
 */
export type OnCorruption = "error" | "skip" | "read-only";

/** What may be released without being trimmed: whole segments, oldest first. */
export interface Retention {
  /** Segments beyond this many bytes in all. */
  readonly bytes?: number;
  /** Segments whose last record is older than this many milliseconds. */
  readonly ageMs?: number;
  /** Only what all cursors are behind; alone: all of that. @default false */
  readonly cursors?: boolean;
}

/** How to open an endless stream. */
export interface EndlessStreamOptions {
  /** Default: the adapter of the running runtime. */
  readonly io?: IoAdapter;
  /** In a folder: the name of the stream, see `fileBlocks`. @default "stream" */
  readonly name?: string;
  /** In a folder: bytes of new segments, 16 KiB to 2 GiB. @default as before; 16 MiB of a new one */
  readonly segmentBytes?: number;
  /** In a folder: bytes of a block, for ever. @default as before; 4096 of a new one, or with `segmentBytes` */
  readonly blockBytes?: number;
  /**
   * Whether a new segment takes its space at once, see `AllocateOptions`: best where appends are
   * synced. Without, large batches with durability "os" are several times as fast, and a full disk
   * poisons the stream where it would have refused one append. @default true
   */
  readonly reserve?: boolean;
  /** Where a record is when its append resolves. @default "disk" */
  readonly durability?: Durability;
  /** Whether a record may lie in more than one segment. @default "never" */
  readonly span?: SpanBehavior;
  /** What happens where durable records are damaged. @default "error" */
  readonly onCorruption?: OnCorruption;
  /** Memory for parts of segments that were read, in bytes, for all readers together. @default 4 MiB */
  readonly cacheBytes?: number;
  /** Most bytes of a record. @default what a segment holds, or more if records may span */
  readonly maxRecordBytes?: number;
  /** What is released without being trimmed, whenever a segment is full. @default nothing */
  readonly retention?: Retention;
}

/** How to append. */
export interface EndlessAppendOptions {
  /** Default: that of the stream. */
  readonly durability?: Durability;
  /** An append that still waits for its turn when this is aborted rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** What to read. */
export interface EndlessReadOptions {
  /** Offset of the first record. @default the oldest */
  readonly from?: number;
  /** Offset behind the last one. @default no end */
  readonly to?: number;
  /** Waits for records to come instead of ending. @default false */
  readonly follow?: boolean;
  /** Ends it: what waits rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Called when records were passed over: trimmed, or damaged. */
  readonly onSkip?: (from: number, to: number, reason: SkipReason) => void;
}

/** Options with defaults applied. */
export interface CompleteStreamOptions {
  /** See `EndlessStreamOptions`. */
  readonly reserve: boolean;
  /** See `EndlessStreamOptions`. */
  readonly durability: Durability;
  /** Records up to this length may span. -1: none */
  readonly spanBytes: number;
  /** See `EndlessStreamOptions`. */
  readonly onCorruption: OnCorruption;
  /** See `EndlessStreamOptions`. */
  readonly cacheBytes: number;
  /** See `EndlessStreamOptions`. */
  readonly maxRecordBytes: number;
  /** See `EndlessStreamOptions`. */
  readonly retention: Retention;
}

const KNOWN = new Set([
  "io",
  "name",
  "segmentBytes",
  "blockBytes",
  "reserve",
  "durability",
  "span",
  "onCorruption",
  "cacheBytes",
  "maxRecordBytes",
  "retention",
]);

/** Longest record: its length is a 32-bit number of the log, and it is put together in memory. */
const RECORD_BYTES_MAX: number = 2 ** 30;

/**
 * Checks options and applies defaults.
 * @throws {TypeError} {RangeError}
 */
export function completeStreamOptions(options: EndlessStreamOptions): CompleteStreamOptions {
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) throw new TypeError(`Unknown option "${name}" of EndlessStream.open`);
  }
  const { durability = "disk", span = "never", onCorruption = "error", retention = {} } = options;
  const { reserve = true } = options;
  checkDurability(durability);
  if (typeof reserve !== "boolean") throw new TypeError("The option reserve is true or false");
  if (onCorruption !== "error" && onCorruption !== "skip" && onCorruption !== "read-only") {
    throw new TypeError('The option onCorruption is "error", "skip" or "read-only"');
  }
  if (span !== "never" && (typeof span !== "object" || span === null)) {
    throw new TypeError('The option span is "never" or { maxBytes }');
  }
  if (retention.bytes !== undefined) size("retention.bytes", retention.bytes, 0);
  if (retention.ageMs !== undefined) size("retention.ageMs", retention.ageMs, 0);
  const spanBytes = span === "never" ? -1 : size("span.maxBytes", span.maxBytes, 1);
  const maxRecordBytes = size("maxRecordBytes", options.maxRecordBytes ?? RECORD_BYTES_MAX, 1);
  return {
    reserve,
    durability,
    spanBytes: Math.min(spanBytes, RECORD_BYTES_MAX),
    onCorruption,
    cacheBytes: size("cacheBytes", options.cacheBytes ?? 4 * 1024 * 1024, 0),
    maxRecordBytes: Math.min(maxRecordBytes, RECORD_BYTES_MAX),
    retention,
  };
}

function size(name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`The option ${name} is a whole number`);
  if (value < least) throw new RangeError(`The option ${name} is at least ${least}`);
  return value;
}
