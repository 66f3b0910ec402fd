/**
 * A vector: elements of a fixed width by their index, in columns.
 *
 * Tree. Key: the number of a chunk, u64 big-endian; chunk `c` has the elements from `c * capacity` on.
 * A chunk without elements is not there. One more entry has the length (`length_entry.ts`); without
 * it that is 0.
 *
 * | offset                | field of a chunk                                                      |
 * | --------------------- | --------------------------------------------------------------------- |
 * | 0                     | presence, a bit for each element: bit `i & 7` of byte `i >> 3`          |
 * | next multiple of 8    | the column of the first part (`column.ts`): `capacity` values in a row  |
 * | next multiple of 8... | the columns of the other parts, of a struct or tuple                    |
 *
 * Chunks are zero where nothing is: behind the bitmap and the columns, and where an element is
 * absent. All have the same length. The capacity is the largest for which that is at most 992, in
 * whole bytes of the bitmap if more than 8, and at least 1.
 *
 * What a chunk has beyond the length of the vector does not count. It may have something there: a
 * transaction that sets an element does not conflict with one that makes the vector shorter and
 * finds nothing in that chunk. It is cleared when the vector grows over it.
 *
 * @module
 */

import type { Codec } from "../../base/key_codec.ts";
import type { Definition } from "../../kernel/definition.ts";
import { ChunkDraft } from "./chunk_draft.ts";
import { ChunkReader } from "./chunk_reader.ts";
import { vectorFeed, verifyVector } from "./vector_feed.ts";
import { formerVector, vectorFormat } from "./vector_format.ts";
import { ElementReader } from "./vector_reader.ts";
import { VectorShape } from "./vector_shape.ts";
import type { VectorAccess, VectorOptions } from "./vector_types.ts";
import { upgradeVector } from "./vector_upgrade.ts";
import { ElementWriter } from "./vector_writer.ts";

/** Options that there are. */
const OPTIONS: ReadonlySet<string> = new Set(["default", "version", "migrate"]);

/**
 * Defines a vector of elements of a fixed width: numbers, booleans, dates, ids, bytes of a fixed
 * length, and structs and tuples of them. It is an array whose indexes go up to 2^53 - 2: elements
 * that were never set take no space. Fields of structs lie in columns, and come out as typed arrays.
 *
 * ```ts
 * import { codec, Database, vector } from "@holdfast/holdfast";
 *
 * const track = vector("track", codec.struct({ at: codec.date, x: codec.f64, y: codec.f64 }));
 * const db = await Database.memory();
 * await db.update((tx) => {
 *   const points = tx.open(track);
 *   points.push({ at: new Date(0), x: 1, y: 2 }, { at: new Date(1000), x: 3, y: 4 });
 *   points.set(0, { at: new Date(0), x: 1.5, y: 2 });
 * });
 * const points = db.open(track);
 * console.log(points.length, points.at(-1)?.x); // 2 3
 * console.log(points.field("x")); // Float64Array [1.5, 3]
 * await db.close();
 * ```
 *
 * The codec, the default and the version are the format: to open the vector by others is
 * `TYPE_MISMATCH`; data of a higher version are `FORMAT_NEWER` to a transaction. Those of a lower one
 * go through `migrate`, in the transaction that opens the vector first; until then readers of the new
 * definition get `TYPE_MISMATCH`.
 *
 * @throws {TypeError} elements have no fixed width, or the codec is none of ours; unknown options
 * @throws {RangeError} elements have no bytes; the version is no whole number
 */
export function vector<T>(
  name: string,
  element: Codec<T>,
  options: VectorOptions<T> = {},
): Definition<VectorAccess<T>> {
  for (const option of Object.keys(options)) {
    if (!OPTIONS.has(option)) throw new TypeError(`Unknown option "${option}" of a vector`);
  }
  const shape = new VectorShape(element, options);
  const { version, layout } = shape;
  const { migrate } = options;
  return {
    name,
    kind: "vector",
    format: vectorFormat(element, version, options.default),
    reader: (tree) => new ElementReader(shape, new ChunkReader(tree, layout)),
    writer: (tree) => new ElementWriter(shape, new ChunkDraft(tree, layout)),
    upgradeFrom: (format) => {
      const former = formerVector(name, format, version);
      if (former === undefined || migrate === undefined) return undefined;
      return upgradeVector(former, (old, origin) => migrate.call(options, old, origin));
    },
    verify: (tree) => verifyVector(shape, tree),
    feed: vectorFeed(shape),
  };
}
