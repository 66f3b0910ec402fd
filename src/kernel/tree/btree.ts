/**
 * The B+tree on raw pages: find, put, remove. Values are bytes or overflow references; keys are
 * compared byte by byte. Nothing here allocates per operation.
 *
 * Changes go through {@linkcode Pager.writable} from the root down, so that a path of new page
 * numbers leads to every changed page (copy-on-write) and the old root still sees the old tree.
 *
 * @module
 */

import { compareBytes } from "../../base/compare.ts";
import type { ByteWriter } from "../../base/byte_writer.ts";
import type { OverflowStore } from "../page/overflow.ts";
import {
  type Arena,
  BRANCH_CELL_HEAD,
  cellAt,
  childChecksum,
  childOf,
  freeBytes,
  keyLength,
  LEAF_CELL_HEAD,
  openCell,
  OVERFLOW,
  OVERFLOW_REF_BYTES,
  removeSlot,
  searchPage,
  setU32At,
  SLOT_BYTES,
  slotCount,
} from "../page/page.ts";
import type { Pager } from "../page/pager.ts";
import { CELL_BYTES_MAX, KEY_BYTES_MAX } from "../limits.ts";
import { recordInsert, splitPage } from "./split.ts";
import { makeRoom } from "./make_room.ts";
import { mergeAt } from "./merge.ts";

/** Where a tree begins, and its totals. One object belongs to one state (see `state.ts`). */
export interface TreeRoot {
  /** Tree id, never reused in a file. */
  readonly id: number;
  /** Epoch of the state that may change this object. */
  readonly epoch: number;
  /** Root page, 0 when the tree is empty. */
  page: number;
  /** Checksum of the root page as the last checkpoint knew it. */
  checksum: number;
  /** Level of the root page. */
  level: number;
  /** Entries. */
  count: number;
  /** Pages of the tree, overflow runs not included. */
  pages: number;
}

/** Deepest possible path: 4 KiB branches of 4 cells over 2^32 pages are 16 levels. */
export const DEPTH_MAX = 24;

/** Operations on trees of one pager. Not reentrant: results stay valid until the next call. */
export class BTree {
  /** After a successful {@linkcode BTree.find}: the bytes that hold the value or reference. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Offset of the value, or of its overflow reference. */
  valueAt = 0;
  /** Length of the inline value, or `OVERFLOW`. */
  valueLength = 0;

  readonly pager: Pager;
  readonly overflow: OverflowStore;
  /** Frames from the root (index 0) to the leaf of the running operation. */
  readonly pathFrame: Int32Array = new Int32Array(DEPTH_MAX);
  /** Slots taken on that path. */
  readonly pathSlot: Int32Array = new Int32Array(DEPTH_MAX);

  /** The separator that a split hands to the parent. */
  readonly separator: Uint8Array = new Uint8Array(KEY_BYTES_MAX);
  separatorLength = 0;
  /** The cell being inserted: a value or reference of a leaf, or a child of a branch. */
  #source: Uint8Array = this.bytes;
  #sourceAt = 0;
  #sourceLength = 0;
  #isReference = false;
  #child = 0;
  /** The tree to whose end `pathFrame` leads, and the pages of that path. */
  #edge: TreeRoot | undefined;
  #edgeCount = 0;
  readonly #edgePages = new Uint32Array(DEPTH_MAX);

  /** Binds the operations to a cache and to the store of large values. */
  constructor(pager: Pager, overflow: OverflowStore) {
    this.pager = pager;
    this.overflow = overflow;
  }

