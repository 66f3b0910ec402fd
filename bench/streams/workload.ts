/**
 * The loads on one server. Writers append for a fixed time, readers read for a fixed time or
 * count; every response is checked.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { crc32 } from "node:zlib";
import type { LoadResponse } from "./http_connection.ts";
import { HttpConnection, requestBytes } from "./http_connection.ts";

export const MESSAGE_BYTES = 100;
export const FILL_BYTES: number = 64 * 1024;
const ROOT = "/v1/stream";

const message = Buffer.alloc(MESSAGE_BYTES, "holdfast ");
const fill = randomBytes(FILL_BYTES);

/** A stream of `bytes` bytes, and where its last message begins. */
export interface LargeStream {
  readonly path: string;
  readonly bytes: number;
  /** `Stream-Next-Offset` of the append before the last. */
  readonly lastMessage: string;
  readonly tail: string;
  readonly checksum: number;
  readonly fillMbPerSecond: number;
}

/** Connections to one server, opened when first needed. */
export class LoadClient {
  readonly #port: number;
  readonly #connections: HttpConnection[] = [];
  readonly #created = new Set<string>();

  constructor(port: number) {
    this.#port = port;
  }

  /**
   * Each of `writers` connections appends 100 B, waits for the answer and goes on, until `millis`
   * have passed; returns acknowledged appends per second.
   */
  async append(writers: number, streams: number, millis: number): Promise<number> {
    const paths: string[] = [];
    for (let i = 0; i < streams; i++) paths.push(await this.#create(`load-${writers}-${i}`));
    await this.#connect(writers);
    const begin = performance.now();
    const end = begin + millis;
    let acknowledged = 0;
    const writer = async (i: number): Promise<void> => {
      const connection = this.#connections[i]!;
      const request = requestBytes("POST", paths[i % streams]!, message);
      while (performance.now() < end) {
        expectStatus(await connection.send(request), 204, 200);
        acknowledged++;
      }
    };
    await Promise.all(Array.from({ length: writers }, (_, i) => writer(i)));
    return acknowledged / (performance.now() - begin) * 1000;
  }

  /** Fills a stream with 64 KiB appends of one writer, then one message of 100 B. */
  async fillLarge(bytes: number): Promise<LargeStream> {
    const path = await this.#create("large");
    await this.#connect(1);
    const connection = this.#connections[0]!;
    const request = requestBytes("POST", path, fill);
    const appends = Math.ceil(bytes / FILL_BYTES);
    let checksum = 0;
    let lastMessage = "";
    const begin = performance.now();
    for (let i = 0; i < appends; i++) {
      lastMessage = expectStatus(await connection.send(request), 204, 200).nextOffset;
    }
    const seconds = (performance.now() - begin) / 1000;
    for (let i = 0; i < appends; i++) checksum = crc32(fill, checksum);
    const last = expectStatus(
      await connection.send(requestBytes("POST", path, message)),
      204,
      200,
    );
    return {
      path,
      bytes: appends * FILL_BYTES + MESSAGE_BYTES,
      lastMessage,
      tail: last.nextOffset,
      checksum: crc32(message, checksum),
      fillMbPerSecond: appends * FILL_BYTES / 1e6 / seconds,
    };
  }

  /** Reads a stream from its beginning, page by page; `verify` compares every byte (slower). */
  async catchUp(stream: LargeStream, verify: boolean): Promise<number> {
    await this.#connect(1);
    const connection = this.#connections[0]!;
    let checksum = 0;
    const sink = verify
      ? (bytes: Uint8Array) => void (checksum = crc32(bytes, checksum))
      : undefined;
    let bytes = 0;
    let offset = "-1";
    const begin = performance.now();
    for (;;) {
      const request = requestBytes("GET", `${stream.path}?offset=${offset}`);
      const response = expectStatus(await connection.send(request, sink), 200);
      bytes += response.bodyBytes;
      offset = response.nextOffset;
      if (response.upToDate) break;
      if (response.bodyBytes === 0) throw new Error("an empty page that is not the last");
    }
    const seconds = (performance.now() - begin) / 1000;
    if (bytes !== stream.bytes || offset !== stream.tail) {
      throw new Error(`read ${bytes} bytes to ${offset}, not ${stream.bytes} to ${stream.tail}`);
    }
    if (verify && checksum !== stream.checksum) throw new Error("read other bytes than appended");
    return bytes / 1e6 / seconds;
  }

  /** Reads the last message again and again for `millis`; returns reads per second. */
  async readTail(stream: LargeStream, millis: number): Promise<number> {
    await this.#connect(1);
    const connection = this.#connections[0]!;
    const request = requestBytes("GET", `${stream.path}?offset=${stream.lastMessage}`);
    const begin = performance.now();
    let reads = 0;
    while (performance.now() < begin + millis) {
      const response = expectStatus(await connection.send(request), 200);
      if (response.bodyBytes !== MESSAGE_BYTES) {
        throw new Error(`the last message has ${response.bodyBytes} bytes`);
      }
      reads++;
    }
    return reads / (performance.now() - begin) * 1000;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #create(name: string): Promise<string> {
    const path = `${ROOT}/${name}`;
    if (this.#created.has(path)) return path;
    await this.#connect(1);
    expectStatus(await this.#connections[0]!.send(requestBytes("PUT", path)), 201);
    this.#created.add(path);
    return path;
  }

  async #connect(count: number): Promise<void> {
    while (this.#connections.length < count) {
      this.#connections.push(await HttpConnection.open(this.#port));
    }
  }
}

function expectStatus(response: LoadResponse, ...expected: number[]): LoadResponse {
  if (!expected.includes(response.status)) throw new Error(`answered ${response.status}`);
  return response;
}
