/**
 * What the commands need of the runtime they are started on.
 *
 * @module
 */

import type { HttpServer, HttpServerOptions } from "../../adapters/http/http_server.ts";
import { handlerOf } from "../http/create_handler.ts";
import type { Responder } from "../http/responder.ts";
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
  responder: Responder,
  options: HttpServerOptions,
): Promise<HttpServer> {
  switch (platform()) {
    case "deno":
      return await (await import("../../adapters/http/serve_deno.ts"))
        .serveDeno(handlerOf(responder), options);
    case "bun":
      return await (await import("../../adapters/http/serve_bun.ts"))
        .serveBun(handlerOf(responder), options);
    case "node":
      return await (await import("../../adapters/http/serve_node.ts")).serveNode(
        responder,
        options,
      );
  }
}

function platform(): "deno" | "bun" | "node" {
  if ("Deno" in globalThis) return "deno";
  return "Bun" in globalThis ? "bun" : "node";
}
