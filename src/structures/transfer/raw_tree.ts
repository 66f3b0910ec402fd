/**
 * The tree of a structure as it is: for what moves structures without knowing them.
 *
 * @module
 */

import type { Definition, TreeReader, TreeWriter } from "../../kernel/definition.ts";
import type { StructureInfo } from "../../kernel/catalog/structure_tree.ts";

/** The access types of a raw tree. */
export interface RawTreeAccess {
  /** Reads keys and values as bytes. */
  readonly reader: TreeReader;
  /** Writes them. */
  readonly writer: TreeWriter;
}

/** The definition of a structure of any kind by which its tree is opened. */
export function rawTree({ name, kind, format }: StructureInfo): Definition<RawTreeAccess> {
  return { name, kind, format, reader: (tree) => tree, writer: (tree) => tree };
}
