/**
 * What every load on a server begins with: streams and connections.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { LoadResponse } from "./http_connection.ts";
import { HttpConnection, requestBytes } from "./http_connection.ts";

/** The protocol's usual root, which every server of a run has. */
const ROOT = "/v1/stream";

/** Length of a small message. */
export const MESSAGE_BYTES = 100;

/** The message of all small appends. */
export const MESSAGE: Uint8Array = Buffer.alloc(MESSAGE_BYTES, "holdfast ");

/** What a stream is created with. */
export interface StreamSpec {
  readonly contentType?: string;
  /** Its first content. */
  readonly body?: Uint8Array;
}

/** The client of one server. */
export class LoadClient {
  readonly #port: number;
  #received = 0;

  /** A client of the server on a port of the loopback interface. */
  constructor(port: number) {
    this.#port = port;
  }

  /** Bytes that the connections closed so far have received. */
  get received(): number {
    return this.#received;
  }

  /**
   * Gives `count` fresh connections to `load` and closes them after it. They are never kept from one
   * turn to the next: a server may close what is idle for 5 s.
   */
  async connect<T>(
    count: number,
    load: (connections: readonly HttpConnection[]) => Promise<T>,
    readBytes?: number,
  ): Promise<T> {
    const connections: HttpConnection[] = [];
    try {
      while (connections.length < count) {
        connections.push(await HttpConnection.open(this.#port, readBytes));
      }
      return await load(connections);
    } finally {
      for (const connection of connections) {
        this.#received += connection.received;
        connection.close();
      }
    }
  }

  /** Creates a stream that does not exist; returns its path. */
  create(name: string, spec: StreamSpec = {}): Promise<string> {
    return this.connect(1, ([connection]) => createStream(connection!, name, spec));
  }
}

/** The path of a stream. */
export function pathOf(name: string): string {
  return `${ROOT}/${name}`;
}

/** Creates a stream that does not exist; returns its path. */
export async function createStream(
  connection: HttpConnection,
  name: string,
  spec: StreamSpec = {},
): Promise<string> {
  const path = pathOf(name);
  expectStatus(await connection.send(requestBytes("PUT", path, spec)), 201);
  return path;
}

/** Sends an append; returns the `Stream-Next-Offset` of its answer. */
export async function sendAppend(connection: HttpConnection, request: Uint8Array): Promise<string> {
  return expectStatus(await connection.send(request), 204, 200).nextOffset;
}

/** The response, whose status must be one of those expected. */
export function expectStatus(response: LoadResponse, ...expected: number[]): LoadResponse {
  if (!expected.includes(response.status)) throw new Error(`answered ${response.status}`);
  return response;
}
