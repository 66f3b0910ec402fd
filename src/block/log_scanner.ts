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
  batchBytes,
  type BatchHeader,
  decodeBatchHeader,
} from "./log_batch.ts";
import type { LogExtent, LogPosition } from "./log_extent.ts";

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
  /** Bytes of a torn tail that were dropped; 0 for a clean end. */
  readonly droppedBytes: number;
}

/**
 * Scans extents that are used one after the other.
 * @param start sequence and chain of the first batch
 * @param accept takes the records of one whole batch, in order, or refuses them because something
 *   outside the log that they name is not whole: then the log ends before that batch
 * @throws {CorruptionError} `CORRUPT_LOG`
 */
export function scanLog(
  file: IoFile,
  path: string,
  checksum: Checksum,
  identity: number,
  extents: readonly LogExtent[],
  start: LogPosition,
  accept: (records: readonly LogRecord[]) => boolean,
): LogReading {
  let records = 0;
  const images = extents.map((extent) => {
    const bytes = new Uint8Array(extent.bytes);
    return bytes.subarray(0, file.readAt(bytes, extent.offset));
  });
  const position = { ...start };
  let batches = 0;
  let droppedBytes = 0;
  for (let index = 0; index < extents.length; index++) {
    const extent = extents[index]!;
    const bytes = images[index]!;
    let at = 0;
    for (;;) {
      const header = decodeBatchHeader(bytes, at, checksum, identity);
      if (header === undefined || !continues(header, extent, position)) break;
      const end = at + BATCH_HEADER_BYTES + header.payloadBytes;
      const whole = end <= bytes.length &&
        checksum.of(bytes, at + BATCH_HEADER_BYTES, end) === header.payloadChecksum;
      if (!whole || !accept(splitRecords(bytes, at, header, path, extent))) break;
      records += header.count;
      position.sequence += header.count;
      position.chain = headerChecksum(bytes, at);
      batches++;
      at += batchBytes(header.payloadBytes, header.sealed);
    }
    droppedBytes += tornBytes(bytes, at, extent, checksum, identity);
  }
  // Row 3: does anything claim that more than this was durable?
  for (let index = 0; index < extents.length; index++) {
    const offset = findClaim(images[index]!, position.sequence, checksum, identity);
    if (offset < 0) continue;
    throw new CorruptionError(
      "CORRUPT_LOG",
      `Cannot replay the log of "${path}": record ${position.sequence} is missing, but a later ` +
        "batch says that it was durable",
      { path, offset: extents[index]!.offset + offset },
    );
  }
  return { batches, records, position, droppedBytes };
}

/**
 * Whether an extent begins with the batch that continues a log. Reads one block: enough to see that
 * nothing was written since a clean close.
 */
export function hasBatch(
  file: IoFile,
  checksum: Checksum,
  identity: number,
  extent: LogExtent,
  position: LogPosition,
): boolean {
  const bytes = new Uint8Array(BATCH_HEADER_BYTES);
  if (file.readAt(bytes, extent.offset) < bytes.length) return false;
  const header = decodeBatchHeader(bytes, 0, checksum, identity);
  return header !== undefined && continues(header, extent, position);
}

function continues(header: BatchHeader, extent: LogExtent, position: LogPosition): boolean {
  return header.salt === extent.salt && header.sequence === position.sequence &&
    header.chain === position.chain;
}

function headerChecksum(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24) >>> 0;
}

function splitRecords(
  bytes: Uint8Array,
  at: number,
  header: BatchHeader,
  path: string,
  extent: LogExtent,
): LogRecord[] {
  const records: LogRecord[] = [];
  const end = at + BATCH_HEADER_BYTES + header.payloadBytes;
  let begin = at + BATCH_HEADER_BYTES;
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

/** Bytes behind the end that belong to a batch of this use of the extent, whole or not. */
function tornBytes(
  bytes: Uint8Array,
  from: number,
  extent: LogExtent,
  checksum: Checksum,
  identity: number,
): number {
  let end = from;
  for (let at = from; at + BATCH_HEADER_BYTES <= bytes.length; at += BATCH_HEADER_BYTES) {
    const header = decodeBatchHeader(bytes, at, checksum, identity);
    if (header === undefined || header.salt !== extent.salt) continue;
    end = Math.min(bytes.length, at + batchBytes(header.payloadBytes, header.sealed));
  }
  return end - from;
}

/** Finds a header that says that records from `sequence` on were durable; -1 when there is none. */
function findClaim(
  bytes: Uint8Array,
  sequence: number,
  checksum: Checksum,
  identity: number,
): number {
  for (let at = 0; at + BATCH_HEADER_BYTES <= bytes.length; at += BATCH_HEADER_BYTES) {
    const header = decodeBatchHeader(bytes, at, checksum, identity);
    if (header !== undefined && header.durable > sequence) return at;
  }
  return -1;
}
