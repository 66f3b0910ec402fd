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
  getRequestListener(
    handler: (
      request: Request,
      env: { incoming: IncomingMessage; outgoing: ServerResponse },
    ) => Promise<Response>,
  ): Listener;
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

/** How often idle connections are closed while the server stops, milliseconds. */
const IDLE_SWEEP_MS = 20;

/** Listens, and answers with `handler`. Connections beyond the limit are closed at once. */
export async function serveNode(
  handler: HttpHandler,
  options: HttpServerOptions,
): Promise<HttpServer> {
  const { getRequestListener } = await import(BRIDGE) as Bridge;
  const listener = getRequestListener(async (request, { incoming, outgoing }) => {
    Object.defineProperty(request, "arrayBuffer", { value: () => readWhole(incoming) });
    const response = await handler(request);
    const release = options.releaseOf(response);
    if (release !== undefined) outgoing.once("finish", release);
    return response;
  });
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

/**
 * The body as it arrives. The bridge would make a stream and a second request around it first,
 * which costs more than all the rest of a small append.
 */
function readWhole(incoming: IncomingMessage): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    incoming.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    incoming.once("end", () => resolve(joined(chunks)));
    incoming.once("error", reject);
    // PERF: an error for every request that ended well was a twentieth of the cost of an append.
    incoming.once("close", () => {
      if (!incoming.complete) reject(new Error("the connection was closed"));
    });
  });
}

function joined(chunks: readonly Uint8Array[]): ArrayBuffer {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole.buffer;
}

async function refuse(outgoing: ServerResponse, response: Response): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(await response.text());
}
