/**
 * The superblock: the one place from which a database is found. Three slots in pages 0 to 2,
 * written in turn (see `../journal/slot_register.ts`, which adds magic, epoch and checksum).
 *
 * | offset | type    | field                                                                 |
 * | ------ | ------- | --------------------------------------------------------------------- |
 * | 0      | u16     | format major: a higher one than ours is refused                       |
 * | 2      | u16     | format minor                                                          |
 * | 4      | u32     | compatible features: unknown bits may be ignored                      |
 * | 8      | u32     | read-only compatible features: unknown bits forbid writing            |
 * | 12     | u32     | incompatible features: unknown bits forbid opening                    |
 * | 16     | u8      | log2 of the page size                                                 |
 * | 17     | u8      | 1 after a clean close: nothing was written since                      |
 * | 18     | u16     | zero                                                                  |
 * | 20     | u8 x 16 | identity of the store, random                                         |
 * | 36     | u64     | sequence of the first log record that is not in the trees             |
 * | 44     | u32     | chain value of the batch that holds it                                |
 * | 48     | u32     | write epoch: pages of the image have this one or a lower one          |
 * | 52     | u32     | pages of the image                                                    |
 * | 56     | u32     | next tree id                                                          |
 * | 60     | root    | tree of roots (id 1)                                                  |
 * | 81     | u32 x 4 | free space bitmap: first page, pages, bytes, CRC-32                   |
 * | 97     | extent  | log extent where replay begins: u32 first page, u32 pages, u64 salt   |
 * | 113    | extent  | log extent that follows                                               |
 * | 129    | u32     | in-doubt transactions (0 in this format)                              |
 *
 * A root is u32 page, u32 checksum, u8 level, u64 count, u32 pages.
 *
 * @module
 */

import { ByteReader } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { CorruptionError, FormatError } from "../errors.ts";
import type { LogExtent } from "../block/log_extent.ts";
import { PAGE_BYTES, PAGE_SHIFT, SUPERBLOCK_SLOTS } from "./limits.ts";

/** Format of the files this code writes. */
export const FORMAT_MAJOR = 1;
const FORMAT_MINOR = 0;

/** First 16 bytes of every database file; the line ends show a text-mode transfer. */
export const MAGIC: Uint8Array = new Uint8Array([
  0x89,
  0x48,
  0x4f,
  0x4c,
  0x44,
  0x46,
  0x41,
  0x53,
  0x54,
  0x0d,
  0x0a,
  0x1a,
  0x0a,
  0x44,
  0x42,
  0x31,
]);

/** Pages of a run. */
export interface PageRun {
  /** First page. */
  readonly page: number;
  /** Number of pages. */
  readonly pages: number;
}

/** A log extent as pages. */
export interface ExtentPages extends PageRun {
  /** Salt of its present use. */
  readonly salt: bigint;
}

/** A root as stored. */
export interface StoredRoot {
  /** Root page, 0 when empty. */
  readonly page: number;
  /** Its checksum. */
  readonly checksum: number;
  /** Its level. */
  readonly level: number;
  /** Entries. */
  readonly count: number;
  /** Tree pages. */
  readonly pages: number;
}

/** The fields of the superblock. */
export interface Superblock {
  /** Nothing was written since a clean close. */
  readonly clean: boolean;
  /** Identity of the store. */
  readonly identity: Uint8Array;
  /** Sequence of the first record that is not in the trees. */
  readonly sequence: number;
  /** Chain value of the batch that holds it. */
  readonly chain: number;
  /** Write epoch. */
  readonly epoch: number;
  /** Pages of the image. */
  readonly pageCount: number;
  /** Next tree id. */
  readonly nextTree: number;
  /** The tree of roots. */
  readonly roots: StoredRoot;
  /** The free space bitmap. */
  readonly bitmap: PageRun & { readonly bytes: number; readonly checksum: number };
  /** Log extent where replay begins. */
  readonly current: ExtentPages;
  /** Log extent that follows. */
  readonly next: ExtentPages;
}

