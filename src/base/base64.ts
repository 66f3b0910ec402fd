/**
 * Bytes as base64 text (RFC 4648, section 4: with padding, nothing in between).
 *
 * @module
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING = 0x3d;

/** Bytes that become text in one piece; a multiple of 3, and few enough to be arguments of a call. */
const PIECE = 3 * 4096;

/** The value of each character, 255 for those that have none. */
const VALUES: Uint8Array = new Uint8Array(256).fill(255);
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** The text of `bytes[begin, end)`. */
export function encodeBase64(
  bytes: Uint8Array,
  begin: number = 0,
  end: number = bytes.length,
): string {
  let text = "";
  for (let at = begin; at < end; at += PIECE) {
    text += btoa(String.fromCharCode(...bytes.subarray(at, Math.min(end, at + PIECE))));
  }
  return text;
}

/**
 * The bytes of a text.
 * @throws {TypeError} if it is not a string
 * @throws {RangeError} if no bytes have this text
 */
export function decodeBase64(text: unknown): Uint8Array {
  if (typeof text !== "string") throw new TypeError(`base64 is a string, not this ${typeof text}`);
  const { length } = text;
  let pads = 0;
  while (pads < 2 && pads < length && text.charCodeAt(length - 1 - pads) === PADDING) pads++;
  if (length % 4 !== 0) throw new RangeError("base64 comes in groups of four characters");
  const bytes = new Uint8Array(length / 4 * 3 - pads);
  const digits = length - pads;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < digits; i++) {
    const code = text.charCodeAt(i);
    const value = code < 256 ? VALUES[code]! : 255;
    if (value === 255) throw new RangeError(`character ${i} is none of base64`);
    bits = (bits << 6 | value) & 0xffffff;
    if ((i & 3) !== 0) bytes[at++] = bits >>> (6 - 2 * (i & 3));
  }
  if ((bits & (pads === 0 ? 0 : pads === 1 ? 3 : 15)) !== 0) {
    throw new RangeError("the last bits of base64 are zeros");
  }
  return bytes;
}
