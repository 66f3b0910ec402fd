/**
 * Walks the entries of one tree in key order, forwards or backwards. The tree must not change while
 * the cursor lives (its state is pinned by a view). Each leaf is copied once; entries are ranges of
 * that copy, which is never written again, so they may be handed out.
 *
 * @module
 */

import type { OverflowStore } from "../page/overflow.ts";
import type { TreeRoot } from "./btree.ts";
import { DEPTH_MAX } from "./btree.ts";
import { PAGE_BYTES } from "../limits.ts";
import {
  type Arena,
  childChecksum,
  childOf,
  HEADER_BYTES,
  LEAF_CELL_HEAD,
  OVERFLOW,
  searchPage,
  SLOT_BYTES,
  slotCount,
} from "../page/page.ts";
import type { Pager } from "../page/pager.ts";

/** Bounds of a walk, as encoded keys; a missing bound is open. */
export interface KeyBounds {
  /** Lowest key. */
  readonly lower?: Uint8Array | undefined;
  /** Whether an entry equal to `lower` is left out. */
  readonly lowerOpen?: boolean;
  /** Highest key. */
  readonly upper?: Uint8Array | undefined;
  /** Whether an entry equal to `upper` is left out. */
  readonly upperOpen?: boolean;
  /** Walk from high to low. */
  readonly reverse?: boolean;
}

/** One entry after another; the fields are those of the entry that `next` moved to. */
export interface EntryCursor {
  /** Moves to the next entry. @returns `false` at the end. */
  next(): boolean;
  /** Bytes that hold the key; never written again. */
  keyBytes: Uint8Array;
  /** Begin of the key. */
  keyBegin: number;
  /** End of the key. */
  keyEnd: number;
  /** The value: bytes that are never written again, and its range in them. */
  loadValue(): void;
  /** Bytes that hold the value, after `loadValue`. */
  valueBytes: Uint8Array;
  /** Begin of the value, after `loadValue`. */
  valueBegin: number;
  /** End of the value, after `loadValue`. */
  valueEnd: number;
}

/** The fields of an {@linkcode EntryCursor}. */
export class CursorEntry {
  keyBytes: Uint8Array = new Uint8Array(0);
  keyBegin = 0;
  keyEnd = 0;
  valueBytes: Uint8Array = this.keyBytes;
  valueBegin = 0;
  valueEnd = 0;

  /** Takes over the key of another cursor. */
  protected takeKey(from: EntryCursor): void {
    this.keyBytes = from.keyBytes;
    this.keyBegin = from.keyBegin;
    this.keyEnd = from.keyEnd;
  }

  /** Takes over the value of another cursor. */
  protected takeValue(from: EntryCursor): void {
    from.loadValue();
    this.valueBytes = from.valueBytes;
    this.valueBegin = from.valueBegin;
    this.valueEnd = from.valueEnd;
  }
}

/** Most leaves copied into one allocation; a walk begins with one. */
const COPIES_MAX = 16;

/** A cursor over one tree. */
export class TreeCursor extends CursorEntry implements EntryCursor {
  readonly #pager: Pager;
  readonly #overflow: OverflowStore;
  readonly #root: TreeRoot;
  readonly #bounds: KeyBounds;
  readonly #step: 1 | -1;
  /** Slots of the path, by depth; the pages are found from the root each time. */
  readonly #slots: number[] = [];
  readonly #frames = new Int32Array(DEPTH_MAX);
  #copies: Uint8Array = this.keyBytes;
  #copyBase = 0;
  /** Leaves that `#copies` has room for, and how many are there. */
  #copiesRoom = 0;
  #copiesUsed = 0;
  #slot = 0;
  #stop = 0;
  #started = false;

  /** Prepares a walk; nothing is read before `next`. */
  constructor(pager: Pager, overflow: OverflowStore, root: TreeRoot, bounds: KeyBounds) {
    super();
    this.#pager = pager;
    this.#overflow = overflow;
    this.#root = root;
    this.#bounds = bounds;
    this.#step = bounds.reverse ? -1 : 1;
  }

