/**
 * How blobs lie in their tree.
 *
 * | key                            | value                                                      |
 * | ------------------------------ | ---------------------------------------------------------- |
 * | 1, digest                      | the head of a blob, see below                           |
 * | 2, serial u64                  | nothing: the chunks of this serial have no head yet        |
 * | 3, serial u64, chunk u32       | bytes of a blob: a chunk                                |
 *
 * Numbers in keys are big-endian, so that the chunks of a blob lie in order. A serial is given to
 * one blob for ever, as far as any view can see: chunks are never changed, only removed.
 *
 * | type   | field of a head                                                                    |
 * | ------ | ---------------------------------------------------------------------------------- |
 * | u8     | 0, or 1: set aside, because its bytes were found damaged                           |
 * | varint | length in bytes                                                                    |
 * | varint | its serial                                                                         |
 * | varint | bytes of a chunk; the last has what is left, and a blob of 0 bytes has one      |
 * | varint | stamp: how often the blob was put again, touched or set aside                   |
 *
 * Serial and stamp together tell each version of a head from every other.
 *
 * A stream is put under a fresh serial while it arrives, and the entry with prefix 2 stands as long.
 * One that is committed belongs to a transaction that has ended before its stream: nobody will ever
 * write its head, and whoever finds it may remove its chunks.
 *
 * @module
 */

import { ByteReader } from "../../base/byte_reader.ts";
import { ByteWriter } from "../../base/byte_writer.ts";
import type { Codec } from "../../base/key_codec.ts";
import { CorruptionError } from "../../errors.ts";
import type { TreeReader } from "../../kernel/definition.ts";
import type { KeyBounds } from "../../kernel/tree/tree_cursor.ts";
import type { ContentId } from "./content_id.ts";

/** First byte of the key of a head. */
const HEAD = 1;
/** First byte of the key that stands while a stream arrives. */
const ARRIVING = 2;
/** First byte of the key of a chunk. */
const CHUNK = 3;

/**
 * Bytes of a chunk: 256 KiB. Above 16 KiB the kernel writes a value to pages of its own at once.
 * Larger chunks take more memory while a stream passes, and more reading for a part of one.
 */
export const CHUNK_BYTES: number = 256 * 1024;

/**
 * Bytes of a chunk of a small blob: four, each with its key and slot, fill a page of 4 KiB. As
 * one value it would take a whole page.
 */
const PIECE_BYTES = 960;

/** Up to this length a blob takes less than a page in pieces. */
const PIECES_MAX: number = 3 * PIECE_BYTES;

/** Where the bytes of a blob are. */
export interface Head {
  /** Whether its bytes were found damaged. */
  readonly aside: boolean;
  /** Its length in bytes. */
  readonly length: number;
  /** The serial of its chunks. */
  readonly serial: number;
  /** Bytes of each chunk but the last. */
  readonly chunkBytes: number;
  /** Moves with each change of the head. */
  readonly stamp: number;
}

/** The codec of heads. */
export const headCodec: Codec<Head> = {
  name: "content-head",
  encode: (head, out): void => {
    out.u8(head.aside ? 1 : 0);
    out.varint(head.length);
    out.varint(head.serial);
    out.varint(head.chunkBytes);
    out.varint(head.stamp);
  },
  decode: (bytes, begin, end): Head => {
    const reader = new ByteReader(bytes, begin, end);
    const flags = reader.u8();
    const length = reader.varint();
    const serial = reader.varint();
    const chunkBytes = reader.varint();
    const stamp = reader.varint();
    if (flags > 1 || chunkBytes === 0 || reader.remaining > 0) {
      throw new CorruptionError("CORRUPT_VALUE", "The head of a blob has no valid form");
    }
    return { aside: flags === 1, length, serial, chunkBytes, stamp };
  },
};

/** Bytes of the chunks of a blob whose length is known. */
export function chunkBytesFor(length: number): number {
  return length <= PIECES_MAX ? PIECE_BYTES : CHUNK_BYTES;
}

/** Number of chunks of a blob: at least one. */
export function chunkCount({ length, chunkBytes }: Pick<Head, "length" | "chunkBytes">): number {
  return Math.max(1, Math.ceil(length / chunkBytes));
}

/** Length of a chunk. */
export function chunkLength({ length, chunkBytes }: Head, chunk: number): number {
  return Math.min(chunkBytes, length - chunk * chunkBytes);
}

/** Whether two heads are one version. */
export function isSameVersion(a: Head, b: Head | undefined): boolean {
  return a.serial === b?.serial && a.stamp === b.stamp;
}

const headOut = new ByteWriter(64);
const serialOut = new ByteWriter(16);

/** The key of a head, in a buffer that the next call overwrites. */
export function headKey(id: ContentId): ByteWriter {
  headOut.reset();
  headOut.u8(HEAD);
  id.writeTo(headOut);
  return headOut;
}

/** The key that stands while a stream arrives, in a buffer that the next call overwrites. */
export function arrivingKey(serial: number): ByteWriter {
  return numbered(ARRIVING, serial);
}

/** The key of a chunk, in a buffer that the next call overwrites. */
export function chunkKey(serial: number, chunk: number): ByteWriter {
  const out = numbered(CHUNK, serial);
  for (let shift = 24; shift >= 0; shift -= 8) out.u8(chunk >>> shift);
  return out;
}

/** Where heads are. */
export const HEADS: KeyBounds = prefixed(HEAD);

/** Where the serials of streams that have no head are. */
export const ARRIVALS: KeyBounds = prefixed(ARRIVING);

/** Where the chunks of a serial are. */
export function chunksOf(serial: number): KeyBounds {
  return {
    lower: numbered(CHUNK, serial).toBytes(),
    upper: numbered(CHUNK, serial + 1).toBytes(),
    upperOpen: true,
  };
}

/** The serial in the key at `begin` of a chunk, or of a stream that arrives. */
export function serialIn(bytes: Uint8Array, begin: number): number {
  let serial = 0;
  for (let at = begin + 1; at < begin + 9; at++) serial = serial * 256 + bytes[at]!;
  return serial;
}

/** Above all serials of a tree: every blob has a chunk, and they lie last. */
export function nextSerial(tree: TreeReader): number {
  const last = new ByteWriter(16);
  const hasChunks = tree.lastKey(last) && last.bytes[0] === CHUNK;
  return hasChunks ? serialIn(last.bytes, 0) + 1 : 0;
}

function numbered(prefix: number, serial: number): ByteWriter {
  serialOut.reset();
  serialOut.u8(prefix);
  const high = Math.floor(serial / 0x1_0000_0000);
  for (let shift = 24; shift >= 0; shift -= 8) serialOut.u8(high >>> shift);
  for (let shift = 24; shift >= 0; shift -= 8) serialOut.u8(serial >>> shift);
  return serialOut;
}

function prefixed(prefix: number): KeyBounds {
  return {
    lower: Uint8Array.of(prefix),
    upper: Uint8Array.of(prefix + 1),
    upperOpen: true,
  };
}
