/**
 * Strings as UTF-8.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { wrongKind } from "./codec_error.ts";
import type { KeyCodec } from "./key_codec.ts";
import { escapeElement, readElement, terminateElement } from "./key_escape.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

const NAME = "string";

/** Any well-formed string, NUL included, ordered by code points. */
export class StringCodec implements KeyCodec<string> {
  /** Stored in the file. */
  readonly name: string = NAME;
  /** Fit for keys. */
  readonly ordered = true;

  /** Appends the UTF-8 form. */
  encode(value: string, out: ByteWriter): void {
    if (typeof value !== "string") throw wrongKind(NAME, "a string", value);
    encodeUtf8(NAME, value, out);
  }

  /** The string of a range of UTF-8. */
  decode(bytes: Uint8Array, begin: number, end: number): string {
    return decodeUtf8(NAME, bytes, begin, end);
  }

  /** Appends the UTF-8 form escaped and terminated. */
  encodeElement(value: string, out: ByteWriter): void {
    const begin = out.length;
    this.encode(value, out);
    terminateElement(out, begin);
  }

  /** Reads up to the terminator. */
  decodeElement(reader: ByteReader): string {
    return readElement(NAME, reader, this.decode);
  }

  /** Appends the UTF-8 form of a string, escaped for elements. */
  encodePrefix(prefix: unknown, out: ByteWriter, element: boolean): void {
    const begin = out.length;
    this.encode(prefix as string, out);
    if (element) escapeElement(out, begin);
  }
}
