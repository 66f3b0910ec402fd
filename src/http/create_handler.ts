/**
 * The HTTP face of a store of durable streams: Web standards in, Web standards out.
 *
 * @module
 */

import type { StreamStore } from "../streams/stream_store.ts";
import { Capacity } from "./capacity.ts";
import { Deadlines } from "./deadlines.ts";
import type { Answer, Exchange, Shared } from "./exchange.ts";
import { accepted } from "./exchange.ts";
import { getStream, headStream } from "./get_stream.ts";
import type { HandlerOptions } from "./handler_options.ts";
import { settingsOf } from "./handler_options.ts";
import { LivePages } from "./live_pages.ts";
import { postStream } from "./post_stream.ts";
import { HttpProblem } from "./problem.ts";
import { putStream } from "./put_stream.ts";
import { problemAnswer, respond } from "./respond.ts";
import { METHODS, preflightFields } from "./response_fields.ts";
import { busy, errorProblem } from "./store_problem.ts";
import { rawPath, streamName } from "./stream_path.ts";
import { Waiters } from "./waiters.ts";

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
  const settings = settingsOf(options);
  const shared: Shared = {
    store,
    settings,
    waiters: new Waiters(settings.maxWaiters, settings.signal),
    bodies: new Capacity(settings.maxBufferedBytes),
    bodyDeadlines: new Deadlines(settings.clock, settings.bodyStallMs),
    pages: new LivePages(store),
  };
  const requests = new Capacity(settings.maxRequests);
  return async (request) => {
    if (!requests.tryTake(1)) {
      return respond(
        problemAnswer(busy("too many requests at one time")),
        request,
        settings,
      );
    }
    try {
      const answered = await answer(request, shared);
      const response = respond(answered, request, settings);
      if (answered.release !== undefined) RELEASES.set(response, answered.release);
      return response;
    } catch (error) {
      const problem = errorProblem(error);
      if (!(error instanceof HttpProblem)) settings.onError(error);
      return respond(problemAnswer(problem), request, settings);
    } finally {
      requests.give(1);
    }
  };
}

/** What to free when a response was sent. */
const RELEASES = new WeakMap<Response, () => void>();

/**
 * What frees the memory of a large response, to be called once the operating system has taken its
 * last byte. For servers that can tell; without it the garbage collector does so in its time.
 */
export function releaseOf(response: Response): (() => void) | undefined {
  return RELEASES.get(response);
}

async function answer(request: Request, shared: Shared): Promise<Answer> {
  const { method } = request;
  if (method === "OPTIONS") return { status: 204, fields: preflightFields() };
  const act = ACTIONS.get(method);
  if (act === undefined) throw new HttpProblem("METHOD_NOT_ALLOWED", "", { Allow: METHODS });
  const name = streamName(rawPath(request.url), shared.settings.basePath);
  if (name === undefined) throw new HttpProblem("NO_ROUTE");
  return await act({ ...shared, request, name });
}

const ACTIONS: ReadonlyMap<string, (exchange: Exchange) => Promise<Answer>> = new Map([
  ["GET", getStream],
  ["HEAD", headStream],
  ["PUT", putStream],
  ["POST", postStream],
  ["DELETE", deleteStream],
]);

async function deleteStream({ store, name }: Exchange): Promise<Answer> {
  accepted(await store.delete(name));
  return { status: 204, fields: { "Cache-Control": "no-store" } };
}
