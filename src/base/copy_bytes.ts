/**
 * Copies for callers that keep what they get.
 *
 * @module
 */

/**
 * `bytes[begin, end)` in memory of its own, as a plain `Uint8Array` also when `bytes` is a subclass
 * whose `slice` returns a view.
 */
export function copyBytes(
  bytes: Uint8Array,
  begin: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  if (bytes.constructor === Uint8Array) return bytes.slice(begin, end) as Uint8Array<ArrayBuffer>;
  const copy = new Uint8Array(end - begin);
  copy.set(bytes.subarray(begin, end));
  return copy;
}
