/**
 * The structures of a state and their sizes.
 *
 * @module
 */

import { catalogCodec, catalogName } from "./catalog.ts";
import type { Engine } from "./engine.ts";
import { CATALOG_TREE, type State } from "./state.ts";
import type { StructureInfo } from "./structure_tree.ts";
import { TreeView } from "./tree_access.ts";

/** A structure and how large it is. */
export interface StructureStats extends StructureInfo {
  /** Its number, never given to another structure: the first part of its record ids. */
  readonly number: number;
  /** Entries of its tree. */
  readonly entries: number;
  /** Pages of its tree, 4096 bytes each; values above about 1 KB lie in pages of their own. */
  readonly pages: number;
  /** Pages on the way to an entry, 0 without entries. */
  readonly depth: number;
}

/** The structures of a state, in the order of their names' UTF-8. */
export function readStructures(engine: Engine, state: State): StructureStats[] {
  const check = (): void => undefined;
  const source = { check, state, sets: [], tree: CATALOG_TREE, tips: undefined };
  const cursor = new TreeView(engine, source).cursor({});
  const found: StructureStats[] = [];
  while (cursor.next()) {
    cursor.loadValue();
    const { valueBytes, valueBegin, valueEnd } = cursor;
    const { tree, kind, format } = catalogCodec.decode(valueBytes, valueBegin, valueEnd);
    const { count, pages, page, level } = engine.states.root(state, tree);
    found.push({
      name: catalogName(cursor.keyBytes, cursor.keyBegin, cursor.keyEnd),
      kind,
      format,
      number: tree,
      entries: count,
      pages,
      depth: page === 0 ? 0 : level + 1,
    });
  }
  return found;
}
