/**
 * HTTP on Bun.
 *
 * Bun's idle timeout ends connections that send nothing, slow headers included; it is lifted for a
 * request once its headers are there, because live readers are silent for long.
 *
 * @module
 */

import type { HttpHandler, HttpServer, HttpServerOptions } from "./http_server.ts";
import { drain } from "./http_server.ts";

/** The part of `Bun.Server` that is used. */
interface BunServer {
  readonly port: number;
  timeout(request: Request, seconds: number): void;
  stop(closeActiveConnections?: boolean): Promise<void>;
}

/** The part of `Bun` that is used. */
interface BunRuntime {
  serve(options: {
    hostname: string;
    port: number;
    idleTimeout: number;
    maxRequestBodySize: number;
    fetch: (request: Request, server: BunServer) => Promise<Response>;
  }): BunServer;
}

/** Bun's largest idle timeout, in seconds. */
const MAX_IDLE_SECONDS = 255;

/** Listens, and answers with `handler`, which limits bodies itself. */
export async function serveBun(
  handler: HttpHandler,
  { hostname, port, headersMs }: HttpServerOptions,
): Promise<HttpServer> {
  const { Bun } = globalThis as unknown as { Bun: BunRuntime };
  const server = Bun.serve({
    hostname,
    port,
    idleTimeout: Math.min(MAX_IDLE_SECONDS, Math.ceil(headersMs / 1000)),
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request, own) => {
      own.timeout(request, 0);
      return handler(request);
    },
  });
  return {
    port: server.port,
    stop: (graceMs) =>
      drain(server.stop(), graceMs, () => {
        server.stop(true).catch(() => undefined);
      }),
  };
}
