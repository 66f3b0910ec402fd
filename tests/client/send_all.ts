/**
 * Loads of small writes over keep-alive connections.
 *
 * @module
 */

import type { HttpConnection } from "../../bench/streams/http_connection.ts";
import { requestBytes } from "../../bench/streams/http_connection.ts";

/** A write to a stream. */
export interface WriteRequest {
  readonly method: "PUT" | "POST";
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/**
 * Sends `count` requests over `connections`, each connection the next one as soon as it is free.
 * With `shares`, connection `c` of `n` sends requests `c`, `c + n`, ... in this order.
 * @throws Error when an answer has another status than `status`.
 */
export async function sendAll(
  connections: readonly HttpConnection[],
  count: number,
  status: number,
  request: (index: number) => WriteRequest,
  { shares = false, sent }: { shares?: boolean; sent?: (index: number) => void } = {},
): Promise<void> {
  let next = 0;
  await Promise.all(connections.map(async (connection, at) => {
    let index = shares ? at : next++;
    while (index < count) {
      const wanted = request(index);
      const { method, path, body, contentType } = wanted;
      const answer = await connection.send(requestBytes(method, path, { body, contentType }));
      if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status}`);
      sent?.(index);
      index = shares ? index + connections.length : next++;
    }
  }));
}
