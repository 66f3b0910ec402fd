/**
 * The one order of keys.
 *
 * @module
 */

/**
 * Compares `a[aBegin, aEnd)` with `b[bBegin, bEnd)` as strings of unsigned bytes, a prefix before
 * what it begins: negative, zero or positive. Ranges must lie within their arrays; they are not
 * checked.
 */
export function compareBytes(
  a: Uint8Array,
  aBegin: number,
  aEnd: number,
  b: Uint8Array,
  bBegin: number,
  bEnd: number,
): number {
  const aLength = aEnd - aBegin;
  const bLength = bEnd - bBegin;
  const common = aLength < bLength ? aLength : bLength;
  for (let i = 0; i < common; i++) {
    const difference = a[aBegin + i]! - b[bBegin + i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}
