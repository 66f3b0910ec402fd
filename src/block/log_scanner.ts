/**
 * Reads a log back after a crash, or after none.
 *
 * The torn-tail rule. Batches are accepted in order while every check holds; the first position
 * where one fails is the end of the log, and it is decided why:
 *
 * | # | at the position                                    | elsewhere in the extents                 | verdict          |
 * | - | -------------------------------------------------- | ---------------------------------------- | ---------------- |
 * | 1 | valid batch                                        |                                          | accept, go on    |
 * | 2 | extent full, or no valid batch                     | next extent starts with the next batch   | go on there      |
 * | 3 | no valid batch                                     | a header whose `durable` is above the end | `CORRUPT_LOG`    |
 * | 4 | nothing of this use                                | none                                     | clean end        |
 * | 5 | a header or payload of this use that is not whole   | none                                     | torn tail, dropped and reported |
 *
 * A header that is not whole is of this use if most of what is known beforehand is (log_batch.ts).
 *
 * Valid means: header checksum, salt, sequence, chain, length within the extent, payload checksum, and
 * that what the records name outside the log is whole.
 * Row 3: that header proves that what is missing was synced before it was written, so it was
 * acknowledged and then damaged; it is never dropped silently. A torn batch cannot be followed by
 * such a header, because nothing is written behind a batch that claims it durable before its sync
 * returned.
 *
 * @module
 */

import type { Checksum } from "../base/checksum.ts";
import { CorruptionError } from "../errors.ts";
import type { IoFile } from "../io/adapter.ts";
import {
  BATCH_HEADER_BYTES,
  batchEnd,
  type BatchHeader,
  decodeBatchHeader,
  resemblesHeader,
} from "./log_batch.ts";
import type { LogExtent, LogPosition } from "./log_extent.ts";
import { LogWindow } from "./log_window.ts";

/** How much of a log is read at once, unless a batch is longer. */
const WINDOW_BYTES = 64 * 1024;

/** How much is read first of an extent: most logs are short. */
const FIRST_BYTES = 4096;

/** One record of an accepted batch. */
export interface LogRecord {
  /** Its sequence. */
  readonly sequence: number;
  /** Bytes that hold it. */
  readonly bytes: Uint8Array;
  /** Its begin. */
  readonly begin: number;
  /** Its end. */
  readonly end: number;
}

/** What a scan found. */
export interface LogReading {
  /** Batches accepted. */
  readonly batches: number;
  /** Records accepted. */
  readonly records: number;
  /** Where the log continues. */
  readonly position: LogPosition;
  /** A batch says that everything before this sequence was durable. */
  readonly durable: number;
  /** Bytes of a torn tail that were dropped; 0 for a clean end. */
  readonly droppedBytes: number;
}

/** A batch whose own checks hold, and the bytes it is in. */
export interface FoundBatch {
  /** Its offset in the extent. */
  readonly at: number;
  /** Its header. */
  readonly header: BatchHeader;
  /** Bytes that hold it. */
  readonly bytes: Uint8Array;
  /** Where it begins there. */
  readonly begin: number;
}

/**
 * Scans extents that are used one after the other.
 * @param start sequence and chain of the first batch
 * @param accept takes the records of one whole batch, in order, or refuses them because something
 *   outside the log that they name is not whole: then the log ends before that batch
 * @throws {CorruptionError} `CORRUPT_LOG`
 */
export function scanLog(
  file: Pick<IoFile, "readAt">,
  path: string,
  checksum: Checksum,
  identity: number,
  extents: readonly LogExtent[],
  start: LogPosition,
  accept: (records: readonly LogRecord[]) => boolean,
): LogReading {
  let records = 0;
  let batches = 0;
  let durable = start.sequence;
  let droppedBytes = 0;
  const position = { ...start };
  const scanned = extents.map((extent) => {
    const window = new LogWindow(file, extent, WINDOW_BYTES, FIRST_BYTES);
    const end = scanExtent(window, checksum, identity, position, 0, (batch) => {
      if (!accept(splitRecords(batch, path, extent))) return false;
      records += batch.header.count;
      durable = Math.max(durable, batch.header.durable);
      batches++;
      return true;
    });
    return { window, end, next: { ...position, salt: extent.salt } };
  });
  for (const { window, end, next } of scanned) {
    const rest = lookBehind(window, end, checksum, identity, next, position.sequence);
    droppedBytes += rest.end - end;
    if (rest.claim < 0) continue;
    throw new CorruptionError(
      "CORRUPT_LOG",
      `Cannot replay the log of "${path}": record ${position.sequence} is missing, but a later ` +
        "batch says that it was durable",
      { path, offset: window.extent.offset + rest.claim },
    );
  }
  return { batches, records, position, durable, droppedBytes };
}

/**
 * Accepts batches of one extent while they are whole and continue `position`, which follows them.
 * @param from where the first one is
 * @returns the offset in the extent behind the last
 */
