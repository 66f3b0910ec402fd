/**
 * Universally unique identifiers.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { checkWidth, wrongKind } from "./codec_error.ts";
import type { KeyCodec } from "./key_codec.ts";

const WIDTH = 16;

/** Characters of the text form, and the bytes before which it has a hyphen (RFC 9562, section 4). */
const LENGTH = 36;
const HYPHEN = 0x2d;
const HYPHEN_BEFORE: readonly boolean[] = Array.from(
  { length: WIDTH },
  (_, i) => i === 4 || i === 6 || i === 8 || i === 10,
);

/** The two digits of each byte. */
const DIGITS: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/**
 * A UUID as its 16 bytes. Digits are taken in either case and given in lower case; version and
 * variant may be any, so that the bytes are ordered as the lower-case texts are. One form.
 */
export class UuidCodec implements KeyCodec<string> {
  /** Stored in the file. */
  readonly name = "uuid";
  /** Fit for keys. */
  readonly ordered = true;

  /** Appends 16 bytes. */
  encode(value: string, out: ByteWriter): void {
    if (typeof value !== "string") throw wrongKind(this.name, "a string", value);
    if (value.length !== LENGTH) throw notUuid();
    const begin = out.reserve(WIDTH);
    const bytes = out.bytes;
    let from = 0;
    for (let i = 0; i < WIDTH; i++) {
      if (HYPHEN_BEFORE[i] && value.charCodeAt(from++) !== HYPHEN) throw notUuid();
      const high = digit(value.charCodeAt(from++));
      bytes[begin + i] = (high << 4) | digit(value.charCodeAt(from++));
    }
    out.length = begin + WIDTH;
  }

  /** The UUID of a range of 16 bytes. */
  decode(bytes: Uint8Array, begin: number, end: number): string {
    checkWidth(this.name, WIDTH, end - begin);
    return textOf(bytes, begin);
  }

  /** Appends 16 bytes. */
  encodeElement(value: string, out: ByteWriter): void {
    this.encode(value, out);
  }

  /** Reads 16 bytes. */
  decodeElement(reader: ByteReader): string {
    return textOf(reader.bytes, reader.skip(WIDTH));
  }
}

function textOf(bytes: Uint8Array, begin: number): string {
  let text = "";
  for (let i = 0; i < WIDTH; i++) {
    if (HYPHEN_BEFORE[i]) text += "-";
    text += DIGITS[bytes[begin + i]!]!;
  }
  return text;
}

function digit(character: number): number {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  const lower = character | 0x20;
  if (lower >= 0x61 && lower <= 0x66) return lower - 0x61 + 10;
  throw notUuid();
}

function notUuid(): RangeError {
  return new RangeError("codec uuid takes 32 hexadecimal digits in groups of 8-4-4-4-12");
}