  /** Looks a key up; on success the result fields say where the value is. */
  find(root: TreeRoot, key: Uint8Array, begin: number, length: number): boolean {
    if (root.page === 0) return false;
    const pager = this.pager;
    pager.clock++;
    let frame = pager.frame(root.page, root.checksum);
    let arena = pager.arena(frame);
    let base = pager.base(frame);
    for (let level = root.level; level > 0; level--) {
      const found = searchPage(arena, base, key, begin, length, level);
      const slot = found >= 0 ? found : ~found - 1;
      frame = pager.frame(childOf(arena, base, slot), childChecksum(arena, base, slot));
      arena = pager.arena(frame);
      base = pager.base(frame);
    }
    const slot = searchPage(arena, base, key, begin, length, 0);
    if (slot < 0) return false;
    const at = base + cellAt(arena, base, slot);
    this.bytes = arena.u8;
    this.valueLength = arena.u8[at]! | arena.u8[at + 1]! << 8;
    this.valueAt = at + LEAF_CELL_HEAD + length;
    return true;
  }

  /** Writes the highest key to `out`. @returns `false` for an empty tree. */
  lastKey(root: TreeRoot, out: ByteWriter): boolean {
    out.reset();
    if (root.page === 0) return false;
    const pager = this.pager;
    pager.clock++;
    let frame = this.#edge === root ? this.pathFrame[root.level]! : -1;
    let level = 0;
    if (frame < 0 || !pager.holds(frame, this.#edgePages[root.level]!)) {
      frame = pager.frame(root.page, root.checksum);
      level = root.level;
    }
    for (; level > 0; level--) {
      const arena = pager.arena(frame);
      const base = pager.base(frame);
      const slot = slotCount(arena, base) - 1;
      frame = pager.frame(childOf(arena, base, slot), childChecksum(arena, base, slot));
    }
    const arena = pager.arena(frame);
    const base = pager.base(frame);
    const slot = slotCount(arena, base) - 1;
    const at = base + cellAt(arena, base, slot) + LEAF_CELL_HEAD;
    out.raw(arena.u8, at, at + keyLength(arena, base, slot));
    return true;
  }

  /** Inserts or replaces a value that is inline or written to overflow pages by its length. */
  put(
    root: TreeRoot,
    key: Uint8Array,
    begin: number,
    length: number,
    value: Uint8Array,
    valueBegin: number,
    valueLength: number,
  ): void {
    if (LEAF_CELL_HEAD + length + valueLength <= CELL_BYTES_MAX) {
      this.#set(root, key, begin, length, value, valueBegin, valueLength, false);
      return;
    }
    const reference = this.overflow.write(value, valueBegin, valueLength);
    this.#set(root, key, begin, length, reference, 0, OVERFLOW_REF_BYTES, true);
  }

  /** Inserts or replaces a value by a reference to pages that are written already. */
  putReference(
    root: TreeRoot,
    key: Uint8Array,
    begin: number,
    length: number,
    reference: Uint8Array,
    at: number,
  ): void {
    this.#set(root, key, begin, length, reference, at, OVERFLOW_REF_BYTES, true);
  }

  /** Removes a key. @returns whether it was there. */
  remove(root: TreeRoot, key: Uint8Array, begin: number, length: number): boolean {
    if (!this.find(root, key, begin, length)) return false;
    const slot = this.#descend(root, key, begin, length);
    const depth = root.level;
    const frame = this.pathFrame[depth]!;
    const arena = this.pager.arena(frame);
    const base = this.pager.base(frame);
    this.#freeValue(arena, base, slot);
    removeSlot(arena, base, slot);
    root.count--;
    mergeAt(this, root, depth);
    return true;
  }

  /** Writes the cell payload around a key that is already in place. */
  writeCell(arena: Arena, at: number, length: number, level: number): void {
    const u8 = arena.u8;
    if (level > 0) {
      setU32At(u8, at, this.#child);
      setU32At(u8, at + 4, 0);
      return;
    }
    const size = this.#isReference ? OVERFLOW : this.#sourceLength;
    u8[at] = size;
    u8[at + 1] = size >>> 8;
    const to = at + LEAF_CELL_HEAD + length;
    const source = this.#source;
    const from = this.#sourceAt;
    const count = this.#sourceLength;
    if (count <= 48) { for (let i = 0; i < count; i++) u8[to + i] = source[from + i]!; }
    else u8.set(source.subarray(from, from + count), to);
  }

  /** Inserts the pending cell at a slot of the path, splitting upwards as needed. */
  insertAt(
    root: TreeRoot,
    depth: number,
    slot: number,
    key: Uint8Array,
    begin: number,
    length: number,
  ): void {
    const frame = this.pathFrame[depth]!;
    const arena = this.pager.arena(frame);
    const base = this.pager.base(frame);
    const level = root.level - depth;
    const bytes = level > 0
      ? BRANCH_CELL_HEAD + length
      : LEAF_CELL_HEAD + length + this.#sourceLength;
    if (level === 0) recordInsert(arena, base, slot, key, begin, length);
    if (freeBytes(arena, base) >= bytes + SLOT_BYTES) {
      this.writeCell(arena, openCell(arena, base, slot, bytes, key, begin, length), length, level);
      return;
    }
    if (level === 0 && makeRoom(this, root, slot, bytes, key, begin, length)) return;
    const right = splitPage(this, root, depth, slot, bytes, key, begin, length);
    this.#child = this.pager.pageOf(right);
    if (depth > 0) {
      const parentSlot = this.pathSlot[depth - 1]! + 1;
      this.insertAt(root, depth - 1, parentSlot, this.separator, 0, this.separatorLength);
      return;
    }
    this.#growRoot(root, this.pager.pageOf(frame), this.#child);
  }

  /** Gives the leaf at a slot of the path's last branch the separator in `separator`. */
  replaceSeparator(root: TreeRoot, slot: number, page: number): void {
    const depth = root.level - 1;
    const frame = this.pathFrame[depth]!;
    removeSlot(this.pager.arena(frame), this.pager.base(frame), slot);
    this.insertChild(root, depth, slot, page);
  }

  /** Inserts a child with the separator in `separator` into a branch of the path. */
  insertChild(root: TreeRoot, depth: number, slot: number, page: number): void {
    this.#child = page;
    this.insertAt(root, depth, slot, this.separator, 0, this.separatorLength);
  }

  #growRoot(root: TreeRoot, left: number, right: number): void {
    const frame = this.pager.create(root.id, root.level + 1);
    const arena = this.pager.arena(frame);
    const base = this.pager.base(frame);
    const level = root.level + 1;
    this.#child = left;
    const first = openCell(arena, base, 0, BRANCH_CELL_HEAD, this.separator, 0, 0);
    this.writeCell(arena, first, 0, level);
    this.#child = right;
    const length = this.separatorLength;
    const second = openCell(arena, base, 1, BRANCH_CELL_HEAD + length, this.separator, 0, length);
    this.writeCell(arena, second, length, level);
    root.page = this.pager.pageOf(frame);
    root.level = level;
    root.pages++;
  }

  #set(
    root: TreeRoot,
    key: Uint8Array,
    begin: number,
    length: number,
    source: Uint8Array,
    sourceAt: number,
    sourceLength: number,
    isReference: boolean,
  ): void {
    this.#source = source;
    this.#sourceAt = sourceAt;
    this.#sourceLength = sourceLength;
    this.#isReference = isReference;
    if (root.page === 0) {
      this.pager.clock++;
      root.page = this.pager.pageOf(this.pager.create(root.id, 0));
      root.level = 0;
      root.pages = 1;
    }
    const slot = this.#isBehindEdge(root, key, begin, length)
      ? ~this.#edgeCount
      : this.#descend(root, key, begin, length);
    const depth = root.level;
    if (slot < 0) {
      root.count++;
      const pages = root.pages;
      this.insertAt(root, depth, ~slot, key, begin, length);
      if (root.pages === pages) this.#noteEdge(root, ~slot);
      else this.#edge = undefined;
      return;
    }
    const frame = this.pathFrame[depth]!;
    const arena = this.pager.arena(frame);
    const base = this.pager.base(frame);
    const at = base + cellAt(arena, base, slot);
    const old = arena.u8[at]! | arena.u8[at + 1]! << 8;
    if (!isReference && old === sourceLength) {
      this.writeCell(arena, at, keyLength(arena, base, slot), 0);
      return;
    }
    this.#freeValue(arena, base, slot);
    removeSlot(arena, base, slot);
    this.insertAt(root, depth, slot, key, begin, length);
  }

