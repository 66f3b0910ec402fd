/**
 * The structures of a state and their sizes.
 *
 * @module
 */

import type { TreeRoot } from "../tree/btree.ts";
import { catalogCodec, catalogName } from "./catalog.ts";
import type { Engine } from "../engine.ts";
import { LeafWalk } from "../tree/leaf_walk.ts";
import { PAGE_BYTES } from "../limits.ts";
import { freeBytes, HEADER_BYTES } from "../page/page.ts";
import { CATALOG_TREE, type State } from "../tree/state.ts";
import type { StructureInfo } from "./structure_tree.ts";
import { TreeView } from "../tree/tree_access.ts";

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
  /** Used share of its leaf pages, 0 to 1; 1 without entries. Only if it was asked for. */
  readonly leafFill?: number;
}

/** What to tell of structures. */
export interface StructuresOptions {
  /** Tell `leafFill`, too: reads all leaf pages of every structure. @default false */
  readonly leafFill?: boolean;
}

/**
 * The structures of a state, in the order of their names' UTF-8.
 * @throws {CorruptionError} `CORRUPT_*`
 */
export function readStructures(
  engine: Engine,
  state: State,
  options: StructuresOptions = {},
): StructureStats[] {
  const check = (): void => undefined;
  const source = { check, state, sets: state.rest, tree: CATALOG_TREE, tips: undefined };
  const cursor = new TreeView(engine, source).cursor({});
  const found: StructureStats[] = [];
  while (cursor.next()) {
    cursor.loadValue();
    const { valueBytes, valueBegin, valueEnd } = cursor;
    const { tree, kind, format } = catalogCodec.decode(valueBytes, valueBegin, valueEnd);
    const root = engine.states.root(state, tree);
    const { count, pages, page, level } = root;
    found.push({
      name: catalogName(cursor.keyBytes, cursor.keyBegin, cursor.keyEnd),
      kind,
      format,
      number: tree,
      entries: count,
      pages,
      depth: page === 0 ? 0 : level + 1,
      ...(options.leafFill === true ? { leafFill: leafFillOf(engine, root) } : {}),
    });
  }
  return found;
}

function leafFillOf(engine: Engine, root: TreeRoot): number {
  const walk = new LeafWalk(engine.pager, root);
  let leaves = 0;
  let free = 0;
  for (let leaf = walk.next(); leaf !== undefined; leaf = walk.next()) {
    leaves++;
    free += freeBytes(leaf, 0);
  }
  return leaves === 0 ? 1 : 1 - free / (leaves * (PAGE_BYTES - HEADER_BYTES));
}
