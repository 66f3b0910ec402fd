/**
 * Removing many entries of a tree at once.
 *
 * @module
 */

import { ByteWriter } from "../base/byte_writer.ts";
import type { TreeWriter } from "../kernel/definition.ts";
import type { KeyBounds } from "../kernel/tree/tree_cursor.ts";
import { type CursorWindow, visitCursor } from "./cursor_iterator.ts";

/** Removes the entries of a tree in a window between bounds, all or none. @returns how many */
export function removeEntries(tree: TreeWriter, bounds: KeyBounds, window: CursorWindow): number {
  const key = new ByteWriter(64);
  return tree.atomic(() =>
    visitCursor(tree.cursor(bounds), window, (cursor) => {
      key.reset();
      key.raw(cursor.keyBytes, cursor.keyBegin, cursor.keyEnd);
      tree.remove(key);
    })
  );
}
