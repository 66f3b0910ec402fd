/**
 * How a vector tells its changes, and what `db.check` finds in it.
 *
 * @module
 */

import { isHoldfastError } from "../../errors.ts";
import type { CheckProblem } from "../../kernel/check/check.ts";
import type { TreeReader } from "../../kernel/definition.ts";
import type { Change, ChangeFeed, ChangeOf } from "../../kernel/watch/change.ts";
import { serialAt, serialFeed } from "../serial_tree.ts";
import { Chunk } from "./chunk.ts";
import { FIRST_CHUNK } from "./length_entry.ts";
import type { VectorShape } from "./vector_shape.ts";
import type { VectorAccess } from "./vector_types.ts";

/** Changes by chunk: its first index, and its elements. */
export function vectorFeed<T>(shape: VectorShape<T>): ChangeFeed<VectorAccess<T>> {
  const { capacity } = shape.layout;
  const chunks = serialFeed<number, { readonly change: Change<number> }>(Number);
  return {
    bounds: (range) => {
      chunks.bounds(range);
      return { lower: FIRST_CHUNK };
    },
    decode: (change, tree): ChangeOf<VectorAccess<T>> => {
      const { key, sequence } = chunks.decode(change, tree);
      const first = key * capacity;
      if (change.kind === "remove") {
        return { kind: "remove", key: first, value: undefined, sequence };
      }
      return { kind: "put", key: first, value: elementsOf(shape, change.value), sequence };
    },
  };
}

function elementsOf<T>(shape: VectorShape<T>, bytes: Uint8Array): (T | undefined)[] {
  const { layout } = shape;
  const chunk = new Chunk(layout).decode(bytes, 0, bytes.length);
  return Array.from(
    { length: layout.capacity },
    (_, at) => chunk.has(at) ? layout.read(chunk, at) : undefined,
  );
}

/** The chunks of a tree that are none. */
export function verifyVector<T>(shape: VectorShape<T>, tree: TreeReader): CheckProblem[] {
  const problems: CheckProblem[] = [];
  const cursor = tree.cursor({ lower: FIRST_CHUNK });
  try {
    while (cursor.next()) {
      cursor.loadValue();
      const { keyBytes, keyBegin, valueBytes, valueBegin, valueEnd } = cursor;
      try {
        elementsOf(shape, valueBytes.subarray(valueBegin, valueEnd));
      } catch (error) {
        if (!isHoldfastError(error)) throw error;
        const message = `Chunk ${serialAt(keyBytes, keyBegin)} of a vector: ${error.message}`;
        problems.push({ code: error.code, message });
      }
    }
  } finally {
    cursor.close();
  }
  return problems;
}
