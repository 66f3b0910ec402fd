/**
 * Looks several keys up at once, level by level, so that memory answers for all of them together.
 * PERF: of 32 keys among a million 1.04 times as fast as single gets on Node, 1.07 times on Deno, 1.5
 * times on Bun (2026-11-22); without `touchSlots` 1.0 on Node and 1.15 on Bun.
 *
 * @module
 */

import type { ByteWriter } from "../../base/byte_writer.ts";
import {
  cellAt,
  childChecksum,
  childOf,
  LEAF_CELL_HEAD,
  OVERFLOW,
  OVERFLOW_REF_BYTES,
  searchPage,
} from "../page/page.ts";
import type { ValuePool } from "../page/value_pool.ts";
import type { BTree, TreeRoot } from "./btree.ts";

/** Encoded keys, one after the other. */
export interface KeyBatch {
  /** The keys. */
  readonly bytes: ByteWriter;
  /** Where each of them ends in `bytes`. */
  readonly ends: readonly number[];
}

/** Most keys of one step: what they touch has to stay in the processor's cache until it is used. */
const KEYS_MAX = 32;

/** Frames of the cache for each key: a path, and room for what others hold. */
const FRAMES_PER_KEY = 32;

/** A line of the cache is 64 bytes. */
const LINE_WORDS = 16;

/** Header and 36 slots: leaves of entries of 100 bytes have fewer. */
const SLOT_LINES = 5;

const frames = new Int32Array(KEYS_MAX);

/** Where values were copied to: those of one step. */
export class FoundValues {
  /** The bytes that hold the value or the reference of each key. */
  readonly bytes: Uint8Array[] = [];
  /** Its offset there. */
  readonly at: Int32Array = new Int32Array(KEYS_MAX);
  /** Keeps the reads of `touchSlots` from being left out. */
  touched = 0;
  /** The length of the value, `OVERFLOW` for a reference, -1 where there is no such key. */
  readonly length: Int32Array = new Int32Array(KEYS_MAX);
}

/**
 * Looks up keys of a batch from `first` on, as many as the cache has frames for at once.
 * @param found is given copies, so that what is decoded of one may use the cache
 * @returns how many keys
 */
export function findMany(
  tree: BTree,
  root: TreeRoot,
  { bytes: { bytes: keys }, ends }: KeyBatch,
  first: number,
  pool: ValuePool,
  found: FoundValues,
): number {
  const { pager } = tree;
  const most = Math.max(1, Math.floor(pager.capacity / FRAMES_PER_KEY));
  const count = Math.min(ends.length - first, KEYS_MAX, most);
  if (root.page === 0) {
    found.length.fill(-1);
    return count;
  }
  // No frame of this step leaves the cache before its end.
  pager.clock++;
  frames.fill(pager.frame(root.page, root.checksum), 0, count);
  for (let level = root.level; level > 0; level--) {
    for (let i = 0; i < count; i++) {
      const arena = pager.arena(frames[i]!);
      const base = pager.base(frames[i]!);
      const begin = first + i === 0 ? 0 : ends[first + i - 1]!;
      const at = searchPage(arena, base, keys, begin, ends[first + i]! - begin, level);
      const slot = at >= 0 ? at : ~at - 1;
      frames[i] = pager.frame(childOf(arena, base, slot), childChecksum(arena, base, slot));
    }
  }
  found.touched = touchSlots(tree, count);
  for (let i = 0; i < count; i++) {
    const arena = pager.arena(frames[i]!);
    const base = pager.base(frames[i]!);
    const begin = first + i === 0 ? 0 : ends[first + i - 1]!;
    const length = ends[first + i]! - begin;
    const slot = searchPage(arena, base, keys, begin, length, 0);
    if (slot < 0) {
      found.length[i] = -1;
      continue;
    }
    const cell = base + cellAt(arena, base, slot);
    const size = arena.u8[cell]! | arena.u8[cell + 1]! << 8;
    const value = cell + LEAF_CELL_HEAD + length;
    const end = value + (size === OVERFLOW ? OVERFLOW_REF_BYTES : size);
    found.length[i] = size;
    found.at[i] = pool.copy(arena.u8, value, end);
    found.bytes[i] = pool.bytes;
  }
  return count;
}

/**
 * Reads the lines of the processor's cache that hold the header and the slots of each leaf. Nothing
 * here waits for anything before it, so that the memory answers for all leaves at once.
 */
function touchSlots({ pager }: BTree, count: number): number {
  let touched = 0;
  for (let i = 0; i < count; i++) {
    const { i32 } = pager.arena(frames[i]!);
    const page = pager.base(frames[i]!) >> 2;
    for (let line = page; line < page + SLOT_LINES * LINE_WORDS; line += LINE_WORDS) {
      touched ^= i32[line]!;
    }
  }
  return touched;
}