  next(): boolean {
    if (!this.#started) {
      this.#started = true;
      if (this.#root.page === 0) return false;
      this.#seek();
    } else {
      this.#slot += this.#step;
    }
    while (this.#slot === this.#stop) if (!this.#nextLeaf()) return false;
    const u8 = this.#copies;
    const at = this.#copyBase + HEADER_BYTES + this.#slot * SLOT_BYTES;
    const cell = this.#copyBase + (u8[at + 4]! | u8[at + 5]! << 8);
    this.keyBytes = u8;
    this.keyBegin = cell + LEAF_CELL_HEAD;
    this.keyEnd = this.keyBegin + (u8[at + 6]! | u8[at + 7]! << 8);
    return true;
  }

  loadValue(): void {
    const u8 = this.#copies;
    const cell = this.keyBegin - LEAF_CELL_HEAD;
    const length = u8[cell]! | u8[cell + 1]! << 8;
    if (length === OVERFLOW) {
      this.valueBytes = this.#overflow.read(u8, this.keyEnd);
      this.valueBegin = 0;
      this.valueEnd = this.valueBytes.length;
      return;
    }
    this.valueBytes = u8;
    this.valueBegin = this.keyEnd;
    this.valueEnd = this.keyEnd + length;
  }

  /** Goes down to the leaf where the walk starts. */
  #seek(): void {
    const from = this.#bounds.reverse ? this.#bounds.upper : this.#bounds.lower;
    const pager = this.#pager;
    pager.clock++;
    let frame = pager.frame(this.#root.page, this.#root.checksum);
    for (let level = this.#root.level; level > 0; level--) {
      const arena = pager.arena(frame);
      const base = pager.base(frame);
      let slot = this.#step > 0 ? 0 : slotCount(arena, base) - 1;
      if (from !== undefined) {
        const found = searchPage(arena, base, from, 0, from.length, level);
        slot = found >= 0 ? found : ~found - 1;
      }
      this.#slots.push(slot);
      frame = this.#child(frame, slot);
    }
    this.#enterLeaf(frame, from);
  }

  /**
   * The frame of a child. Its checksum is read from the parent now: a checkpoint may have filled it
   * in since the last step.
   */
  #child(frame: number, slot: number): number {
    const arena = this.#pager.arena(frame);
    const base = this.#pager.base(frame);
    return this.#pager.frame(childOf(arena, base, slot), childChecksum(arena, base, slot));
  }

  /** Moves to the neighbouring leaf. @returns `false` when there is none. */
  #nextLeaf(): boolean {
    // A leaf cut short by the far bound is the last one.
    if (this.#stop !== (this.#step > 0 ? this.#leafCount() : -1)) return false;
    const pager = this.#pager;
    pager.clock++;
    const frames = this.#frames;
    const slots = this.#slots;
    const levels = this.#root.level;
    if (levels === 0) return false;
    frames[0] = pager.frame(this.#root.page, this.#root.checksum);
    for (let depth = 1; depth < levels; depth++) {
      frames[depth] = this.#child(frames[depth - 1]!, slots[depth - 1]!);
    }
    let depth = levels - 1;
    for (; depth >= 0; depth--) {
      const slot = slots[depth]! + this.#step;
      if (slot >= 0 && slot < this.#count(frames[depth]!)) {
        slots[depth] = slot;
        break;
      }
    }
    if (depth < 0) return false;
    let frame = this.#child(frames[depth]!, slots[depth]!);
    while (++depth < levels) {
      slots[depth] = this.#step > 0 ? 0 : this.#count(frame) - 1;
      frame = this.#child(frame, slots[depth]!);
    }
    this.#enterLeaf(frame, undefined);
    return true;
  }

  #count(frame: number): number {
    return slotCount(this.#pager.arena(frame), this.#pager.base(frame));
  }

  #leafCount(): number {
    return this.#copies[this.#copyBase + 18]! | this.#copies[this.#copyBase + 19]! << 8;
  }

  /** Copies a leaf and finds the first slot of the walk in it and the slot that ends it. */
  #enterLeaf(frame: number, from: Uint8Array | undefined): void {
    const arena = this.#pager.arena(frame);
    const base = this.#pager.base(frame);
    const { lower, upper, lowerOpen, upperOpen } = this.#bounds;
    const count = slotCount(arena, base);
    let low = 0;
    let high = count;
    // Only the leaf that holds a bound is cut by it; others lie wholly inside or beyond.
    if (lower !== undefined && (this.#step < 0 || from !== undefined)) {
      low = firstAtLeast(arena, base, lower, lowerOpen === true);
    }
    if (upper !== undefined && (this.#step > 0 || from !== undefined)) {
      high = firstAtLeast(arena, base, upper, upperOpen !== true);
    }
    if (this.#copiesUsed === this.#copiesRoom) {
      this.#copiesRoom = Math.min(COPIES_MAX, Math.max(1, 4 * this.#copiesRoom));
      this.#copies = new Uint8Array(this.#copiesRoom * PAGE_BYTES);
      this.#copiesUsed = 0;
    }
    this.#copyBase = this.#copiesUsed++ * PAGE_BYTES;
    this.#copies.set(arena.u8.subarray(base, base + PAGE_BYTES), this.#copyBase);
    this.#slot = this.#step > 0 ? low : high - 1;
    this.#stop = this.#step > 0 ? Math.max(low, high) : Math.min(low, high) - 1;
  }
}

/** The first slot whose key is at least `key`, or above it when `above`. */
function firstAtLeast(arena: Arena, base: number, key: Uint8Array, above: boolean): number {
  const found = searchPage(arena, base, key, 0, key.length, 0);
  return found >= 0 ? found + (above ? 1 : 0) : ~found;
}
