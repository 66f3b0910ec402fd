/**
 * The tree page: header, slots that grow up, cells that grow down. Everything here is a pure
 * function over the bytes of one page inside an arena; nothing allocates.
 *
 * | offset | type | field                                                                    |
 * | ------ | ---- | ------------------------------------------------------------------------ |
 * | 0      | u32  | CRC-32 of bytes 4 to 4096                                                |
 * | 4      | u32  | page number of this page: catches misdirected writes                     |
 * | 8      | u32  | write epoch in which the page got its number                             |
 * | 12     | u32  | tree id                                                                  |
 * | 16     | u8   | kind: 1 leaf, 2 branch                                                   |
 * | 17     | u8   | level: 0 leaf                                                            |
 * | 18     | u16  | slot count                                                               |
 * | 20     | u16  | cell floor: lowest byte in use by cells                                  |
 * | 22     | u16  | garbage: bytes of removed cells above the floor                          |
 * | 24     | u16  | skip: leading bytes shared by all keys of the page, not part of heads    |
 * | 26     | u8   | inserts since the last split, halved at 128                              |
 * | 27     | u8   | of these, local appends (see `split.ts`)                                 |
 * | 28     | u32  | zero                                                                     |
 * | 32     | slot | u32 head, u16 cell offset, u16 key length; in key order                  |
 *
 * A head is the 4 key bytes behind `skip`, big-endian, zero-padded, with the top bit flipped so
 * that a signed comparison orders it. Leaf cell: u16 value length (0xffff: overflow reference),
 * key, value. Branch cell: u32 child, u32 checksum of the child, key; the first key of a branch is
 * empty and stands for "below everything". Integers are little-endian: the typed views require a
 * little-endian machine, which opening a database asserts.
 *
 * @module
 */

import { assert } from "../../errors.ts";
import { PAGE_BYTES } from "../limits.ts";

/** Bytes of the page header. */
export const HEADER_BYTES = 32;
/** Bytes of a slot. */
export const SLOT_BYTES = 8;
/** Page kind: holds keys and values. */
export const KIND_LEAF = 1;
/** Page kind: holds separators and children. */
export const KIND_BRANCH = 2;
/** Value length that says "the value is an overflow reference". */
export const OVERFLOW = 0xffff;
/** Bytes of an overflow reference: u32 first page, u32 checksum, u64 length. */
export const OVERFLOW_REF_BYTES = 16;
/** Bytes before the key in a leaf cell. */
export const LEAF_CELL_HEAD = 2;
/** Bytes before the key in a branch cell. */
export const BRANCH_CELL_HEAD = 8;

/** The bytes of a chunk of pages, seen as bytes, half-words and words. */
export interface Arena {
  /** Bytes. */
  readonly u8: Uint8Array;
  /** Little-endian half-words. */
  readonly u16: Uint16Array;
  /** Little-endian words, signed: heads and page numbers (`>>> 0`). */
  readonly i32: Int32Array;
}

/** Makes an arena of `bytes` bytes. */
export function createArena(bytes: number): Arena {
  const buffer = new ArrayBuffer(bytes);
  return {
    u8: new Uint8Array(buffer),
    u16: new Uint16Array(buffer),
    i32: new Int32Array(buffer),
  };
}

/** Reads a little-endian u32 at any alignment. */
export function u32At(u8: Uint8Array, at: number): number {
  return (u8[at]! | u8[at + 1]! << 8 | u8[at + 2]! << 16 | u8[at + 3]! << 24) >>> 0;
}

/** Writes a little-endian u32 at any alignment. */
export function setU32At(u8: Uint8Array, at: number, value: number): void {
  u8[at] = value;
  u8[at + 1] = value >>> 8;
  u8[at + 2] = value >>> 16;
  u8[at + 3] = value >>> 24;
}

/** Number of slots. */
export function slotCount(a: Arena, base: number): number {
  return a.u16[(base + 18) >> 1]!;
}

/** Byte offset of the cell of a slot, relative to the page. */
export function cellAt(a: Arena, base: number, slot: number): number {
  return a.u16[(base + HEADER_BYTES + slot * SLOT_BYTES + 4) >> 1]!;
}

