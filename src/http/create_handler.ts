/**
 * The HTTP face of a store of durable streams: Web standards in, Web standards out.
 *
 * @module
 */

import type { StreamStore } from "../streams/stream_store.ts";
import type { HandlerOptions } from "./handler_options.ts";
import type { Responder } from "./responder.ts";
import { createResponder } from "./responder.ts";
import { joinBytes } from "./sse_encoding.ts";

/**
 * Makes a handler that serves the streams of `store` under `/v1/stream/`: PUT, POST, GET (catch-up,
 * `live=long-poll`, `live=sse`), HEAD, DELETE and OPTIONS of the Durable Streams protocol. It mounts
 * in `Deno.serve`, `Bun.serve`, Hono, or `@hono/node-server`.
 *
 * Durability and ordering are those of the store: a request is answered with success once what it
 * changed is as durable as the store promises. Any number of requests may be under way; limits are
 * in the options. The handler never rejects: errors are answered as `application/problem+json` with a
 * stable `code`, and those of the server are passed to `onError`.
 *
 * @throws TypeError or RangeError when an option makes no sense.
 */
export function createHandler(
  store: StreamStore,
  options: HandlerOptions = {},
): (request: Request) => Promise<Response> {
  return handlerOf(createResponder(store, options));
}

/**
 * A responder as a web-standard handler. Parts are joined, and their memory is freed; that of the body
 * is left to the collector, because nobody tells when it was sent.
 *
 * PERF: four readers of a stream of 64 KiB messages leave 100 MB of memory at the peak on Bun, and 140
 * where the parts were left to the collector, too (2026-11-22).
 */
export function handlerOf(responder: Responder): (request: Request) => Promise<Response> {
  return async (request) => {
    const { status, fields, body, release } = await responder(request);
    const whole = Array.isArray(body) ? joinBytes(body) : body;
    if (Array.isArray(body) && whole !== body[0]) release?.();
    return new Response(whole === undefined ? null : whole as BodyInit, {
      status,
      headers: fields,
    });
  };
}
