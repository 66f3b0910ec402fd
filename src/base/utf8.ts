/**
 * Strict UTF-8: a string goes to bytes and back unchanged or not at all. Byte order equals
 * code-point order, which is not the order of `<` on strings with characters above U+FFFF.
 *
 * @module
 */

import type { ByteWriter } from "./byte_writer.ts";
import { malformed } from "./codec_error.ts";

const ENCODER: TextEncoder = new TextEncoder();
const DECODER: TextDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Code units up to which a loop beats `TextEncoder`, whose call costs 100 to 150 ns. */
export const LOOP_ENCODE_MAX: number = 40;
/** Bytes up to which a loop beats `TextDecoder`, whose call costs 150 to 250 ns. */
const LOOP_DECODE_MAX = 32;

/** One array for each length, because `fromCharCode` takes all the elements of an array. */
const UNITS: readonly number[][] = Array.from(
  { length: LOOP_DECODE_MAX + 1 },
  (_, length) => new Array<number>(length).fill(0),
);

/**
 * Appends `text` as UTF-8. `codec` names the caller in errors.
 *
 * @throws {TypeError} if `text` holds a surrogate without its partner
 */
export function encodeUtf8(codec: string, text: string, out: ByteWriter): void {
  if (text.length <= LOOP_ENCODE_MAX) encodeShort(codec, text, out);
  else encodeLong(codec, text, out);
}

function encodeShort(codec: string, text: string, out: ByteWriter): void {
  const length = text.length;
  let at = out.reserve(length * 3);
  const bytes = out.bytes;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      bytes[at++] = unit;
    } else if (unit < 0x800) {
      bytes[at++] = 0xc0 | (unit >>> 6);
      bytes[at++] = 0x80 | (unit & 63);
    } else if (unit < 0xd800 || unit > 0xdfff) {
      bytes[at++] = 0xe0 | (unit >>> 12);
      bytes[at++] = 0x80 | ((unit >>> 6) & 63);
      bytes[at++] = 0x80 | (unit & 63);
    } else {
      const point = text.codePointAt(i++)!;
      if (point < 0x10000) throw loneSurrogate(codec);
      bytes[at++] = 0xf0 | (point >>> 18);
      bytes[at++] = 0x80 | ((point >>> 12) & 63);
      bytes[at++] = 0x80 | ((point >>> 6) & 63);
      bytes[at++] = 0x80 | (point & 63);
    }
  }
  out.length = at;
}

/** Asks for the room of ASCII first: three bytes a unit would triple the buffer for most texts. */
function encodeLong(codec: string, text: string, out: ByteWriter): void {
  if (!text.isWellFormed()) throw loneSurrogate(codec);
  let at = out.reserve(text.length);
  let done = ENCODER.encodeInto(text, out.bytes.subarray(at));
  at += done.written;
  if (done.read < text.length) {
    out.length = at;
    const rest = text.slice(done.read);
    out.reserve(rest.length * 3);
    done = ENCODER.encodeInto(rest, out.bytes.subarray(at));
    at += done.written;
  }
  out.length = at;
}

function loneSurrogate(codec: string): TypeError {
  return new TypeError(`codec ${codec}: the string holds a surrogate without its partner`);
}

/**
 * The string whose UTF-8 form is `bytes[begin, end)`.
 *
 * @throws {CorruptionError} `CORRUPT_VALUE` if that is not valid UTF-8
 */
export function decodeUtf8(codec: string, bytes: Uint8Array, begin: number, end: number): string {
  const length = end - begin;
  if (length > LOOP_DECODE_MAX) return decodeLong(codec, bytes, begin, end);
  const units = UNITS[length]!;
  for (let i = 0; i < length; i++) {
    const byte = bytes[begin + i]!;
    if (byte > 127) return decodeShort(codec, bytes, begin, end);
    units[i] = byte;
  }
  return String.fromCharCode.apply(null, units);
}

function decodeShort(codec: string, bytes: Uint8Array, begin: number, end: number): string {
  const units = UNITS[countUnits(bytes, begin, end)];
  if (units === undefined) throw invalid(codec);
  for (let at = begin, to = 0; at < end;) {
    const lead = bytes[at++]!;
    if (lead < 0x80) {
      units[to++] = lead;
      continue;
    }
    const more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead < 0xc2 || lead > 0xf4 || at + more > end) throw invalid(codec);
    let point = lead & (0x3f >>> more);
    for (const next = at + more; at < next; at++) {
      const byte = bytes[at]!;
      if ((byte & 0xc0) !== 0x80) throw invalid(codec);
      point = (point << 6) | (byte & 63);
    }
    if (point < LEAST[more]! || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      throw invalid(codec);
    }
    if (point < 0x10000) {
      units[to++] = point;
    } else {
      units[to++] = 0xd7c0 + (point >>> 10);
      units[to++] = 0xdc00 | (point & 1023);
    }
  }
  return String.fromCharCode.apply(null, units);
}

/** The least code point that takes 1, 2 or 3 bytes after the first: any below has a shorter form. */
const LEAST: readonly number[] = [0, 0x80, 0x800, 0x10000];

/** UTF-16 units of valid UTF-8; of invalid bytes, at least as many as their valid parts have. */
function countUnits(bytes: Uint8Array, begin: number, end: number): number {
  let count = 0;
  for (let at = begin; at < end; at++) {
    const byte = bytes[at]!;
    if ((byte & 0xc0) !== 0x80) count += byte < 0xf0 ? 1 : 2;
  }
  return count;
}

function decodeLong(codec: string, bytes: Uint8Array, begin: number, end: number): string {
  try {
    return DECODER.decode(bytes.subarray(begin, end));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw invalid(codec, error);
  }
}

function invalid(codec: string, cause?: unknown): Error {
  return malformed(codec, "not valid UTF-8", cause);
}
