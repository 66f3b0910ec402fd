/**
 * Answers as responses: with the headers that every one has.
 *
 * @module
 */

import type { Answer } from "./exchange.ts";
import type { Settings } from "./handler_options.ts";
import type { HttpProblem } from "./problem.ts";
import type { Fields } from "./response_fields.ts";
import { commonFields, corsFields } from "./response_fields.ts";

/**
 * The response to a request; HEAD has no body. What caches may keep is open to other origins
 * whoever asked first; the rest says so only to those who ask from another origin.
 */
export function respond(answer: Answer, request: Request, settings: Settings): Response {
  const { status, fields, body } = answer;
  const { method, headers: asked } = request;
  const cors = method === "GET" || method === "OPTIONS" || asked.has("Origin");
  const headers = {
    ...commonFields(settings),
    ...(cors ? corsFields(settings) : undefined),
    ...fields,
  };
  const empty = body === undefined || method === "HEAD";
  return new Response(empty ? null : body as BodyInit, { status, headers });
}

/** A problem as an answer. */
export function problemAnswer(problem: HttpProblem): Answer {
  const fields: Fields = {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    ...problem.fields,
  };
  return { status: problem.status, fields, body: problem.body() };
}