/** Length of the key of a slot. */
export function keyLength(a: Arena, base: number, slot: number): number {
  return a.u16[(base + HEADER_BYTES + slot * SLOT_BYTES + 6) >> 1]!;
}

/** The write epoch in which a page got its number. */
export function epochOf(a: Arena, base: number): number {
  return a.i32[(base >> 2) + 2]! >>> 0;
}

/** The tree of a page. */
export function treeOf(a: Arena, base: number): number {
  return a.i32[(base >> 2) + 3]!;
}

/** The level of a page: 0 is a leaf. */
export function levelOf(a: Arena, base: number): number {
  return a.u8[base + 17]!;
}

/** Bytes between a cell's start and its key, by level. */
export function cellHead(level: number): number {
  return level === 0 ? LEAF_CELL_HEAD : BRANCH_CELL_HEAD;
}

/** Child page number of a branch slot. */
export function childOf(a: Arena, base: number, slot: number): number {
  return u32At(a.u8, base + cellAt(a, base, slot));
}

/** Stored checksum of the child of a branch slot; meaningless while that child is unwritten. */
export function childChecksum(a: Arena, base: number, slot: number): number {
  return u32At(a.u8, base + cellAt(a, base, slot) + 4);
}

/** Bytes of a cell, by level. */
export function cellBytes(a: Arena, base: number, slot: number, level: number): number {
  const length = keyLength(a, base, slot);
  if (level > 0) return BRANCH_CELL_HEAD + length;
  const at = base + cellAt(a, base, slot);
  const value = a.u8[at]! | a.u8[at + 1]! << 8;
  return LEAF_CELL_HEAD + length + (value === OVERFLOW ? OVERFLOW_REF_BYTES : value);
}

/** Bytes free between slots and cells. */
export function gapBytes(a: Arena, base: number): number {
  const h = base >> 1;
  return a.u16[h + 10]! - HEADER_BYTES - a.u16[h + 9]! * SLOT_BYTES;
}

/** Bytes free in all: the gap and what compaction would give. */
export function freeBytes(a: Arena, base: number): number {
  return gapBytes(a, base) + a.u16[(base + 22) >> 1]!;
}

/** Writes an empty page. */
export function formatPage(
  a: Arena,
  base: number,
  page: number,
  epoch: number,
  tree: number,
  level: number,
): void {
  const w = base >> 2;
  a.u8.fill(0, base, base + HEADER_BYTES);
  a.i32[w + 1] = page;
  a.i32[w + 2] = epoch;
  a.i32[w + 3] = tree;
  a.u8[base + 16] = level === 0 ? KIND_LEAF : KIND_BRANCH;
  a.u8[base + 17] = level;
  a.u16[(base + 20) >> 1] = PAGE_BYTES;
}

/** The head of `key[begin, end)` behind `skip` bytes. */
export function headOf(key: Uint8Array, begin: number, end: number, skip: number): number {
  const at = begin + skip;
  const left = end - at;
  if (left >= 4) {
    return (key[at]! << 24 | key[at + 1]! << 16 | key[at + 2]! << 8 | key[at + 3]!) ^ 0x80000000;
  }
  let head = 0;
  if (left > 0) head |= key[at]! << 24;
  if (left > 1) head |= key[at + 1]! << 16;
  if (left > 2) head |= key[at + 2]! << 8;
  return head ^ 0x80000000;
}

/** Length of the common prefix of two keys, at most `limit`. */
export function commonPrefix(
  a: Uint8Array,
  aAt: number,
  b: Uint8Array,
  bAt: number,
  limit: number,
): number {
  let i = 0;
  while (i < limit && a[aAt + i] === b[bAt + i]) i++;
  return i;
}

/**
 * Finds the key `key[begin, begin + length)` in a page; slot 0 of a branch is minus infinity and
 * never found.
 * @returns the slot of an equal key, or `~slot` of the first greater key.
 */
