/**
 * From a request to a whole answer, headers included, without a `Response`.
 *
 * @module
 */

import type { StreamStore } from "../streams/stream_store.ts";
import { Capacity } from "./capacity.ts";
import { Deadlines } from "./deadlines.ts";
import type { Answer, Exchange, HttpRequest, Shared } from "./exchange.ts";
import { accepted } from "./exchange.ts";
import { getStream, headStream } from "./get_stream.ts";
import type { HandlerOptions, Settings } from "./handler_options.ts";
import { settingsOf } from "./handler_options.ts";
import { LivePages } from "./live_pages.ts";
import { postStream } from "./post_stream.ts";
import { HttpProblem } from "./problem.ts";
import { putStream } from "./put_stream.ts";
import { commonFields, corsFields, METHODS, preflightFields } from "./response_fields.ts";
import { busy, errorProblem } from "./store_problem.ts";
import { checkHost, checkTarget, rawPath, streamName, targetPath } from "./stream_path.ts";
import { Waiters } from "./waiters.ts";

/** Answers requests. Never rejects. */
export type Responder = (request: HttpRequest) => Promise<Answer>;

/**
 * Makes a responder over `store`; what it does is told at `createHandler`.
 * @throws TypeError or RangeError when an option makes no sense.
 */
export function createResponder(store: StreamStore, options: HandlerOptions = {}): Responder {
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
      return whole(problemAnswer(busy("too many requests at one time")), request, settings);
    }
    try {
      return whole(await answer(request, shared), request, settings);
    } catch (error) {
      const problem = errorProblem(error);
      if (!(error instanceof HttpProblem)) settings.onError(error);
      return whole(problemAnswer(problem), request, settings);
    } finally {
      requests.give(1);
    }
  };
}

function answer(request: HttpRequest, shared: Shared): Answer | Promise<Answer> {
  const { method, target } = request;
  if (target !== undefined) {
    checkTarget(target);
    checkHost(request.headers.get("host"));
  }
  if (method === "OPTIONS") return { status: 204, fields: preflightFields() };
  const act = ACTIONS.get(method);
  if (act === undefined) throw new HttpProblem("METHOD_NOT_ALLOWED", "", { Allow: METHODS });
  const path = target === undefined ? rawPath(request.url) : targetPath(target);
  const name = streamName(path, shared.settings.basePath);
  if (name === undefined) throw new HttpProblem("NO_ROUTE");
  return act({ ...shared, request, name });
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

function problemAnswer(problem: HttpProblem): Answer {
  const fields = {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    ...problem.fields,
  };
  return { status: problem.status, fields, body: problem.body() };
}

/**
 * An answer with the headers that every one has, and without a body for HEAD. What caches may keep
 * is open to other origins whoever asked first; the rest says so only to those who ask from another
 * origin.
 */
function whole(answer: Answer, request: HttpRequest, settings: Settings): Answer {
  const { status, body, release } = answer;
  const { method, headers: asked } = request;
  const cors = method === "GET" || method === "OPTIONS" || asked.has("origin");
  const fields = {
    ...commonFields(settings),
    ...(cors ? corsFields(settings) : undefined),
    ...answer.fields,
  };
  if (body === undefined || method === "HEAD") return { status, fields };
  return { status, fields, body, ...(release === undefined ? {} : { release }) };
}
