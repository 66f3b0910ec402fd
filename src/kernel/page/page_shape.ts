/**
 * Whether the bytes of a page make sense as a tree page. A checksum proves that bytes are what was
 * written, not that somebody who meant well wrote them: whoever reads pages that no healthy tree
 * led to asks here first, and may then use the functions of `page.ts`.
 *
 * @module
 */

import { compareBytes } from "../../base/compare.ts";
import { DEPTH_MAX } from "../tree/btree.ts";
import { KEY_BYTES_MAX, PAGE_BYTES } from "../limits.ts";
import {
  type Arena,
  cellAt,
  cellBytes,
  cellHead,
  commonPrefix,
  HEADER_BYTES,
  headOf,
  keyLength,
  KIND_BRANCH,
  KIND_LEAF,
  levelOf,
  SLOT_BYTES,
  slotCount,
} from "./page.ts";

/** Whether every slot, cell and key of a page lies inside it, and its keys ascend. */
export function isSoundPage(a: Arena, base: number): boolean {
  const level = levelOf(a, base);
  const count = slotCount(a, base);
  const floor = HEADER_BYTES + count * SLOT_BYTES;
  if (a.u8[base + 16] !== (level === 0 ? KIND_LEAF : KIND_BRANCH)) return false;
  if (level >= DEPTH_MAX || count === 0 || floor > PAGE_BYTES) return false;
  for (let slot = 0; slot < count; slot++) {
    const at = cellAt(a, base, slot);
    const length = keyLength(a, base, slot);
    if (at < floor || length > KEY_BYTES_MAX || at + cellHead(level) + length > PAGE_BYTES) {
      return false;
    }
    if (at + cellBytes(a, base, slot, level) > PAGE_BYTES) return false;
    const first = level === 0 ? 0 : 1;
    if (slot > first && compareKeys(a, base, slot - 1, slot) >= 0) return false;
  }
  return level === 0 || keyLength(a, base, 0) === 0;
}

/** A copy of the key of a slot. */
export function keyOf(a: Arena, base: number, slot: number): Uint8Array {
  const at = base + cellAt(a, base, slot) + cellHead(levelOf(a, base));
  return a.u8.slice(at, at + keyLength(a, base, slot));
}

function compareKeys(a: Arena, base: number, left: number, right: number): number {
  const head = base + cellHead(levelOf(a, base));
  const leftAt = head + cellAt(a, base, left);
  const rightAt = head + cellAt(a, base, right);
  return compareBytes(
    a.u8,
    leftAt,
    leftAt + keyLength(a, base, left),
    a.u8,
    rightAt,
    rightAt + keyLength(a, base, right),
  );
}

/**
 * What is wrong with what a sound page says of itself: heads and skip, by which it is searched, and
 * the bytes it counts as free. `undefined` when nothing is.
 */
export function bookkeepingProblem(a: Arena, base: number): string | undefined {
  const level = levelOf(a, base);
  const count = slotCount(a, base);
  const first = level === 0 ? 0 : 1;
  const skip = a.u16[(base + 24) >> 1]!;
  let bytes = 0;
  for (let slot = 0; slot < count; slot++) {
    bytes += cellBytes(a, base, slot, level);
    if (slot < first) continue;
    const length = keyLength(a, base, slot);
    const at = base + cellAt(a, base, slot) + cellHead(level);
    const firstAt = base + cellAt(a, base, first) + cellHead(level);
    if (length < skip || commonPrefix(a.u8, at, a.u8, firstAt, skip) < skip) {
      return `key ${slot} does not begin as all keys should`;
    }
    const head = a.i32[(base + HEADER_BYTES + slot * SLOT_BYTES) >> 2];
    if (head !== headOf(a.u8, at, at + length, skip)) return `the head of key ${slot} is wrong`;
  }
  const garbage = a.u16[(base + 22) >> 1]!;
  return PAGE_BYTES - a.u16[(base + 20) >> 1]! === bytes + garbage
    ? undefined
    : "it counts its free bytes wrong";
}
