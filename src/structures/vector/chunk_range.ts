/**
 * The chunks that there are between two numbers.
 *
 * @module
 */

import type { TreeReader, TreeWriter } from "../../kernel/definition.ts";
import type { KeyBounds } from "../../kernel/tree/tree_cursor.ts";
import { visitCursor, WHOLE } from "../cursor_iterator.ts";
import { removeEntries } from "../remove_entries.ts";
import { serialAt, serialKey } from "../serial_tree.ts";

/** Removes the chunks above a number, up to `last` where it is given, all or none. */
export function removeChunks(tree: TreeWriter, above: number, last?: number): void {
  const bounds: KeyBounds = {
    lower: serialKey(above).toBytes(),
    lowerOpen: true,
    upper: last === undefined ? undefined : serialKey(last).toBytes(),
  };
  const isThere = visitCursor(tree.cursor(bounds), { offset: 0, limit: 1 }) > 0;
  if (isThere) removeEntries(tree, bounds, WHOLE);
}

/** The numbers of the chunks from `first` to `last`, as they are at the call. */
export function* chunkNumbers(
  tree: TreeReader,
  first: number,
  last: number,
  reverse: boolean,
): Generator<number> {
  const lower = serialKey(first).toBytes();
  const upper = serialKey(last).toBytes();
  const cursor = tree.cursor({ lower, upper, reverse });
  try {
    while (cursor.next()) yield serialAt(cursor.keyBytes, cursor.keyBegin);
  } finally {
    cursor.close();
  }
}