export function scanExtent(
  window: LogWindow,
  checksum: Checksum,
  identity: number,
  position: LogPosition,
  from: number,
  accept: (batch: FoundBatch) => boolean,
): number {
  let at = from;
  for (;;) {
    const batch = readBatch(window, checksum, identity, at);
    if (batch === undefined || !continues(batch.header, window.extent, position)) break;
    if (!accept(batch)) break;
    position.sequence += batch.header.count;
    position.chain = headerChecksum(batch.bytes, batch.begin);
    at = endOf(batch);
  }
  return at;
}

/** Where the next batch would be. */
export function endOf({ at, header }: FoundBatch): number {
  return batchEnd(at, header.payloadBytes, header.sealed);
}

/** The batch at an offset, if it is one of this log and whole; its place in the order is not checked. */
export function readBatch(
  window: LogWindow,
  checksum: Checksum,
  identity: number,
  at: number,
): FoundBatch | undefined {
  const head = window.load(at, BATCH_HEADER_BYTES);
  if (head < 0) return undefined;
  const header = decodeBatchHeader(window.bytes, head, checksum, identity);
  if (header === undefined) return undefined;
  // Row 5 before memory is taken: `load` refuses what goes beyond the extent.
  const begin = window.load(at, BATCH_HEADER_BYTES + header.payloadBytes);
  if (begin < 0) return undefined;
  const { bytes } = window;
  const payload = begin + BATCH_HEADER_BYTES;
  const sum = checksum.of(bytes, payload, payload + header.payloadBytes);
  return sum === header.payloadChecksum ? { at, header, bytes, begin } : undefined;
}

/**
 * Whether an extent begins with the batch that continues a log. Reads one block: enough to see that
 * nothing was written since a clean close.
 */
export function hasBatch(
  file: Pick<IoFile, "readAt">,
  checksum: Checksum,
  identity: number,
  extent: LogExtent,
  position: LogPosition,
): boolean {
  const bytes = new Uint8Array(BATCH_HEADER_BYTES);
  // What the file may lack of it stays zeros, and is no batch.
  file.readAt(bytes, extent.offset);
  const header = decodeBatchHeader(bytes, 0, checksum, identity);
  return header !== undefined && continues(header, extent, position);
}

function continues(header: BatchHeader, extent: LogExtent, position: LogPosition): boolean {
  return header.salt === extent.salt && header.sequence === position.sequence &&
    header.chain === position.chain;
}

/** The checksum of a header: what the next batch names as its chain. */
export function headerChecksum(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24) >>> 0;
}

/** The records of a batch. @throws {CorruptionError} `CORRUPT_LOG` when they do not fit it */
export function splitRecords(
  { at, header, bytes, begin: start }: FoundBatch,
  path: string,
  extent: LogExtent,
): LogRecord[] {
  const records: LogRecord[] = [];
  const end = start + BATCH_HEADER_BYTES + header.payloadBytes;
  let begin = start + BATCH_HEADER_BYTES;
  for (let i = 0; i < header.count; i++) {
    const size = begin + 4 <= end ? headerChecksum(bytes, begin) : Infinity;
    if (begin + 4 + size > end) {
      throw new CorruptionError("CORRUPT_LOG", `A batch of "${path}" is shorter than its records`, {
        path,
        offset: extent.offset + at,
      });
    }
    records.push({ sequence: header.sequence + i, bytes, begin: begin + 4, end: begin + 4 + size });
    begin += 4 + size;
  }
  return records;
}

/**
 * What is in an extent behind the batches that were accepted.
 * @param next what the batch that would have followed begins with
 * @param sequence the first record that was not accepted
 * @returns the end of the last batch of this use of the extent, whole or not; and where a header says
 *   that `sequence` was durable (row 3), or -1
 */
function lookBehind(
  window: LogWindow,
  from: number,
  checksum: Checksum,
  identity: number,
  next: LogPosition & { readonly salt: bigint },
  sequence: number,
): { readonly end: number; readonly claim: number } {
  const { bytes, salt } = window.extent;
  let end = from;
  const index = window.look(from, BATCH_HEADER_BYTES);
  if (index >= 0 && resemblesHeader(window.seen, index, next)) {
    end = Math.min(bytes, batchEnd(from, 0, true));
  }
  const claim = findHeader(window, from, bytes, checksum, identity, (header, at) => {
    if (header.salt === salt) {
      end = Math.max(end, Math.min(bytes, batchEnd(at, header.payloadBytes, header.sealed)));
    }
    return header.durable > sequence;
  });
  return { end, claim };
}

/** Finds the first header in `[from, to)` that belongs to this log and pleases; -1 without one. */
export function findHeader(
  window: LogWindow,
  from: number,
  to: number,
  checksum: Checksum,
  identity: number,
  pleases: (header: BatchHeader, at: number) => boolean,
): number {
  for (let at = from; at < to;) {
    let index = window.look(at, BATCH_HEADER_BYTES);
    if (index < 0) return -1;
    const { seen } = window;
    const last = seen.length - BATCH_HEADER_BYTES;
    for (; index <= last && at < to; index += BATCH_HEADER_BYTES, at += BATCH_HEADER_BYTES) {
      const header = decodeBatchHeader(seen, index, checksum, identity);
      if (header !== undefined && pleases(header, at)) return at;
    }
  }
  return -1;
}
