/**
 * A large stream: filled with 64 KiB appends, read page by page.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { crc32 } from "node:zlib";
import type { BodySink, HttpConnection } from "./http_connection.ts";
import { requestBytes } from "./http_connection.ts";
import type { LoadClient } from "./load_client.ts";
import { createStream, expectStatus, MESSAGE, MESSAGE_BYTES, sendAppend } from "./load_client.ts";

/** Length of a message of a large stream. */
export const FILL_BYTES: number = 64 * 1024;

/** The message of all large appends. */
export const FILL: Buffer = randomBytes(FILL_BYTES);

/** A filled stream: messages of 64 KiB, then one of 100 B. */
export interface LargeStream {
  readonly path: string;
  readonly bytes: number;
  /** `Stream-Next-Offset` of the append before the last. */
  readonly lastMessage: string;
  readonly tail: string;
  readonly checksum: number;
  readonly fillMbPerSecond: number;
}

/** What was read of a stream, from its beginning to its tail. */
export interface Reading {
  readonly bytes: number;
  readonly tail: string;
  readonly checksum: number | undefined;
  readonly mbPerSecond: number;
  readonly firstByteMillis: number;
}

/** Creates a stream and fills it with about `bytes` bytes, one writer. */
export function fillLarge(client: LoadClient, name: string, bytes: number): Promise<LargeStream> {
  return client.connect(1, async ([connection]) => {
    const path = await createStream(connection!, name);
    const request = requestBytes("POST", path, { body: FILL });
    const appends = Math.ceil(bytes / FILL_BYTES);
    let checksum = 0;
    let lastMessage = "";
    const begin = performance.now();
    for (let i = 0; i < appends; i++) lastMessage = await sendAppend(connection!, request);
    const seconds = (performance.now() - begin) / 1000;
    for (let i = 0; i < appends; i++) checksum = crc32(FILL, checksum);
    const last = requestBytes("POST", path, { body: MESSAGE });
    return {
      path,
      bytes: appends * FILL_BYTES + MESSAGE_BYTES,
      lastMessage,
      tail: await sendAppend(connection!, last),
      checksum: crc32(MESSAGE, checksum),
      fillMbPerSecond: appends * FILL_BYTES / 1e6 / seconds,
    };
  });
}

/** Reads a stream from its beginning; `verify` takes the checksum of every byte (slower). */
export async function readStream(
  connection: HttpConnection,
  path: string,
  verify: boolean,
): Promise<Reading> {
  let checksum = 0;
  let firstByte: number | undefined;
  const sink: BodySink = (bytes) => {
    firstByte ??= performance.now();
    if (verify) checksum = crc32(bytes, checksum);
  };
  const begin = performance.now();
  let bytes = 0;
  let tail = "-1";
  for (let last = false; !last;) {
    const request = requestBytes("GET", `${path}?offset=${tail}`);
    const page = expectStatus(await connection.send(request, sink), 200);
    bytes += page.bodyBytes;
    tail = page.nextOffset;
    last = page.upToDate;
    if (page.bodyBytes === 0 && !last) throw new Error("an empty page that is not the last");
  }
  return {
    bytes,
    tail,
    checksum: verify ? checksum : undefined,
    mbPerSecond: bytes / 1e3 / (performance.now() - begin),
    firstByteMillis: (firstByte ?? performance.now()) - begin,
  };
}

/** Reads a large stream from its beginning and checks what came. */
export async function catchUp(
  connection: HttpConnection,
  stream: LargeStream,
  verify: boolean,
): Promise<Reading> {
  const reading = await readStream(connection, stream.path, verify);
  const { bytes, tail, checksum } = reading;
  if (bytes !== stream.bytes || tail !== stream.tail) {
    throw new Error(`read ${bytes} bytes to ${tail}, not ${stream.bytes} to ${stream.tail}`);
  }
  if (verify && checksum !== stream.checksum) throw new Error("read other bytes than appended");
  return reading;
}
