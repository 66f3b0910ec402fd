/**
 * HTTP on Node: `node:http`, without web objects for what needs none.
 *
 * PERF: a server that answers 204 to appends and does nothing else takes 34 thousand a second here,
 * and 7.7 thousand behind a bridge that makes a `Response` for each.
 *
 * @module
 */

import { createServer } from "node:http";
import type { HttpResponder, HttpServer, HttpServerOptions } from "./http_server.ts";
import { drain } from "./http_server.ts";
import { sendAnswer } from "./node_answer.ts";
import { NodeRequest } from "./node_request.ts";

/** How often Node looks for connections whose headers are late, milliseconds. */
const CHECK_MS = 2_000;

/** How long an idle connection is kept, milliseconds. */
const KEEP_ALIVE_MS = 30_000;

/** How often idle connections are closed while the server stops, milliseconds. */
const IDLE_SWEEP_MS = 20;

/** Listens, and answers with `responder`. Connections beyond the limit are closed at once. */
export async function serveNode(
  responder: HttpResponder,
  options: HttpServerOptions,
): Promise<HttpServer> {
  const server = createServer({
    headersTimeout: options.headersMs,
    // The handler limits the time of bodies; Node's limit would cut slow but steady ones.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_MS,
    // As in the web's `Headers`: a second value is not dropped silently.
    joinDuplicateHeaders: true,
  }, async (incoming, outgoing) => {
    try {
      const answer = await responder(new NodeRequest(incoming, outgoing));
      const sending = sendAnswer(answer, incoming, outgoing);
      if (sending !== undefined) await sending;
    } catch (error) {
      outgoing.destroy();
      options.onError(error);
    }
  });
  server.maxConnections = options.maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.hostname, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    stop: (graceMs) => {
      // A connection that is busy now becomes idle later, and Node would keep it alive.
      const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          clearInterval(sweep);
          resolve();
        });
      });
      return drain(closed, graceMs, () => server.closeAllConnections());
    },
  };
}
