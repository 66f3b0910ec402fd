/**
 * A transaction in doubt on its way into a new file. The values that it has by reference are part
 * of no tree: they move with its entry, and its changes are written anew with their new places.
 *
 * @module
 */

import type { Engine } from "../engine.ts";
import type { ImagePages } from "./image_pages.ts";
import { CELL_BYTES_MAX, PAGE_BYTES } from "../limits.ts";
import {
  type Arena,
  cellAt,
  createArena,
  formatPage,
  keyLength,
  LEAF_CELL_HEAD,
  openCell,
  OVERFLOW,
  OVERFLOW_REF_BYTES,
  setU32At,
} from "../page/page.ts";
import { decodePrepared, encodePrepared } from "../two_phase/prepared_set.ts";
import { referencesIn } from "../two_phase/prepared_sets.ts";
import { RunCopy } from "../page/run_copy.ts";
import { IN_DOUBT_TREE } from "../tree/state.ts";

/**
 * Lays down what an entry of the tree of transactions in doubt names, and the entry itself if it is
 * large. @returns a leaf whose slot 0 is the entry as it has to be in the new file
 * @throws {CorruptionError} `CORRUPT_VALUE`
 */
export function* copyPrepared(
  pages: ImagePages,
  engine: Engine,
  leaf: Arena,
  slot: number,
): Generator<void, Arena> {
  const { file, path, checksum, overflow } = engine;
  const at = cellAt(leaf, 0, slot);
  const keyAt = at + LEAF_CELL_HEAD;
  const keyBytes = keyLength(leaf, 0, slot);
  const length = leaf.u8[at]! | leaf.u8[at + 1]! << 8;
  const valueAt = keyAt + keyBytes;
  const value = length === OVERFLOW
    ? overflow.read(leaf.u8, valueAt)
    : leaf.u8.slice(valueAt, valueAt + length);
  const set = decodePrepared(value, 0, value.length);
  for (const op of referencesIn(set)) {
    const copy = new RunCopy(file, path, checksum, set.out.bytes, set.valueAt(op));
    setU32At(set.out.bytes, set.valueAt(op), pages.next);
    if (pages.isCounting) {
      pages.skip(copy.pages);
      continue;
    }
    for (let part = copy.next(); part !== undefined; part = copy.next()) {
      pages.append(part);
      yield;
    }
  }
  const moved = encodePrepared(set);
  const cell = createArena(PAGE_BYTES);
  formatPage(cell, 0, 0, 0, IN_DOUBT_TREE, 0);
  const isLarge = LEAF_CELL_HEAD + keyBytes + moved.length > CELL_BYTES_MAX;
  const kept = isLarge ? OVERFLOW_REF_BYTES : moved.length;
  const to = openCell(cell, 0, 0, LEAF_CELL_HEAD + keyBytes + kept, leaf.u8, keyAt, keyBytes);
  const head = isLarge ? OVERFLOW : moved.length;
  cell.u8[to] = head & 0xff;
  cell.u8[to + 1] = head >>> 8;
  const target = to + LEAF_CELL_HEAD + keyBytes;
  if (isLarge) {
    setU32At(cell.u8, target, pages.append(moved.bytes.subarray(0, moved.length)));
    setU32At(cell.u8, target + 4, checksum.of(moved.bytes, 0, moved.length));
    setU32At(cell.u8, target + 8, moved.length);
  } else {
    cell.u8.set(moved.bytes.subarray(0, moved.length), target);
  }
  return cell;
}