export function searchPage(
  a: Arena,
  base: number,
  key: Uint8Array,
  begin: number,
  length: number,
  level: number,
): number {
  const u8 = a.u8;
  const u16 = a.u16;
  const i32 = a.i32;
  const count = u16[(base + 18) >> 1]!;
  const first = level === 0 ? 0 : 1;
  if (count <= first) return ~first;
  const skip = u16[(base + 24) >> 1]!;
  const keyOffset = level === 0 ? LEAF_CELL_HEAD : BRANCH_CELL_HEAD;
  if (skip > 0) {
    const at = base + cellAt(a, base, first) + keyOffset;
    for (let i = 0; i < skip; i++) {
      if (i >= length) return ~first;
      const difference = key[begin + i]! - u8[at + i]!;
      if (difference !== 0) return difference < 0 ? ~first : ~count;
    }
  }
  const head = headOf(key, begin, begin + length, skip);
  const slots = (base + HEADER_BYTES) >> 2;
  let low = first;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const slot = slots + middle * 2;
    const other = i32[slot]!;
    if (other < head) {
      low = middle + 1;
    } else if (other > head) {
      high = middle;
    } else {
      const at = base + u16[slot * 2 + 2]! + keyOffset;
      const otherLength = u16[slot * 2 + 3]!;
      const shared = length < otherLength ? length : otherLength;
      // Equal heads are equal bytes only as far as both keys reach: compare from the skip on.
      let i = skip;
      while (i < shared && key[begin + i] === u8[at + i]) i++;
      const difference = i < shared ? key[begin + i]! - u8[at + i]! : length - otherLength;
      if (difference === 0) return middle;
      if (difference > 0) low = middle + 1;
      else high = middle;
    }
  }
  return ~low;
}

/** Recomputes `skip` and every head from the keys of the page. */
export function rebuildHeads(a: Arena, base: number): void {
  const u8 = a.u8;
  const level = levelOf(a, base);
  const first = level === 0 ? 0 : 1;
  const keyOffset = cellHead(level);
  const count = slotCount(a, base);
  let skip = 0;
  if (count - first >= 2) {
    // Keys are ordered, so what the first and the last share, all share.
    const lowLength = keyLength(a, base, first);
    const highLength = keyLength(a, base, count - 1);
    skip = commonPrefix(
      u8,
      base + cellAt(a, base, first) + keyOffset,
      u8,
      base + cellAt(a, base, count - 1) + keyOffset,
      lowLength < highLength ? lowLength : highLength,
    );
  }
  a.u16[(base + 24) >> 1] = skip;
  for (let slot = first; slot < count; slot++) {
    const at = base + cellAt(a, base, slot) + keyOffset;
    a.i32[(base + HEADER_BYTES + slot * SLOT_BYTES) >> 2] = headOf(
      u8,
      at,
      at + keyLength(a, base, slot),
      skip,
    );
  }
}

const scratch = createArena(PAGE_BYTES);

/** Moves all cells together at the end of the page, so that all free bytes are one gap. */
export function compactPage(a: Arena, base: number): void {
  const level = levelOf(a, base);
  scratch.u8.set(a.u8.subarray(base, base + PAGE_BYTES));
  const count = slotCount(a, base);
  let floor = PAGE_BYTES;
  for (let slot = 0; slot < count; slot++) {
    const bytes = cellBytes(scratch, 0, slot, level);
    const from = cellAt(scratch, 0, slot);
    floor -= bytes;
    a.u8.set(scratch.u8.subarray(from, from + bytes), base + floor);
    a.u16[(base + HEADER_BYTES + slot * SLOT_BYTES + 4) >> 1] = floor;
  }
  a.u16[(base + 20) >> 1] = floor;
  a.u16[(base + 22) >> 1] = 0;
}

/**
 * Takes bytes for a cell beside `count` others. A cell that reached into the slots would be damage
 * with a good checksum: who asks for it has miscounted.
 * @throws {InvariantError} it does not fit
 */
