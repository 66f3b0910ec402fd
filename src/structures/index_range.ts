/**
 * Ranges of an index as bounds of tree keys.
 *
 * @module
 */

import { ByteWriter } from "../base/byte_writer.ts";
import type { KeyBounds } from "../kernel/tree_cursor.ts";
import type { RangeOptions } from "./index_types.ts";

export /** Encodes one bound into a buffer of its own. */
function encoded<K>(key: K, encode: (key: K, out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter(64);
  encode(key, out);
  return out.toBytes();
}

/**
 * The tree keys between which a range lies.
 * @throws {TypeError} when both forms of a bound are given
 */
export function rangeBounds<K>(
  options: RangeOptions<K>,
  encode: (key: K, out: ByteWriter) => void,
): KeyBounds {
  const { gt, gte, lt, lte } = options;
  if (gt !== undefined && gte !== undefined) throw new TypeError("Give gt or gte, not both");
  if (lt !== undefined && lte !== undefined) throw new TypeError("Give lt or lte, not both");
  const lower = gt ?? gte;
  const upper = lt ?? lte;
  return {
    lower: lower === undefined ? undefined : encoded(lower, encode),
    lowerOpen: gt !== undefined,
    upper: upper === undefined ? undefined : encoded(upper, encode),
    upperOpen: lt !== undefined,
    reverse: options.reverse === true,
  };
}

/** The limit of a range. @throws {RangeError} unless it is a whole number from 0 on */
export function rangeLimit(limit: number | undefined): number {
  if (limit === undefined) return Infinity;
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new RangeError("The limit of a range is a whole number from 0 on");
  }
  return limit;
}
