/**
 * A vector whose elements are made anew of those of an older version.
 *
 * @module
 */

import type { StructureUpgrade } from "../../kernel/definition.ts";
import type { KeyBounds } from "../../kernel/tree/tree_cursor.ts";
import { WHOLE } from "../cursor_iterator.ts";
import { removeEntries } from "../remove_entries.ts";
import { ElementWalk } from "./element_walk.ts";
import { FIRST_CHUNK } from "./length_entry.ts";
import type { FormerVector } from "./vector_format.ts";
import { VectorShape } from "./vector_shape.ts";
import type { VectorAccess, VectorOptions } from "./vector_types.ts";
import type { ElementWriter } from "./vector_writer.ts";

const CHUNKS: KeyBounds = { lower: FIRST_CHUNK };

/** How a vector goes on in another format: all of its elements are read, removed, and set anew. */
export function upgradeVector<T>(
  former: FormerVector,
  migrate: NonNullable<VectorOptions<T>["migrate"]>,
): StructureUpgrade<VectorAccess<T>> {
  return {
    gone: [],
    run: (writer) => {
      const { tree } = writer as ElementWriter<T>;
      const { length } = writer;
      const { version, codec } = former;
      const before = new VectorShape<unknown>(codec, {});
      const range = { from: 0, to: length };
      const elements = new ElementWalk(before, tree.cursor(CHUNKS), range, pair);
      try {
        // Chunks have other numbers now. The walk goes on over those that it began with.
        removeEntries(tree, CHUNKS, WHOLE);
        for (const [index, element] of elements) {
          writer.set(index, migrate(element, { version, codec, index }));
        }
      } finally {
        elements.return();
      }
    },
  };
}

function pair(index: number, element: unknown): [number, unknown] {
  return [index, element];
}
