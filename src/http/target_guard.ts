/**
 * Judging request targets as they were sent.
 *
 * @module
 */

import type { HandlerOptions } from "./handler_options.ts";
import { settingsOf } from "./handler_options.ts";
import { problemAnswer, respond } from "./respond.ts";
import { targetProblem } from "./stream_path.ts";

/** Stands for the request that is refused; it cannot be made of a target that is none. */
const REFUSED = new Request("http://localhost/");

/**
 * For servers that show the target of a request as it was sent: the response that refuses it, or
 * `undefined` when it is in origin form and without dot segments, backslashes and characters that
 * must be encoded. A `Request` no longer shows these: its URL has been normalised.
 */
export function targetGuard(
  options: HandlerOptions = {},
): (target: string) => Response | undefined {
  const settings = settingsOf(options);
  return (target) => {
    const problem = targetProblem(target);
    return problem && respond(problemAnswer(problem), REFUSED, settings);
  };
}