/** Writes a root in 21 bytes. */
export function encodeRoot(root: StoredRoot, out: ByteWriter): void {
  out.u32(root.page);
  out.u32(root.checksum);
  out.u8(root.level);
  out.u64(root.count);
  out.u32(root.pages);
}

/** Reads a root. */
export function decodeRoot(input: ByteReader): StoredRoot {
  return {
    page: input.u32(),
    checksum: input.u32(),
    level: input.u8(),
    count: input.u64(),
    pages: input.u32(),
  };
}

/** Encodes a superblock of the present format. */
export function encodeSuperblock(superblock: Superblock): Uint8Array {
  const out = new ByteWriter(160);
  out.u16(FORMAT_MAJOR);
  out.u16(FORMAT_MINOR);
  out.u32(0);
  out.u32(0);
  out.u32(0);
  out.u8(PAGE_SHIFT);
  out.u8(superblock.clean ? 1 : 0);
  out.u16(0);
  out.raw(superblock.identity);
  out.u64(superblock.sequence);
  out.u32(superblock.chain);
  out.u32(superblock.epoch);
  out.u32(superblock.pageCount);
  out.u32(superblock.nextTree);
  encodeRoot(superblock.roots, out);
  out.u32(superblock.bitmap.page);
  out.u32(superblock.bitmap.pages);
  out.u32(superblock.bitmap.bytes);
  out.u32(superblock.bitmap.checksum);
  for (const extent of [superblock.current, superblock.next]) {
    out.u32(extent.page);
    out.u32(extent.pages);
    out.bigU64(extent.salt);
  }
  out.u32(0);
  return out.toBytes();
}

/**
 * Decodes a superblock whose slot was intact.
 * @throws {FormatError} `FORMAT_NEWER`
 * @throws {CorruptionError} `CORRUPT_SUPERBLOCK` when its numbers make no sense
 */
export function decodeSuperblock(bytes: Uint8Array, path: string): Superblock {
  const input = new ByteReader(bytes);
  const major = input.u16();
  input.u16();
  input.u32();
  const readOnly = input.u32();
  const incompatible = input.u32();
  const shift = input.u8();
  if (major > FORMAT_MAJOR || readOnly !== 0 || incompatible !== 0 || shift !== PAGE_SHIFT) {
    throw new FormatError(
      "FORMAT_NEWER",
      `Cannot open "${path}": it has format ${major} with features this version does not know`,
      { path },
    );
  }
  const clean = input.u8() === 1;
  input.u16();
  const superblock: Superblock = {
    clean,
    identity: input.raw(16).slice(),
    sequence: input.u64(),
    chain: input.u32(),
    epoch: input.u32(),
    pageCount: input.u32(),
    nextTree: input.u32(),
    roots: decodeRoot(input),
    bitmap: { page: input.u32(), pages: input.u32(), bytes: input.u32(), checksum: input.u32() },
    current: { page: input.u32(), pages: input.u32(), salt: input.bigU64() },
    next: { page: input.u32(), pages: input.u32(), salt: input.bigU64() },
  };
  for (const run of [superblock.bitmap, superblock.current, superblock.next]) {
    if (
      run.page < SUPERBLOCK_SLOTS || run.pages < 1 || run.page + run.pages > superblock.pageCount
    ) {
      throw new CorruptionError(
        "CORRUPT_SUPERBLOCK",
        `Cannot open "${path}": its superblock names pages outside the file`,
        { path, offset: 0 },
      );
    }
  }
  return superblock;
}

/** An extent in bytes, for the log. */
export function extentOf(pages: ExtentPages): LogExtent {
  return {
    offset: pages.page * PAGE_BYTES,
    bytes: pages.pages * PAGE_BYTES,
    salt: pages.salt,
  };
}
