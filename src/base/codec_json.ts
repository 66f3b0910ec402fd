/**
 * Anything that JSON can say.
 *
 * @module
 */

import type { ByteWriter } from "./byte_writer.ts";
import { malformed, wrongKind } from "./codec_error.ts";
import type { Codec } from "./key_codec.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

const NAME = "json";

/** JSON text as UTF-8, for values only: the text has no useful order. */
export class JsonCodec<T> implements Codec<T> {
  /** Stored in the file. */
  readonly name: string = NAME;

  /** Appends the JSON text; what has none (`undefined`, a function, a cycle) is a TypeError. */
  encode(value: T, out: ByteWriter): void {
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) throw wrongKind(NAME, "what JSON can express", value);
    encodeUtf8(NAME, text, out);
  }

  /** Parses a range of JSON text. */
  decode(bytes: Uint8Array, begin: number, end: number): T {
    const text = decodeUtf8(NAME, bytes, begin, end);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw malformed(NAME, "not valid JSON", error);
    }
  }
}
