/**
 * Values with the time at which they expire.
 *
 * | type   | field                                                                    |
 * | ------ | ------------------------------------------------------------------------ |
 * | varint | when it expires, in milliseconds since 1970 (at most 2^53 - 1); 0: never |
 * | rest   | the value in its own codec                                               |
 *
 * @module
 */

import { ByteReader } from "../../base/byte_reader.ts";
import type { ByteWriter } from "../../base/byte_writer.ts";
import type { Codec } from "../../base/key_codec.ts";
import { assert } from "../../errors.ts";

/** A value, and when it expires. */
export interface Expiring<V> {
  /** The value. */
  readonly value: V;
  /** In milliseconds since 1970, or `NEVER`. */
  readonly expiresAt: number;
}

/** Stands for no time. */
export const NEVER = 0;

/** Whether a value that expires at `expiresAt` has expired: from that millisecond on. */
export function hasExpired(expiresAt: number, now: number): boolean {
  return expiresAt !== NEVER && expiresAt <= now;
}

/** The codec of both. */
export function expiringCodec<V>(inner: Codec<V>): Codec<Expiring<V>> {
  return {
    name: `expiring(${inner.name})`,
    views: inner.views === true,
    encode(value: Expiring<V>, out: ByteWriter): void {
      out.varint(value.expiresAt);
      inner.encode(value.value, out);
    },
    decode(bytes: Uint8Array, begin: number, end: number): Expiring<V> {
      const reader = new ByteReader(bytes, begin, end);
      const expiresAt = reader.varint();
      return { expiresAt, value: inner.decode(bytes, reader.position, end) };
    },
  };
}

/** Reads when a value expires, and nothing else of it. */
export const EXPIRES_AT: Codec<number> = {
  name: "expires-at",
  encode: (value: number, out: ByteWriter): void => out.varint(value),
  decode: (bytes: Uint8Array, begin: number, end: number): number =>
    new ByteReader(bytes, begin, end).varint(),
};

/** Reads the value alone, `undefined` if it has expired by `now`; writes values that never do. */
export class LiveCodec<V> implements Codec<V | undefined> {
  readonly name: string;
  readonly views: boolean;
  readonly #inner: Codec<V>;
  readonly #now: number;

  /** Reads at a time. */
  constructor(inner: Codec<V>, now: number) {
    this.name = `live(${inner.name})`;
    this.views = inner.views === true;
    this.#inner = inner;
    this.#now = now;
  }

  encode(value: V | undefined, out: ByteWriter): void {
    assert(value !== undefined, "there is no value to write");
    out.varint(NEVER);
    this.#inner.encode(value, out);
  }

  decode(bytes: Uint8Array, begin: number, end: number): V | undefined {
    const reader = new ByteReader(bytes, begin, end);
    if (hasExpired(reader.varint(), this.#now)) return undefined;
    return this.#inner.decode(bytes, reader.position, end);
  }
}
