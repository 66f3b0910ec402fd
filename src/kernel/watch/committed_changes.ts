/**
 * What a commit has changed, read from its write set: of several changes of a key the last, in the
 * order of the keys.
 *
 * @module
 */

import { compareBytes } from "../../base/compare.ts";
import type { Change } from "./change.ts";
import type { OverflowStore } from "../page/overflow.ts";
import type { KeyBounds } from "../tree/tree_cursor.ts";
import { PUT_REFERENCE, REMOVE, type WriteSet } from "../commit/write_set.ts";
import { WriteWalk } from "../commit/write_walk.ts";

/**
 * The changes of a tree, as copies.
 * @throws {CorruptionError} `CORRUPT_VALUE`: a large value is damaged
 */
export function* changesOf(
  set: WriteSet,
  tree: number,
  bounds: KeyBounds,
  overflow: OverflowStore,
): Generator<Change> {
  if (!set.touches(tree)) return;
  const walk = new WriteWalk(set, tree, bounds);
  while (walk.next()) yield copyOf(set, walk.op, overflow);
}

/** Whether a key lies between bounds. */
export function isWithin(
  bounds: KeyBounds,
  bytes: Uint8Array,
  begin: number,
  end: number,
): boolean {
  const { lower, upper } = bounds;
  if (lower !== undefined) {
    const order = compareBytes(bytes, begin, end, lower, 0, lower.length);
    if (order < 0 || order === 0 && bounds.lowerOpen === true) return false;
  }
  if (upper === undefined) return true;
  const order = compareBytes(bytes, begin, end, upper, 0, upper.length);
  return order < 0 || order === 0 && bounds.upperOpen !== true;
}

function copyOf(set: WriteSet, op: number, overflow: OverflowStore): Change {
  const { sequence, out } = set;
  const begin = set.keyAt(op);
  const key = out.bytes.slice(begin, begin + set.keyLength(op));
  const at = set.valueAt(op);
  switch (set.kind(op)) {
    case PUT_REFERENCE:
      return { kind: "put", key, value: overflow.read(out.bytes, at), sequence };
    case REMOVE:
      return { kind: "remove", key, value: undefined, sequence };
    default:
      return { kind: "put", key, value: out.bytes.slice(at, at + set.valueLength(op)), sequence };
  }
}
