/**
 * The batches and records in a log extent, whatever its bytes are.
 *
 * @module
 */

import type { Checksum } from "../../base/checksum.ts";
import {
  BATCH_HEADER_BYTES,
  batchEnd,
  type BatchHeader,
  decodeBatchHeader,
} from "../../block/log_batch.ts";
import type { LogExtent, LogPosition } from "../../block/log_extent.ts";
import { isHoldfastError } from "../../errors.ts";
import type { IoFile } from "../../io/adapter.ts";
import { referenceLength, referencePage } from "../page/overflow.ts";
import { OVERFLOW_REF_BYTES, u32At } from "../page/page.ts";
import { PUT, PUT_REFERENCE, WriteSet } from "../commit/write_set.ts";

/** Most bytes of an extent that are looked at: 1 GiB. */
const EXTENT_BYTES_MAX: number = 1024 * 1024 * 1024;

/** A batch of the present use of an extent. */
export interface BatchView {
  /** Where its header is in the file. */
  readonly offset: number;
  /** Its header. */
  readonly header: BatchHeader;
  /** Whether it continues the log where the batch before ended. */
  readonly isInOrder: boolean;
  /** Its records, none when it is not whole. */
  readonly records: readonly WriteSet[];
  /** What is wrong with it. */
  readonly problem?: string;
}

/** One operation of a record. */
export interface OperationView {
  /** What it does. */
  readonly operation: "put" | "put-reference" | "remove";
  /** The tree. */
  readonly tree: number;
  /** The key. */
  readonly key: Uint8Array;
  /** What a put puts. */
  readonly value?: Uint8Array;
  /** First page of a value that lies in pages of its own. */
  readonly valuePage?: number;
  /** Bytes of that value. */
  readonly valueBytes?: number;
  /** The reference that says so, see `overflow.ts`. */
  readonly reference?: Uint8Array;
}

/** The batches of an extent; moves `position` behind those that are in order. */
export function* inspectLog(
  file: IoFile,
  checksum: Checksum,
  identity: number,
  extent: LogExtent,
  position: LogPosition,
): Generator<BatchView> {
  const length = Math.min(extent.bytes, EXTENT_BYTES_MAX, file.size() - extent.offset);
  if (length < BATCH_HEADER_BYTES) return;
  const bytes = new Uint8Array(length);
  file.readAt(bytes, extent.offset);
  for (let at = 0; at + BATCH_HEADER_BYTES <= length;) {
    const header = decodeBatchHeader(bytes, at, checksum, identity);
    if (header === undefined || header.salt !== extent.salt) {
      at += BATCH_HEADER_BYTES;
      continue;
    }
    const begin = at + BATCH_HEADER_BYTES;
    const end = begin + header.payloadBytes;
    const isWhole = end <= length && checksum.of(bytes, begin, end) === header.payloadChecksum;
    const isInOrder = isWhole && header.sequence === position.sequence &&
      header.chain === position.chain;
    if (isInOrder) {
      position.sequence += header.count;
      position.chain = u32At(bytes, at);
    }
    const view = { offset: extent.offset + at, header, isInOrder };
    yield isWhole
      ? { ...view, ...recordsOf(bytes, begin, end, header.count) }
      : { ...view, records: [], problem: "its payload is not whole" };
    at = isWhole ? batchEnd(at, header.payloadBytes, header.sealed) : at + BATCH_HEADER_BYTES;
  }
}

/** The operations of a record. */
export function* operationsOf(record: WriteSet): Generator<OperationView> {
  const { bytes } = record.out;
  for (let op = 0; op < record.count; op++) {
    const keyAt = record.keyAt(op);
    const key = bytes.slice(keyAt, keyAt + record.keyLength(op));
    const tree = record.tree(op);
    const at = record.valueAt(op);
    if (record.kind(op) === PUT) {
      const value = bytes.slice(at, at + record.valueLength(op));
      yield { operation: "put", tree, key, value };
    } else if (record.kind(op) === PUT_REFERENCE) {
      const valuePage = referencePage(bytes, at);
      const valueBytes = referenceLength(bytes, at);
      const reference = bytes.slice(at, at + OVERFLOW_REF_BYTES);
      yield { operation: "put-reference", tree, key, valuePage, valueBytes, reference };
    } else {
      yield { operation: "remove", tree, key };
    }
  }
}

function recordsOf(
  bytes: Uint8Array,
  begin: number,
  end: number,
  count: number,
): { records: WriteSet[]; problem?: string } {
  const records: WriteSet[] = [];
  try {
    for (let at = begin; records.length < count;) {
      const length = at + 4 <= end ? u32At(bytes, at) : Infinity;
      if (at + 4 + length > end) return { records, problem: "it is shorter than its records" };
      records.push(WriteSet.decode([{ bytes, begin: at + 4, end: at + 4 + length }]));
      at += 4 + length;
    }
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { records, problem: `record ${records.length}: ${error.message}` };
  }
  return { records };
}
