/**
 * A key in the opposite order.
 *
 * @module
 */

import { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { malformed } from "./codec_error.ts";
import type { KeyCodec } from "./key_codec.ts";

/**
 * The self-delimiting form of another codec with all bits flipped. No element is the beginning of
 * another, so any two differ at a byte that both have, and flipping turns their order round. Both
 * forms are the same: alone, too, a string must sort after those it begins.
 */
export class DescCodec<T> implements KeyCodec<T> {
  /** Stored in the file. */
  readonly name: string;
  /** Fit for keys. */
  readonly ordered = true;
  readonly #inner: KeyCodec<T>;

  /** Turns the order of `inner` round. */
  constructor(inner: KeyCodec<T>) {
    this.name = `desc(${inner.name})`;
    this.#inner = inner;
  }

  /** Appends the flipped element. */
  encode(value: T, out: ByteWriter): void {
    const begin = out.length;
    this.#inner.encodeElement(value, out);
    flipFrom(out, begin);
  }

  /** The value of exactly this range. */
  decode(bytes: Uint8Array, begin: number, end: number): T {
    const flipped = flip(bytes, begin, end);
    const value = this.#inner.decodeElement(flipped);
    if (flipped.remaining > 0) throw malformed(this.name, `${flipped.remaining} bytes too many`);
    return value;
  }

  /** Appends the flipped element. */
  encodeElement(value: T, out: ByteWriter): void {
    this.encode(value, out);
  }

  /** Reads one flipped element. */
  decodeElement(reader: ByteReader): T {
    const flipped = flip(reader.bytes, reader.position, reader.end);
    const value = this.#inner.decodeElement(flipped);
    reader.position += flipped.position;
    return value;
  }

  /** Appends the flipped prefix of the inner codec. */
  encodePrefix(prefix: unknown, out: ByteWriter): void {
    const begin = out.length;
    if (this.#inner.encodePrefix === undefined) {
      throw new TypeError(`codec ${this.name} has no prefixes`);
    }
    this.#inner.encodePrefix(prefix, out, true);
    flipFrom(out, begin);
  }
}

function flipFrom({ bytes, length }: ByteWriter, begin: number): void {
  for (let at = begin; at < length; at++) bytes[at]! ^= 0xff;
}

/** Only the inner codec knows where its element ends, so all that may belong to it is flipped. */
function flip(bytes: Uint8Array, begin: number, end: number): ByteReader {
  const flipped = new Uint8Array(end - begin);
  for (let at = begin, to = 0; at < end; at++, to++) flipped[to] = bytes[at]! ^ 0xff;
  return new ByteReader(flipped);
}
