/**
 * Names of contents.
 *
 * @module
 */

import type { ByteWriter } from "../../base/byte_writer.ts";

/** What a digest may be called. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

const FORM = /^([A-Za-z0-9_-]{1,64}):((?:[0-9a-f]{2}){1,255})$/;

/** Longest digest in bytes. */
const DIGEST_BYTES_MAX = 255;

/** Bytes of a digest whose length its name says. */
const LENGTHS: Readonly<Record<string, number>> = { sha256: 32, blake3: 32 };

const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/**
 * Names a content by its digest: equal bytes have equal ids, in every store and database. Immutable.
 *
 * ```ts
 * import { ContentId } from "@holdfast/holdfast";
 *
 * const id = ContentId.parse(`sha256:${"ab".repeat(32)}`);
 * console.log(id.digest, id.bytes.length, ContentId.parse(`${id}`).equals(id)); // sha256 32 true
 * ```
 */
export class ContentId {
  /** The name of the digest, for example "sha256". */
  readonly digest: string;
  readonly #bytes: Uint8Array;

  /**
   * Makes the id of a content that need not exist. Copies `bytes`.
   *
   * @throws {TypeError} for arguments of the wrong kind
   * @throws {RangeError} if the name has other characters than letters, digits, "-" and "_", or more
   * than 64; for anything but 1 to 255 bytes, and 32 for "sha256" and "blake3"
   */
  constructor(digest: string, bytes: Uint8Array) {
    checkDigest(digest, bytes instanceof Uint8Array ? bytes.length : NaN);
    this.digest = digest;
    // Not by slice(), which shares memory if they are a Buffer.
    this.#bytes = new Uint8Array(bytes);
    Object.freeze(this);
  }

  /**
   * The id whose `toString()` is `text`.
   *
   * @throws {TypeError} if `text` is not a string
   * @throws {RangeError} if no id has this text
   */
  static parse(text: string): ContentId {
    if (typeof text !== "string") {
      throw new TypeError(`The text of a content id is a string, not this ${typeof text}`);
    }
    const [, digest, hex] = FORM.exec(text) ?? [];
    if (digest === undefined || hex === undefined) {
      throw new RangeError("The text is not that of a content id");
    }
    const bytes = new Uint8Array(hex.length / 2);
    for (let at = 0; at < bytes.length; at++) {
      bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
    }
    return new ContentId(digest, bytes);
  }

  /** The digest, a fresh copy. */
  get bytes(): Uint8Array {
    return this.#bytes.slice();
  }

  /** Whether `other` names the same content. */
  equals(other: ContentId): boolean {
    return other instanceof ContentId && other.digest === this.digest && this.has(other.#bytes);
  }

  /** The name of the digest, a colon, and the digest in lower-case hexadecimal. */
  toString(): string {
    let text = `${this.digest}:`;
    for (const byte of this.#bytes) text += HEX[byte]!;
    return text;
  }

  /** What `toString()` says. */
  toJSON(): string {
    return this.toString();
  }

  /**
   * Appends the digest.
   * @internal
   */
  writeTo(out: ByteWriter): void {
    out.raw(this.#bytes);
  }

  /**
   * Whether its digest has these bytes.
   * @internal
   */
  has(bytes: Uint8Array): boolean {
    const own = this.#bytes;
    if (bytes.length !== own.length) return false;
    for (let at = 0; at < own.length; at++) if (own[at] !== bytes[at]) return false;
    return true;
  }

  /**
   * Whether it is by a digest of this name and length.
   * @internal
   */
  isBy(digest: string, length: number): boolean {
    return this.digest === digest && this.#bytes.length === length;
  }
}

/** Checks what a digest is called, and its length in bytes. @throws {TypeError | RangeError} */
export function checkDigest(name: string, length: number): void {
  if (typeof name !== "string") throw new TypeError("The name of a digest is a string");
  if (!NAME.test(name)) {
    throw new RangeError("The name of a digest has letters, digits, - and _, and 64 at most");
  }
  if (typeof length !== "number" || Number.isNaN(length)) {
    throw new TypeError("A digest is a Uint8Array, and its length is a number");
  }
  if (!Number.isInteger(length) || length < 1 || length > DIGEST_BYTES_MAX) {
    throw new RangeError(`A digest has 1 to ${DIGEST_BYTES_MAX} bytes, not ${length}`);
  }
  const known = Object.hasOwn(LENGTHS, name) ? LENGTHS[name] : undefined;
  if (known !== undefined && known !== length) {
    throw new RangeError(`The digest ${name} has ${known} bytes, not ${length}`);
  }
}
