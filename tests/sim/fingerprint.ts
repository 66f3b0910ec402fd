/** Bytes as a short text: equal bytes have equal ones, others with chance 2^-64. */

const known = new WeakMap<Uint8Array, string>();

/** The text of some bytes, which must not change. */
export function fingerprint(bytes: Uint8Array): string {
  const before = known.get(bytes);
  if (before !== undefined) return before;
  let low = 0x811c9dc5 ^ bytes.length;
  let high = 0x01000193 + bytes.length;
  for (let i = 0; i < bytes.length; i++) {
    low = Math.imul(low ^ bytes[i]!, 0x01000193);
    high = Math.imul(high + bytes[i]!, 0x85ebca6b) ^ (high >>> 15);
  }
  const text = `${bytes.length}:${(low >>> 0).toString(16)}${(high >>> 0).toString(16)}`;
  known.set(bytes, text);
  return text;
}
