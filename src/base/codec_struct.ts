/**
 * Objects with fixed fields.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { DelimitedCodec } from "./codec_delimited.ts";
import { Shape } from "./codec_shape.ts";
import { TupleCodec } from "./codec_tuple.ts";
import type { Codec, KeyCodec } from "./key_codec.ts";

/** The codecs of the fields of an object type. */
export type FieldCodecs<T> = { readonly [K in keyof T]-?: Codec<T[K]> };

/** The codecs of the fields of an object type that is fit for keys. */
export type KeyFieldCodecs<T> = { readonly [K in keyof T]-?: KeyCodec<T[K]> };

/**
 * The tuple of the fields in the order of the definition; their names are not stored with the
 * value. A field whose codec is not one for keys is escaped and terminated as `bytes` is.
 */
export class StructCodec<T extends object> implements Codec<T> {
  /** Stored in the file: the names of the fields with those of their codecs. */
  readonly name: string;
  /** As the last field, which stands alone. */
  readonly views: boolean;
  readonly #shape: Shape;
  readonly #tuple: TupleCodec<unknown[]>;

  /** Makes the codec of the objects of a shape. */
  constructor(shape: Shape) {
    this.#shape = shape;
    this.#tuple = new TupleCodec<unknown[]>(
      shape.codecs.map((of) => isKeyCodec(of) ? of : new DelimitedCodec(of)),
    );
    this.name = shape.name;
    this.views = this.#tuple.views;
  }

  /** Appends all fields, the last without an end. */
  encode(value: T, out: ByteWriter): void {
    this.#tuple.encode(this.#shape.valuesOf(value), out);
  }

  /** The object of exactly this range. */
  decode(bytes: Uint8Array, begin: number, end: number): T {
    return this.#shape.objectOf(this.#tuple.decode(bytes, begin, end)) as T;
  }
}

/** The tuple of the fields, all fit for keys: ordered by the first field that differs. */
export class KeyStructCodec<T extends object> implements KeyCodec<T> {
  /** Stored in the file: the names of the fields with those of their codecs. */
  readonly name: string;
  /** Fit for keys. */
  readonly ordered = true;
  /** As the last field, which stands alone in `encode`. */
  readonly views: boolean;
  readonly #shape: Shape;
  readonly #tuple: TupleCodec<unknown[]>;

  /** Makes the codec of the objects of a shape, whose codecs are `codecs`. */
  constructor(shape: Shape, codecs: readonly KeyCodec<unknown>[]) {
    this.#shape = shape;
    this.#tuple = new TupleCodec<unknown[]>(codecs);
    this.name = shape.name;
    this.views = this.#tuple.views;
  }

  /** Appends all fields, the last without an end. */
  encode(value: T, out: ByteWriter): void {
    this.#tuple.encode(this.#shape.valuesOf(value), out);
  }

  /** The object of exactly this range. */
  decode(bytes: Uint8Array, begin: number, end: number): T {
    return this.#shape.objectOf(this.#tuple.decode(bytes, begin, end)) as T;
  }

  /** Appends all fields, each with its end. */
  encodeElement(value: T, out: ByteWriter): void {
    this.#tuple.encodeElement(this.#shape.valuesOf(value), out);
  }

  /** Reads all fields. */
  decodeElement(reader: ByteReader): T {
    return this.#shape.objectOf(this.#tuple.decodeElement(reader)) as T;
  }
}

/** A codec for keys where all fields have one; throws as {@linkcode Shape} does. */
export function structCodec<T extends object>(fields: FieldCodecs<T>): Codec<T> {
  const shape = new Shape(fields);
  const { codecs } = shape;
  return codecs.every(isKeyCodec)
    ? new KeyStructCodec<T>(shape, codecs)
    : new StructCodec<T>(shape);
}

function isKeyCodec(of: Codec<unknown>): of is KeyCodec<unknown> {
  return (of as Partial<KeyCodec<unknown>>).ordered === true;
}
