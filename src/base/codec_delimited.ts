/**
 * An end for codecs that have none.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { copyBytes } from "./copy_bytes.ts";
import type { Codec, KeyCodec } from "./key_codec.ts";
import { readElement, terminateElement } from "./key_escape.ts";

/**
 * Any codec, with an element form that is its bytes escaped and terminated. The order of the bytes
 * is that of the inner codec, so it may mean nothing: only for parts of what is not a key.
 */
export class DelimitedCodec<T> implements KeyCodec<T> {
  /** That of the inner codec. */
  readonly name: string;
  /** So that it can be an element; see above. */
  readonly ordered = true;
  /** As the inner codec. */
  readonly views: boolean;
  readonly #inner: Codec<T>;

  /** Gives `inner` an element form. */
  constructor(inner: Codec<T>) {
    this.name = inner.name;
    this.views = inner.views === true;
    this.#inner = inner;
  }

  /** Appends what the inner codec does. */
  encode(value: T, out: ByteWriter): void {
    this.#inner.encode(value, out);
  }

  /** The value of exactly this range. */
  decode(bytes: Uint8Array, begin: number, end: number): T {
    return this.#inner.decode(bytes, begin, end);
  }

  /** Appends the bytes of the inner codec escaped and terminated. */
  encodeElement(value: T, out: ByteWriter): void {
    const begin = out.length;
    this.#inner.encode(value, out);
    terminateElement(out, begin);
  }

  /** Reads up to the terminator. */
  decodeElement(reader: ByteReader): T {
    return readElement(this.name, reader, (bytes, begin, end) => {
      if (!this.views) return this.#inner.decode(bytes, begin, end);
      return this.#inner.decode(copyBytes(bytes, begin, end), 0, end - begin);
    });
  }
}
