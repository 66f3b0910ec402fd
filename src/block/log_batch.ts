/**
 * The batch: the unit in which a log is written, synced and recovered. One header, one payload,
 * one checksum each.
 *
 * | offset | type | field                                                                       |
 * | ------ | ---- | --------------------------------------------------------------------------- |
 * | 0      | u32  | CRC-32 of bytes 4 to 64, seeded with the identity of the log                |
 * | 4      | u32  | magic "HLB1"                                                                |
 * | 8      | u64  | salt of the extent's present use                                            |
 * | 16     | u64  | sequence of the first record; the next batch continues behind the last      |
 * | 24     | u64  | durable sequence: all before it was synced before this batch was written    |
 * | 32     | u32  | record count                                                                |
 * | 36     | u32  | payload length                                                              |
 * | 40     | u32  | CRC-32 of the payload                                                       |
 * | 44     | u32  | chain: bytes 0 to 4 of the previous batch's header                          |
 * | 48     | u8   | flags: 1 sealed, 2 placed                                                   |
 * | 49     | -    | zeros to 52                                                                 |
 * | 52     | u32  | placed: offset in the extent in units of 64 bytes; else 0                   |
 * | 56     | u32  | placed: items of the log's user before this batch in the extent; else 0     |
 * | 60     | u32  | placed: bytes of the log's user before this batch in the extent; else 0     |
 * | 64     | -    | payload                                                                     |
 *
 * A sealed batch is padded with zeros to the next multiple of 4 KiB of its extent, whatever was
 * written before it, because a sync may follow it and no later write may share a block with it; any
 * other to the next multiple of 64 bytes. That it is sealed says nothing about a sync. All integers are
 * little-endian.
 *
 * A placed batch says where it is, so that it can be found from anywhere in its extent and no copy
 * of it inside a payload passes for a batch. The kernel's log has none, the streams of blocks no others.
 *
 * @module
 */

import type { Checksum } from "../base/checksum.ts";

/** Bytes of a batch header, and the alignment of batches. */
export const BATCH_HEADER_BYTES = 64;
/** Alignment behind a sealed batch. */
export const SEAL_BYTES = 4096;
const MAGIC = 0x31424c48;
const SEALED = 1;
const PLACED = 2;
const TWO_32 = 0x1_0000_0000;

/** Where a placed batch is. */
export interface BatchPlace {
  /** Offset in the extent. */
  readonly at: number;
  /** Items of the log's user before it in the extent. */
  readonly items: number;
  /** Bytes of the log's user before it in the extent. */
  readonly bytes: number;
}

/** The fields of a batch header. */
export interface BatchHeader {
  /** Salt of the extent's present use. */
  salt: bigint;
  /** Sequence of the first record. */
  sequence: number;
  /** Everything before this sequence was synced before the batch was written. */
  durable: number;
  /** Number of records. */
  count: number;
  /** Bytes of the payload. */
  payloadBytes: number;
  /** CRC-32 of the payload. */
  payloadChecksum: number;
  /** Checksum of the header of the batch before. */
  chain: number;
  /** The next batch begins at a block boundary of the extent. */
  sealed: boolean;
  /** Of a placed batch. */
  place: BatchPlace | undefined;
}

/** Where a batch that begins at `at` in its extent ends: the offset of the next. */
export function batchEnd(at: number, payloadBytes: number, sealed: boolean): number {
  const unit = sealed ? SEAL_BYTES : BATCH_HEADER_BYTES;
  return Math.ceil((at + BATCH_HEADER_BYTES + payloadBytes) / unit) * unit;
}

/** Writes a header at `at`. @returns its checksum, the chain value of the next batch. */
export function encodeBatchHeader(
  header: BatchHeader,
  bytes: Uint8Array,
  at: number,
  checksum: Checksum,
  identity: number,
): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, BATCH_HEADER_BYTES);
  view.setUint32(4, MAGIC, true);
  view.setBigUint64(8, header.salt, true);
  setU64(view, 16, header.sequence);
  setU64(view, 24, header.durable);
  view.setUint32(32, header.count, true);
  view.setUint32(36, header.payloadBytes, true);
  view.setUint32(40, header.payloadChecksum, true);
  view.setUint32(44, header.chain, true);
  const { place } = header;
  view.setUint32(48, (header.sealed ? SEALED : 0) | (place === undefined ? 0 : PLACED), true);
  view.setUint32(52, place === undefined ? 0 : place.at / BATCH_HEADER_BYTES, true);
  view.setUint32(56, place === undefined ? 0 : place.items, true);
  view.setUint32(60, place === undefined ? 0 : place.bytes, true);
  const sum = checksum.of(bytes, at + 4, at + BATCH_HEADER_BYTES, identity);
  view.setUint32(0, sum, true);
  return sum;
}

/** Reads the header at `at`, or `undefined` when there is none that belongs to this log. */
export function decodeBatchHeader(
  bytes: Uint8Array,
  at: number,
  checksum: Checksum,
  identity: number,
): BatchHeader | undefined {
  if (at + BATCH_HEADER_BYTES > bytes.length || !hasMagic(bytes, at)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, BATCH_HEADER_BYTES);
  const sum = checksum.of(bytes, at + 4, at + BATCH_HEADER_BYTES, identity);
  if (view.getUint32(0, true) !== sum) return undefined;
  const flags = view.getUint32(48, true);
  return {
    salt: view.getBigUint64(8, true),
    sequence: getU64(view, 16),
    durable: getU64(view, 24),
    count: view.getUint32(32, true),
    payloadBytes: view.getUint32(36, true),
    payloadChecksum: view.getUint32(40, true),
    chain: view.getUint32(44, true),
    sealed: (flags & SEALED) !== 0,
    place: (flags & PLACED) === 0 ? undefined : {
      at: view.getUint32(52, true) * BATCH_HEADER_BYTES,
      items: view.getUint32(56, true),
      bytes: view.getUint32(60, true),
    },
  };
}

/**
 * Whether bytes that are no valid header were the next one of this use before they were damaged: of
 * the 24 that are known beforehand (magic, salt, sequence, chain) 16 are right. Zeros have 8 of
 * them, a header of an earlier use 12.
 */
export function resemblesHeader(
  bytes: Uint8Array,
  at: number,
  { salt, sequence, chain }: Pick<BatchHeader, "salt" | "sequence" | "chain">,
): boolean {
  const known = new Uint8Array(BATCH_HEADER_BYTES);
  const view = new DataView(known.buffer);
  view.setUint32(4, MAGIC, true);
  view.setBigUint64(8, salt, true);
  setU64(view, 16, sequence);
  view.setUint32(44, chain, true);
  let right = 0;
  for (let i = 4; i < 48; i++) {
    if ((i < 24 || i >= 44) && bytes[at + i] === known[i]) right++;
  }
  return right >= 16;
}

/** PERF: a scan looks at every 64 bytes of a log; without this it makes a view for each. */
function hasMagic(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 4] === 0x48 && bytes[at + 5] === 0x4c && bytes[at + 6] === 0x42 &&
    bytes[at + 7] === 0x31;
}

function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % TWO_32, true);
  view.setUint32(at + 4, Math.floor(value / TWO_32), true);
}

function getU64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * TWO_32;
}
