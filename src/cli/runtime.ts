/**
 * What the commands need of the runtime they are started on.
 *
 * @module
 */

import type { HttpHandler, HttpServer, HttpServerOptions } from "../../adapters/http_server.ts";
import type { IoAdapter } from "../io/adapter.ts";

/** The IO adapter of the running runtime. */
export async function platformIo(): Promise<IoAdapter> {
  switch (platform()) {
    case "deno":
      return (await import("../../adapters/deno.ts")).denoIo();
    case "bun":
      return (await import("../../adapters/bun.ts")).bunIo();
    case "node":
      return (await import("../../adapters/node.ts")).nodeIo();
  }
}

/** Starts the HTTP server of the running runtime. */
export async function startHttp(
  handler: HttpHandler,
  options: HttpServerOptions,
): Promise<HttpServer> {
  switch (platform()) {
    case "deno":
      return await (await import("../../adapters/serve_deno.ts")).serveDeno(handler, options);
    case "bun":
      return await (await import("../../adapters/serve_bun.ts")).serveBun(handler, options);
    case "node":
      return await (await import("../../adapters/serve_node.ts")).serveNode(handler, options);
  }
}

function platform(): "deno" | "bun" | "node" {
  if ("Deno" in globalThis) return "deno";
  return "Bun" in globalThis ? "bun" : "node";
}
