/**
 * A reader of server-sent events: tells when each message is there as a whole.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { HttpConnection } from "./http_connection.ts";
import { requestBytes } from "./http_connection.ts";

/** What a reader tells. */
export interface EventSinks {
  /** It has its first control event: it waits for messages now. */
  ready(): void;
  /** The payload of a data event. */
  message(payload: string): void;
  /** It will hear nothing more. */
  failed(error: unknown): void;
}

/** Begins to read a text stream from its tail on a connection of its own. */
export function readEvents(connection: HttpConnection, path: string, sinks: EventSinks): void {
  let rest = "";
  let isReady = false;
  const request = requestBytes("GET", `${path}?offset=now&live=sse`);
  const response = connection.send(request, (bytes) => {
    rest += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const [name, ...lines] = rest.slice(0, end).split("\n");
      rest = rest.slice(end + 2);
      if (name === "event: data") {
        sinks.message(lines.map((line) => line.replace(/^data: ?/, "")).join("\n"));
      } else if (!isReady) {
        isReady = true;
        sinks.ready();
      }
    }
  });
  response.then(({ status }) => {
    throw new Error(`the event stream ended (status ${status})`);
  }).catch(sinks.failed);
}