function lowerFloor(a: Arena, base: number, bytes: number, count: number): number {
  const floor = a.u16[(base + 20) >> 1]! - bytes;
  assert(floor >= HEADER_BYTES + (count + 1) * SLOT_BYTES, "a cell does not fit into its page");
  a.u16[(base + 20) >> 1] = floor;
  return floor;
}

/**
 * Makes room for a cell of `bytes` bytes at `slot` and writes its slot; the caller has made sure
 * that it fits ({@linkcode freeBytes}) and writes the cell's bytes.
 * @returns the offset of the new cell in the arena.
 */
export function openCell(
  a: Arena,
  base: number,
  slot: number,
  bytes: number,
  key: Uint8Array,
  begin: number,
  length: number,
): number {
  const level = levelOf(a, base);
  if (gapBytes(a, base) < bytes + SLOT_BYTES) compactPage(a, base);
  const count = slotCount(a, base);
  const first = level === 0 ? 0 : 1;
  const skip = a.u16[(base + 24) >> 1]!;
  let narrowed = false;
  if (skip > 0 && slot >= first) {
    if (count === first) {
      a.u16[(base + 24) >> 1] = 0;
      return openCell(a, base, slot, bytes, key, begin, length);
    }
    const other = base + cellAt(a, base, first) + cellHead(level);
    const shared = commonPrefix(key, begin, a.u8, other, length < skip ? length : skip);
    narrowed = shared < skip;
  }
  const slotAt = base + HEADER_BYTES + slot * SLOT_BYTES;
  if (slot < count) {
    a.u8.copyWithin(slotAt + SLOT_BYTES, slotAt, base + HEADER_BYTES + count * SLOT_BYTES);
  }
  const floor = lowerFloor(a, base, bytes, count);
  a.u16[(base + 18) >> 1] = count + 1;
  a.u16[(slotAt + 4) >> 1] = floor;
  a.u16[(slotAt + 6) >> 1] = length;
  const at = base + floor;
  const keyAt = at + cellHead(level);
  for (let i = 0; i < length; i++) a.u8[keyAt + i] = key[begin + i]!;
  if (narrowed) rebuildHeads(a, base);
  else a.i32[slotAt >> 2] = headOf(key, begin, begin + length, skip);
  return at;
}

/** Removes a slot; its cell becomes garbage. */
export function removeSlot(a: Arena, base: number, slot: number): void {
  const level = levelOf(a, base);
  const bytes = cellBytes(a, base, slot, level);
  const count = slotCount(a, base);
  const floorAt = (base + 20) >> 1;
  const garbageAt = (base + 22) >> 1;
  if (cellAt(a, base, slot) === a.u16[floorAt]) a.u16[floorAt] = a.u16[floorAt]! + bytes;
  else a.u16[garbageAt] = a.u16[garbageAt]! + bytes;
  const slotAt = base + HEADER_BYTES + slot * SLOT_BYTES;
  a.u8.copyWithin(slotAt, slotAt + SLOT_BYTES, base + HEADER_BYTES + count * SLOT_BYTES);
  a.u16[(base + 18) >> 1] = count - 1;
  if (count === 1) {
    a.u16[floorAt] = PAGE_BYTES;
    a.u16[garbageAt] = 0;
    a.u16[(base + 24) >> 1] = 0;
  }
}

/** Appends slot `slot` of one page to the end of another (keys must ascend). */
export function copyCell(
  from: Arena,
  fromBase: number,
  slot: number,
  to: Arena,
  toBase: number,
): void {
  const level = levelOf(from, fromBase);
  const bytes = cellBytes(from, fromBase, slot, level);
  const at = fromBase + cellAt(from, fromBase, slot);
  const count = slotCount(to, toBase);
  const floor = lowerFloor(to, toBase, bytes, count);
  to.u16[(toBase + 18) >> 1] = count + 1;
  const slotAt = toBase + HEADER_BYTES + count * SLOT_BYTES;
  to.u16[(slotAt + 4) >> 1] = floor;
  to.u16[(slotAt + 6) >> 1] = keyLength(from, fromBase, slot);
  to.u8.set(from.u8.subarray(at, at + bytes), toBase + floor);
}
