/**
 * The records of a stream of blocks. Each is a record of the log that begins with one byte:
 *
 * | byte | name     | then                                                                       |
 * | ---- | -------- | -------------------------------------------------------------------------- |
 * | 0    | whole    | the bytes of a record                                                      |
 * | 1    | trailing | its first bytes: it goes on in the next segment, and this one is full      |
 * | 2    | spilled  | its last bytes: it began in the segment before; first of its segment       |
 * | 3    | middle   | spilled and trailing: bytes between                                        |
 * | 4    | control  | a control record, see `stream_control.ts`                                  |
 *
 * A record whose parts are not all there, up to its spilled one, is void: it counts for nothing.
 * This is how a crash between two segments ends. A spilled part that comes after none is likewise.
 *
 * @module
 */

import { CorruptionError } from "../../errors.ts";
import { BATCH_HEADER_BYTES } from "../log_batch.ts";
import type { FoundBatch } from "../log_scanner.ts";

/** A whole record. */
export const WHOLE = 0;
/** The begin of a record. */
export const TRAILING = 1;
/** The end of a record. */
export const SPILLED = 2;
/** A part between. */
export const MIDDLE = 3;
/** A control record. */
export const CONTROL = 4;

/** Bytes of a log record beside those of the stream's record: its length and the first byte. */
export const RECORD_OVERHEAD_BYTES = 5;

/** Whether a part is the end of a record: what is counted. */
export function endsRecord(kind: number): boolean {
  return kind === WHOLE || kind === SPILLED;
}

/**
 * Calls back for each record of a batch, control records included.
 * @param see kind, and where in `batch.bytes` the bytes behind the kind begin and end
 * @throws {CorruptionError} `CORRUPT_LOG` when the records do not fill the batch, or are of no kind
 */
export function eachRecord(
  batch: FoundBatch,
  path: string,
  extentOffset: number,
  see: (kind: number, begin: number, end: number) => void,
): void {
  const { bytes, header } = batch;
  let at = batch.begin + BATCH_HEADER_BYTES;
  const end = at + header.payloadBytes;
  for (let i = 0; i < header.count; i++) {
    const size = at + 4 <= end
      ? (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24) >>> 0
      : 0;
    const kind = bytes[at + 4];
    if (size === 0 || at + 4 + size > end || kind === undefined || kind > CONTROL) {
      throw malformed(batch, path, extentOffset);
    }
    see(kind, at + 5, at + 4 + size);
    at += 4 + size;
  }
  if (at !== end) throw malformed(batch, path, extentOffset);
}

function malformed({ at }: FoundBatch, path: string, extentOffset: number): CorruptionError {
  return new CorruptionError("CORRUPT_LOG", `The records of a batch of ${path} do not fill it`, {
    path,
    offset: extentOffset + at,
  });
}
