/**
 * The codec of chunks: runs of messages of one append, stored as one value. Pure functions.
 *
 * A chunk lies in the data tree under (stream number, number of its first message):
 *
 *     bytes            field
 *     1                format: 1
 *     varint           bytes of all messages of the stream before this chunk
 *     varint           time of the append, milliseconds since 1970
 *     varint           count of messages, 1 or more
 *     varint x (count - 1)   length of each message but the last
 *     the rest         the messages, one behind the other; the last ends with the value
 *
 * An append is cut into chunks when their messages exceed `CHUNK_BYTES`; a message is never cut. The
 * chunks of one append are written in one transaction. Integrity is the kernel's (page checksums);
 * the byte position must continue that of the chunk before, which readers check.
 *
 * @module
 */

import { ByteReader } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { CHUNK_BYTES } from "./limits.ts";
import { checkFormat } from "./text.ts";

const FORMAT = 1;

/** A chunk, read: messages are views of the value it was read from. */
export interface Chunk {
  /** Bytes of the stream before it. */
  readonly byte: number;
  /** When it was appended, milliseconds since 1970. */
  readonly time: number;
  /** Its messages. */
  readonly messages: readonly Uint8Array[];
  /** The buffer that holds this chunk and nothing else, if there is one. */
  readonly buffer: ArrayBuffer | undefined;
}

/** PERF: a new buffer for each chunk and each state was a thirtieth of the cost of an append. */
const writer = new ByteWriter();

/**
 * Encodes `messages[begin, end)`, which follow `byte` bytes of their stream: as a view that the next
 * call overwrites.
 */
export function encodeChunk(
  messages: readonly Uint8Array[],
  begin: number,
  end: number,
  byte: number,
  time: number,
): Uint8Array {
  let size = 26 + 4 * (end - begin);
  for (let i = begin; i < end; i++) size += messages[i]!.length;
  writer.shrink();
  writer.reset();
  writer.reserve(size);
  writer.u8(FORMAT);
  writer.varint(byte);
  writer.varint(time);
  writer.varint(end - begin);
  for (let i = begin; i < end - 1; i++) writer.varint(messages[i]!.length);
  for (let i = begin; i < end; i++) writer.raw(messages[i]!);
  return writer.bytes.subarray(0, writer.length);
}

/**
 * Reads a chunk.
 * @throws {CorruptionError} `CORRUPT_VALUE` if it has no valid form.
 */
export function decodeChunk(value: Uint8Array): Chunk {
  const reader = new ByteReader(value);
  checkFormat(reader.u8() === FORMAT, "chunk");
  const byte = reader.varint();
  const time = reader.varint();
  const count = reader.varint();
  checkFormat(count >= 1 && count <= value.length, "chunk");
  const lengths: number[] = [];
  for (let i = 1; i < count; i++) lengths.push(reader.varint());
  const messages = lengths.map((length) => reader.raw(length));
  messages.push(reader.raw(reader.remaining));
  // A value above the inline limit comes in a buffer of its own; smaller ones share theirs.
  const own = value.byteLength === value.buffer.byteLength;
  return { byte, time, messages, buffer: own ? value.buffer as ArrayBuffer : undefined };
}

/** Where the chunk that begins with message `begin` ends: full, or out of messages. */
export function chunkEnd(messages: readonly Uint8Array[], begin: number): number {
  let bytes = messages[begin]!.length;
  let end = begin + 1;
  while (end < messages.length && bytes + messages[end]!.length <= CHUNK_BYTES) {
    bytes += messages[end++]!.length;
  }
  return end;
}
