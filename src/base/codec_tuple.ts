/**
 * Several keys in one, ordered by the first that differs.
 *
 * @module
 */

import { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { wrongKind } from "./codec_error.ts";
import type { KeyCodec } from "./key_codec.ts";

/** The codecs of the elements of a tuple type. */
export type ElementCodecs<T extends readonly unknown[]> = {
  readonly [K in keyof T]: KeyCodec<T[K]>;
};

/**
 * Elements one after another in their self-delimiting forms. Where the tuple stands alone, its last
 * element does too. Hence the first elements in their self-delimiting forms are a prefix of exactly
 * those keys that begin with them.
 */
export class TupleCodec<T extends readonly unknown[]> implements KeyCodec<T> {
  /** Stored in the file. */
  readonly name: string;
  /** Fit for keys. */
  readonly ordered = true;
  /** As the last element, which stands alone in `encode`. */
  readonly views: boolean;
  readonly #heads: readonly KeyCodec<unknown>[];
  readonly #last: KeyCodec<unknown>;

  /** @throws {RangeError} if there is no codec */
  constructor(codecs: ElementCodecs<T>) {
    const all: readonly KeyCodec<unknown>[] = codecs;
    const last = all.at(-1);
    if (last === undefined) throw new RangeError("a tuple codec has at least one element");
    this.name = `tuple(${all.map((codec) => codec.name).join(",")})`;
    this.views = last.views === true;
    this.#heads = all.slice(0, -1);
    this.#last = last;
  }

  /** Appends all elements, the last without an end. */
  encode(value: T, out: ByteWriter): void {
    this.#encodeHeads(value, out);
    this.#last.encode(value[this.#heads.length], out);
  }

  /** The tuple of exactly this range. */
  decode(bytes: Uint8Array, begin: number, end: number): T {
    const reader = new ByteReader(bytes, begin, end);
    const values = this.#decodeHeads(reader);
    values.push(this.#last.decode(bytes, reader.position, end));
    return values as unknown as T;
  }

  /** Appends all elements, each with its end. */
  encodeElement(value: T, out: ByteWriter): void {
    this.#encodeHeads(value, out);
    this.#last.encodeElement(value[this.#heads.length], out);
  }

  /** Reads all elements. */
  decodeElement(reader: ByteReader): T {
    const begin = reader.position;
    try {
      const values = this.#decodeHeads(reader);
      values.push(this.#last.decodeElement(reader));
      return values as unknown as T;
    } catch (error) {
      reader.position = begin;
      throw error;
    }
  }

  /** Appends the first elements, each with its end. */
  encodePrefix(prefix: unknown, out: ByteWriter): void {
    if (!Array.isArray(prefix)) throw wrongKind(this.name, "an array", prefix);
    const heads = this.#heads;
    if (prefix.length > heads.length) {
      throw new RangeError(
        `codec ${this.name} has no prefix of ${prefix.length} elements: at most ${heads.length}`,
      );
    }
    for (let i = 0; i < prefix.length; i++) heads[i]!.encodeElement(prefix[i], out);
  }

  #encodeHeads(value: T, out: ByteWriter): void {
    const heads = this.#heads;
    if (!Array.isArray(value)) throw wrongKind(this.name, "an array", value);
    if (value.length !== heads.length + 1) {
      throw new TypeError(`codec ${this.name} takes ${heads.length + 1}, not ${value.length}`);
    }
    for (let i = 0; i < heads.length; i++) heads[i]!.encodeElement(value[i], out);
  }

  #decodeHeads(reader: ByteReader): unknown[] {
    const values: unknown[] = [];
    for (const head of this.#heads) values.push(head.decodeElement(reader));
    return values;
  }
}
