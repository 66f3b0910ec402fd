/**
 * What a codec is. Values need only {@linkcode Codec}; keys need {@linkcode KeyCodec}, whose bytes
 * sort as the values do.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";

/** Turns values of one type into bytes and back. */
export interface Codec<T> {
  /** Stored in the file, so that data is never read back by another codec (`TYPE_MISMATCH`). */
  readonly name: string;

  /**
   * Appends the bytes of `value`, whose length the caller keeps: nothing here marks the end.
   *
   * When it throws, `out.length` may have moved; a caller that goes on with `out` sets it back.
   *
   * @throws {TypeError} if `value` is of the wrong kind
   * @throws {RangeError} if `value` is of the right kind and too large or too small
   */
  encode(value: T, out: ByteWriter): void;

  /**
   * Whether the result of `decode` may be a view of the bytes given. Callers then give bytes that
   * nobody writes again; any other codec's results share no memory with its input.
   */
  readonly views?: boolean;

  /**
   * Where a value of this many bytes may be put before `decode` is called for it, if it has to be
   * read from a file; `undefined`: anywhere. What is damaged may be left there.
   */
  room?(length: number): Uint8Array | undefined;

  /**
   * Whether the caller compares what it is given with a digest of its own. A large value, which has
   * a checksum for itself, is then not compared with that one too.
   */
  readonly provenByCaller?: boolean;

  /**
   * The value whose bytes are exactly `bytes[begin, end)`.
   *
   * @throws {CorruptionError} `CORRUPT_VALUE` if `encode` cannot have written these bytes
   */
  decode(bytes: Uint8Array, begin: number, end: number): T;
}

/**
 * A codec whose bytes, compared as unsigned bytes, stand in the order of the values.
 *
 * There are two forms. `encode` is for a key that stands alone. `encodeElement` is for one with
 * more behind it, as in a tuple: no element is the beginning of another, so that the order holds
 * whatever follows, and the end is found without a length.
 */
export interface KeyCodec<T> extends Codec<T> {
  /** Marks the codec as fit for keys. */
  readonly ordered: true;

  /** Appends the self-delimiting form of `value`; throws as `encode` does. */
  encodeElement(value: T, out: ByteWriter): void;

  /**
   * Reads what `encodeElement` wrote and leaves `reader` behind it. The result shares no memory
   * with the reader's bytes.
   *
   * @throws {CorruptionError} `CORRUPT_VALUE` if `encodeElement` cannot have written these bytes
   */
  decodeElement(reader: ByteReader): T;

  /**
   * Appends what exactly those keys begin with that have this prefix: in their form alone, or with
   * `element` in their self-delimiting form. A codec whose keys have no prefixes has no such method.
   *
   * @throws {TypeError} if `prefix` is of the wrong kind
   * @throws {RangeError} if `prefix` is of the right kind and too long
   */
  encodePrefix?(prefix: unknown, out: ByteWriter, element: boolean): void;
}
