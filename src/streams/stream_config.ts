/**
 * The codec of what a name stands for: the stream's number and what never changes in its life, but
 * for the place of its entry in the deadline index. Pure functions.
 *
 *     bytes            field
 *     1                format: 1
 *     1                flags: 1 TTL present, 2 expiry present; others 0
 *     varint           stream number, never used twice
 *     varint           time of creation, milliseconds since 1970
 *     varint, bytes    content type, UTF-8
 *     varint           TTL in seconds, if flag 1
 *     varint           expiry, milliseconds since 1970, if flag 2
 *     varint           time under which the deadline index lists it, if flag 1 or 2
 *
 * @module
 */

import { ByteReader } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { checkFormat, decodeText, encodeText, readSized, writeSized } from "./text.ts";

const FORMAT = 1;
const HAS_TTL = 1;
const HAS_EXPIRY = 2;

/** How long a stream lives; neither member: for ever. */
export interface Lifetime {
  /** Seconds after the last access. */
  readonly ttlSeconds?: number;
  /** A time, milliseconds since 1970. */
  readonly expiresAt?: number;
}

/** What a name stands for. */
export interface StreamConfig {
  /** Names the stream's data. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** As given at creation. */
  readonly contentType: string;
  /** When it expires. */
  readonly lifetime: Lifetime;
  /** Where the deadline index lists it: not after it really expires. 0 if it never does. */
  readonly indexedDeadline: number;
}

/** The text that tells this stream from all others that the store ever holds. */
export function incarnation(config: StreamConfig): string {
  return `${config.number.toString(36)}-${config.createdAt.toString(36)}`;
}

/** Encodes a configuration. */
export function encodeConfig(config: StreamConfig): Uint8Array {
  const { ttlSeconds, expiresAt } = config.lifetime;
  const writer = new ByteWriter(64);
  writer.u8(FORMAT);
  writer.u8(
    (ttlSeconds === undefined ? 0 : HAS_TTL) | (expiresAt === undefined ? 0 : HAS_EXPIRY),
  );
  writer.varint(config.number);
  writer.varint(config.createdAt);
  writeSized(writer, encodeText(config.contentType, "content type"));
  if (ttlSeconds !== undefined) writer.varint(ttlSeconds);
  if (expiresAt !== undefined) writer.varint(expiresAt);
  if (ttlSeconds !== undefined || expiresAt !== undefined) writer.varint(config.indexedDeadline);
  return writer.toBytes();
}

/**
 * Reads a configuration.
 * @throws {CorruptionError} `CORRUPT_VALUE` if it has no valid form.
 */
export function decodeConfig(value: Uint8Array): StreamConfig {
  const reader = new ByteReader(value);
  checkFormat(reader.u8() === FORMAT, "stream");
  const flags = reader.u8();
  checkFormat(flags <= (HAS_TTL | HAS_EXPIRY), "stream");
  const number = reader.varint();
  const createdAt = reader.varint();
  const contentType = decodeText(readSized(reader));
  const lifetime: Lifetime = {
    ...((flags & HAS_TTL) === 0 ? {} : { ttlSeconds: reader.varint() }),
    ...((flags & HAS_EXPIRY) === 0 ? {} : { expiresAt: reader.varint() }),
  };
  const indexedDeadline = flags === 0 ? 0 : reader.varint();
  checkFormat(reader.remaining === 0, "stream");
  return { number, createdAt, contentType, lifetime, indexedDeadline };
}
