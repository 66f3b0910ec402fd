/**
 * Self-delimiting byte strings that keep their order.
 *
 * | in the string | in the element |
 * |---------------|----------------|
 * | `00`          | `00 FF`        |
 * | other byte    | itself         |
 * | the end       | `00 00`        |
 *
 * A string that ends sorts before one that goes on, because `00 00` is below `00 FF` and below
 * every other byte; and it does so whatever follows the end.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { malformed } from "./codec_error.ts";

/** Turns the bytes of `out` from `begin` on into an element: escapes them and adds the end. */
export function terminateElement(out: ByteWriter, begin: number): void {
  const oldEnd = out.length;
  let zeros = 0;
  for (let at = begin, bytes = out.bytes; at < oldEnd; at++) if (bytes[at] === 0) zeros++;
  out.reserve(zeros + 2);
  const bytes = out.bytes;
  let to = oldEnd + zeros;
  out.length = to + 2;
  bytes[to] = 0;
  bytes[to + 1] = 0;
  for (let from = oldEnd; from < to;) {
    const byte = bytes[--from]!;
    if (byte === 0) bytes[--to] = 0xff;
    bytes[--to] = byte;
  }
}

/** Like {@linkcode terminateElement}, without the end: of all elements that go on from here. */
export function escapeElement(out: ByteWriter, begin: number): void {
  terminateElement(out, begin);
  out.length -= 2;
}

/**
 * Reads an element and hands its unescaped range to `take`, whose result it returns. The range is a
 * part of the reader's bytes, or of a fresh copy where something was escaped.
 *
 * @throws {CorruptionError} `CORRUPT_VALUE` if there is no end or an unknown escape
 */
export function readElement<T>(
  codec: string,
  reader: ByteReader,
  take: (bytes: Uint8Array, begin: number, end: number) => T,
): T {
  const { bytes, position: begin, end: limit } = reader;
  let escapes = 0;
  let at = begin;
  for (;; at++) {
    if (at + 1 >= limit) throw malformed(codec, "an element has no end");
    if (bytes[at] !== 0) continue;
    const mark = bytes[at + 1];
    if (mark === 0) break;
    if (mark !== 0xff) throw malformed(codec, "an element has an unknown escape");
    escapes++;
    at++;
  }
  const value = escapes === 0
    ? take(bytes, begin, at)
    : take(unescape(bytes, begin, at, escapes), 0, at - begin - escapes);
  reader.position = at + 2;
  return value;
}

function unescape(bytes: Uint8Array, begin: number, end: number, escapes: number): Uint8Array {
  const plain = new Uint8Array(end - begin - escapes);
  for (let from = begin, to = 0; from < end; from++) {
    const byte = bytes[from]!;
    plain[to++] = byte;
    if (byte === 0) from++;
  }
  return plain;
}