  /**
   * Remembers the path if the last put went to the end of the tree. PERF: appends of a log then cost
   * one comparison instead of a descent.
   */
  #noteEdge(root: TreeRoot, slot: number): void {
    const pager = this.pager;
    this.#edge = undefined;
    const leaf = this.pathFrame[root.level]!;
    if (slot !== slotCount(pager.arena(leaf), pager.base(leaf)) - 1) return;
    for (let depth = 0; depth < root.level; depth++) {
      const frame = this.pathFrame[depth]!;
      if (this.pathSlot[depth]! !== slotCount(pager.arena(frame), pager.base(frame)) - 1) return;
    }
    for (let depth = 0; depth <= root.level; depth++) {
      this.#edgePages[depth] = pager.pageOf(this.pathFrame[depth]!);
    }
    this.#edge = root;
  }

  /**
   * Whether the remembered path still leads to the last leaf of the tree and the key lies behind all
   * of it. The root object belongs to one state, so a frozen tree never matches.
   */
  #isBehindEdge(root: TreeRoot, key: Uint8Array, begin: number, length: number): boolean {
    if (this.#edge !== root) return false;
    const pager = this.pager;
    pager.clock++;
    for (let depth = 0; depth <= root.level; depth++) {
      const frame = this.pathFrame[depth]!;
      if (!pager.holds(frame, this.#edgePages[depth]!)) return false;
    }
    const leaf = this.pathFrame[root.level]!;
    const arena = pager.arena(leaf);
    const base = pager.base(leaf);
    const count = slotCount(arena, base);
    const at = base + cellAt(arena, base, count - 1) + LEAF_CELL_HEAD;
    const end = at + keyLength(arena, base, count - 1);
    if (compareBytes(key, begin, begin + length, arena.u8, at, end) <= 0) return false;
    this.#edgeCount = count;
    return true;
  }

  /** Makes the path to a key's leaf changeable. @returns the slot as `searchPage` gives it. */
  #descend(root: TreeRoot, key: Uint8Array, begin: number, length: number): number {
    const pager = this.pager;
    pager.clock++;
    this.#edge = undefined;
    let frame = pager.writable(pager.frame(root.page, root.checksum));
    root.page = pager.pageOf(frame);
    for (let depth = 0; depth < root.level; depth++) {
      const arena = pager.arena(frame);
      const base = pager.base(frame);
      const found = searchPage(arena, base, key, begin, length, root.level - depth);
      const slot = found >= 0 ? found : ~found - 1;
      this.pathFrame[depth] = frame;
      this.pathSlot[depth] = slot;
      frame = this.writableChild(arena, base, slot);
    }
    this.pathFrame[root.level] = frame;
    return searchPage(pager.arena(frame), pager.base(frame), key, begin, length, 0);
  }

  /** The frame of a child, for reading. */
  childFrame(arena: Arena, base: number, slot: number): number {
    return this.pager.frame(childOf(arena, base, slot), childChecksum(arena, base, slot));
  }

  /** Makes the child of a changeable branch changeable. */
  writableChild(arena: Arena, base: number, slot: number): number {
    const pager = this.pager;
    const page = childOf(arena, base, slot);
    const frame = pager.writable(this.childFrame(arena, base, slot));
    const moved = pager.pageOf(frame);
    if (moved !== page) setU32At(arena.u8, base + cellAt(arena, base, slot), moved);
    return frame;
  }

  #freeValue(arena: Arena, base: number, slot: number): void {
    const at = base + cellAt(arena, base, slot);
    if ((arena.u8[at]! | arena.u8[at + 1]! << 8) !== OVERFLOW) return;
    this.overflow.free(arena.u8, at + LEAF_CELL_HEAD + keyLength(arena, base, slot));
  }
}
