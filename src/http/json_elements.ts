/**
 * A strict JSON scanner (RFC 8259) that finds the messages of a body without parsing them, so that
 * number text, key order, duplicate keys and white space inside a message stay as they were sent.
 *
 * One pass, no recursion: a body of brackets cannot exhaust the stack.
 *
 * @module
 */

/** Deepest nesting of arrays and objects, the outer array included. */
export const DEFAULT_MAX_JSON_DEPTH = 512;

/** Where and why a body is not JSON. */
export class JsonSyntaxError extends Error {
  /** Byte offset of the first wrong byte. */
  readonly offset: number;

  /** Makes the error of the byte at `offset`. */
  constructor(offset: number, reason: string) {
    super(`${reason} at byte ${offset}`);
    this.name = "JsonSyntaxError";
    this.offset = offset;
  }
}

/**
 * The byte ranges of the messages in `bytes`, as start, end, start, end, ...: the elements of a
 * top-level array (one level, so `[[1]]` is the one message `[1]`), or the one value that is not an
 * array; without the white space around them.
 * @throws JsonSyntaxError when `bytes` is not valid JSON in valid UTF-8, or nests too deep.
 */
export function jsonElements(
  bytes: Uint8Array,
  maxDepth: number = DEFAULT_MAX_JSON_DEPTH,
): number[] {
  const scanner = new Scanner(bytes, maxDepth);
  return scanner.elements();
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

class Scanner {
  readonly #bytes: Uint8Array;
  readonly #maxDepth: number;
  /** One closing byte per open array or object, outermost first. */
  readonly #closers: number[] = [];
  #at = 0;

  constructor(bytes: Uint8Array, maxDepth: number) {
    this.#bytes = bytes;
    this.#maxDepth = maxDepth;
  }

  elements(): number[] {
    const ranges: number[] = [];
    this.#space();
    if (this.#bytes[this.#at] !== OPEN_ARRAY) {
      const start = this.#at;
      this.#value();
      ranges.push(start, this.#at);
    } else {
      this.#open(CLOSE_ARRAY);
      this.#space();
      if (this.#bytes[this.#at] === CLOSE_ARRAY) {
        this.#at++;
      } else {
        this.#outerElements(ranges);
      }
      this.#closers.pop();
    }
    this.#space();
    if (this.#at < this.#bytes.length) this.#fail("text after the value");
    return ranges;
  }

  #outerElements(ranges: number[]): void {
    for (;;) {
      this.#space();
      const start = this.#at;
      this.#value();
      ranges.push(start, this.#at);
      this.#space();
      const byte = this.#bytes[this.#at];
      if (byte !== COMMA && byte !== CLOSE_ARRAY) this.#fail("expected , or ]");
      this.#at++;
      if (byte === CLOSE_ARRAY) return;
    }
  }

  /** Consumes one value of any depth; `#at` ends behind its last byte. */
  #value(): void {
    const floor = this.#closers.length;
    for (;;) {
      this.#space();
      const byte = this.#bytes[this.#at];
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        const closer = byte + 2;
        this.#open(closer);
        this.#space();
        if (this.#bytes[this.#at] !== closer) {
          if (closer === CLOSE_OBJECT) this.#key();
          continue;
        }
        this.#at++;
        this.#closers.pop();
      } else {
        this.#scalar(byte);
      }
      if (this.#afterValue(floor)) return;
    }
  }

  /** Closes what ends here. True when the value that began at depth `floor` is complete. */
  #afterValue(floor: number): boolean {
    while (this.#closers.length > floor) {
      this.#space();
      const closer = this.#closers[this.#closers.length - 1];
      const byte = this.#bytes[this.#at];
      if (byte === COMMA) {
        this.#at++;
        if (closer === CLOSE_OBJECT) {
          this.#space();
          this.#key();
        }
        return false;
      }
      if (byte !== closer) this.#fail("expected , or the end of the array or object");
      this.#at++;
      this.#closers.pop();
    }
    return true;
  }

  #open(closer: number): void {
    if (this.#closers.length >= this.#maxDepth) this.#fail("nested too deep");
    this.#closers.push(closer);
    this.#at++;
  }

  #key(): void {
    if (this.#bytes[this.#at] !== QUOTE) this.#fail("expected a key");
    this.#string();
    this.#space();
    if (this.#bytes[this.#at] !== COLON) this.#fail("expected :");
    this.#at++;
  }

  #scalar(byte: number | undefined): void {
    if (byte === QUOTE) this.#string();
    else if (byte === MINUS || isDigit(byte)) this.#number();
    else if (byte === 0x74) this.#word("true");
    else if (byte === 0x66) this.#word("false");
    else if (byte === 0x6e) this.#word("null");
    else this.#fail("expected a value");
  }

  #word(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.#bytes[this.#at] !== word.charCodeAt(i)) this.#fail(`expected ${word}`);
      this.#at++;
    }
  }

  #number(): void {
    if (this.#bytes[this.#at] === MINUS) this.#at++;
    if (this.#bytes[this.#at] === 0x30) this.#at++;
    else this.#digits();
    if (this.#bytes[this.#at] === DOT) {
      this.#at++;
      this.#digits();
    }
    const exponent = this.#bytes[this.#at];
    if (exponent === 0x65 || exponent === 0x45) {
      this.#at++;
      const sign = this.#bytes[this.#at];
      if (sign === 0x2b || sign === MINUS) this.#at++;
      this.#digits();
    }
  }

  #digits(): void {
    if (!isDigit(this.#bytes[this.#at])) this.#fail("expected a digit");
    while (isDigit(this.#bytes[this.#at])) this.#at++;
  }

  #string(): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined) {
        this.#at = at;
        this.#fail("the string has no end");
      }
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        this.#at = at;
        at = this.#escape();
      } else if (byte < 0x20) {
        this.#at = at;
        this.#fail("a control character must be escaped");
      } else if (byte < 0x80) {
        at++;
      } else {
        const length = sequenceLength(bytes, at);
        if (length === 0) {
          this.#at = at;
          this.#fail("not UTF-8");
        }
        at += length;
      }
    }
    this.#at = at + 1;
  }

  /** Checks the escape at `#at`, and returns the offset behind it. */
  #escape(): number {
    const kind = this.#bytes[this.#at + 1];
    if (kind === 0x75) {
      for (let i = 2; i < 6; i++) {
        if (!isHex(this.#bytes[this.#at + i])) this.#fail("not an escape");
      }
      return this.#at + 6;
    }
    if (kind === undefined || !ESCAPES.has(kind)) this.#fail("not an escape");
    return this.#at + 2;
  }

  #space(): void {
    const bytes = this.#bytes;
    let at = this.#at;
    for (;;) {
      const byte = bytes[at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      at++;
    }
    this.#at = at;
  }

  #fail(reason: string): never {
    throw new JsonSyntaxError(this.#at, reason);
  }
}

/** The bytes that may follow a backslash, `u` excepted: `"` `\` `/` `b` `f` `n` `r` `t`. */
const ESCAPES: ReadonlySet<number> = new Set([0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74]);

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}

/** Length of the well-formed UTF-8 sequence (Unicode 15, table 3-7) at `at`, 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  if (lead >= 0xc2 && lead <= 0xdf) return isTail(second) ? 2 : 0;
  if (!isTail(second) || !isTail(bytes[at + 2] ?? 0)) return 0;
  if (lead === 0xe0) return second >= 0xa0 ? 3 : 0;
  if (lead === 0xed) return second <= 0x9f ? 3 : 0;
  if (lead >= 0xe1 && lead <= 0xef) return 3;
  if (!isTail(bytes[at + 3] ?? 0)) return 0;
  if (lead === 0xf0) return second >= 0x90 ? 4 : 0;
  if (lead === 0xf4) return second <= 0x8f ? 4 : 0;
  return lead >= 0xf1 && lead <= 0xf3 ? 4 : 0;
}

function isTail(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
