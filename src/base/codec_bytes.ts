/**
 * Byte strings, of any length and of one.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { checkWidth, wrongKind } from "./codec_error.ts";
import { copyBytes } from "./copy_bytes.ts";
import type { KeyCodec } from "./key_codec.ts";
import { escapeElement, readElement, terminateElement } from "./key_escape.ts";

/** Any `Uint8Array`, ordered bytewise with a prefix before what it begins. */
export class BytesCodec implements KeyCodec<Uint8Array> {
  /** Stored in the file. */
  readonly name = "bytes";
  /** Fit for keys. */
  readonly ordered = true;
  /** `decode` returns a view: a fresh typed array costs more than finding the value. */
  readonly views = true;

  /** Appends the bytes as they are. */
  encode(value: Uint8Array, out: ByteWriter): void {
    if (!(value instanceof Uint8Array)) throw wrongKind(this.name, "a Uint8Array", value);
    out.raw(value);
  }

  /** A view of the range. */
  decode(bytes: Uint8Array, begin: number, end: number): Uint8Array {
    return bytes.subarray(begin, end);
  }

  /** Appends the bytes escaped and terminated. */
  encodeElement(value: Uint8Array, out: ByteWriter): void {
    const begin = out.length;
    this.encode(value, out);
    terminateElement(out, begin);
  }

  /** Reads up to the terminator. */
  decodeElement(reader: ByteReader): Uint8Array {
    return readElement(this.name, reader, copyBytes);
  }

  /** Appends bytes, escaped for elements. */
  encodePrefix(prefix: unknown, out: ByteWriter, element: boolean): void {
    const begin = out.length;
    this.encode(prefix as Uint8Array, out);
    if (element) escapeElement(out, begin);
  }
}

/** A `Uint8Array` of one fixed length: both forms are the bytes as they are. */
export class FixedCodec implements KeyCodec<Uint8Array> {
  /** Stored in the file. */
  readonly name: string;
  /** Fit for keys. */
  readonly ordered = true;
  /** `decode` returns a view. */
  readonly views = true;
  readonly #width: number;

  /** @throws {RangeError} if `width` is not an integer from 0 to 65535 */
  constructor(width: number) {
    if (!Number.isInteger(width) || width < 0 || width > 0xffff) {
      throw new RangeError(`a fixed codec holds 0 to 65535 bytes, not ${width}`);
    }
    this.name = `fixed(${width})`;
    this.#width = width;
  }

  /** Appends the bytes as they are. */
  encode(value: Uint8Array, out: ByteWriter): void {
    if (!(value instanceof Uint8Array)) throw wrongKind(this.name, "a Uint8Array", value);
    if (value.length !== this.#width) {
      throw new RangeError(`codec ${this.name} cannot hold ${value.length} bytes`);
    }
    out.raw(value);
  }

  /** A view of the range. */
  decode(bytes: Uint8Array, begin: number, end: number): Uint8Array {
    checkWidth(this.name, this.#width, end - begin);
    return bytes.subarray(begin, end);
  }

  /** Appends the bytes as they are. */
  encodeElement(value: Uint8Array, out: ByteWriter): void {
    this.encode(value, out);
  }

  /** Reads the fixed number of bytes. */
  decodeElement(reader: ByteReader): Uint8Array {
    const at = reader.skip(this.#width);
    return copyBytes(reader.bytes, at, at + this.#width);
  }

  /** Appends bytes as they are. */
  encodePrefix(prefix: unknown, out: ByteWriter): void {
    if (!(prefix instanceof Uint8Array)) throw wrongKind(this.name, "a Uint8Array", prefix);
    if (prefix.length > this.#width) {
      throw new RangeError(`codec ${this.name} has no prefix of ${prefix.length} bytes`);
    }
    out.raw(prefix);
  }
}
