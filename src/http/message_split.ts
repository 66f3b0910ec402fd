/**
 * The messages of a request body.
 *
 * @module
 */

import { jsonElements, JsonSyntaxError } from "./json_elements.ts";
import type { PayloadKind } from "./media_type.ts";
import { HttpProblem } from "./problem.ts";

/**
 * The messages in `body`, as views of it: the elements of posted JSON in their original bytes, or
 * the body as the one message; none when it is empty.
 * @throws HttpProblem `INVALID_JSON`.
 */
export function splitMessages(
  body: Uint8Array,
  kind: PayloadKind,
  maxJsonDepth: number,
): Uint8Array[] {
  if (body.length === 0) return [];
  if (kind !== "json") return [body];
  const messages: Uint8Array[] = [];
  const ranges = elementsOf(body, maxJsonDepth);
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    messages.push(body.subarray(ranges[i], ranges[i + 1]));
  }
  return messages;
}

function elementsOf(body: Uint8Array, maxJsonDepth: number): number[] {
  try {
    return jsonElements(body, maxJsonDepth);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new HttpProblem("INVALID_JSON", error.message);
    throw error;
  }
}
