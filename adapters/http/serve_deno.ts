/**
 * HTTP on Deno.
 *
 * `Deno.serve` offers neither a limit of connections nor a timeout for headers, and it keeps the
 * connection of a body that was refused half-way: put a proxy in front when strangers can connect.
 * Requests, bodies and waiting readers are limited by the handler.
 *
 * @module
 */

import type { HttpHandler, HttpServer, HttpServerOptions } from "./http_server.ts";
import { drain } from "./http_server.ts";

/** Listens, and answers with `handler`. */
export async function serveDeno(
  handler: HttpHandler,
  { hostname, port }: HttpServerOptions,
): Promise<HttpServer> {
  const cut = new AbortController();
  const server = Deno.serve(
    { hostname, port, signal: cut.signal, onListen: () => undefined },
    (request) => handler(request),
  );
  return {
    port: server.addr.port,
    stop: (graceMs) => drain(server.shutdown(), graceMs, () => cut.abort()),
  };
}
