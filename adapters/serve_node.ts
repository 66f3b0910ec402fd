/**
 * HTTP on Node: `node:http` behind `@hono/node-server`, the fastest measured bridge to web standards.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { HttpHandler, HttpServer, HttpServerOptions } from "./http_server.ts";
import { drain } from "./http_server.ts";

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

/** The part of `@hono/node-server` that is used. */
interface Bridge {
  getRequestListener(handler: HttpHandler): Listener;
}

/**
 * Not a literal in the `import` call, so that the other runtimes, which never get here, do not fetch
 * the package when they load this file.
 */
const BRIDGE = "@hono/node-server";

/** How often Node looks for connections whose headers are late, milliseconds. */
const CHECK_MS = 2_000;

/** How long an idle connection is kept, milliseconds. */
const KEEP_ALIVE_MS = 30_000;

/** Listens, and answers with `handler`. Connections beyond the limit are closed at once. */
export async function serveNode(
  handler: HttpHandler,
  options: HttpServerOptions,
): Promise<HttpServer> {
  const { getRequestListener } = await import(BRIDGE) as Bridge;
  const listener = getRequestListener(handler);
  const server = createServer({
    headersTimeout: options.headersMs,
    // The handler limits the time of bodies; Node's limit would cut slow but steady ones.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_MS,
  }, (incoming, outgoing) => {
    const refusal = options.refuseTarget(incoming.url ?? "");
    if (refusal === undefined) listener(incoming, outgoing);
    else refuse(outgoing, refusal);
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
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      return drain(closed, graceMs, () => server.closeAllConnections());
    },
  };
}

async function refuse(outgoing: ServerResponse, response: Response): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(await response.text());
}
