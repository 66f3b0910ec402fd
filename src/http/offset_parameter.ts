/**
 * Offsets as clients send them.
 *
 * @module
 */

import { HttpProblem } from "./problem.ts";

/** The beginning of a stream. */
export const BEGINNING = "-1";

/** The tail of a stream. */
export const NOW = "now";

/** What a GET asks for. */
export interface ReadQuery {
  /** A token of the store, `-1` or `now`; `undefined` when the parameter is missing. */
  readonly offset: string | undefined;
  /** How to wait for more. */
  readonly live: "long-poll" | "sse" | undefined;
  /** The cursor of the answer before. */
  readonly cursor: string | undefined;
}

/** Whether `text` has the shape of the offsets that stores hand out. */
export function isOffset(text: string): boolean {
  return /^\d{16}_\d{16}$/.test(text);
}

/**
 * Reads the query of a GET; unknown parameters are ignored.
 * @throws HttpProblem `INVALID_OFFSET`, `INVALID_PARAMETER`.
 */
export function readQuery(url: string): ReadQuery {
  const begin = url.indexOf("?");
  if (begin === -1) return { offset: undefined, live: undefined, cursor: undefined };
  const hash = url.indexOf("#", begin);
  const query = new URLSearchParams(url.slice(begin + 1, hash === -1 ? undefined : hash));
  const offsets = query.getAll("offset");
  const [offset] = offsets;
  if (offsets.length > 1) throw new HttpProblem("INVALID_OFFSET", "there is more than one offset");
  if (offset !== undefined && offset !== BEGINNING && offset !== NOW && !isOffset(offset)) {
    throw new HttpProblem("INVALID_OFFSET");
  }
  const live = query.get("live") ?? undefined;
  if (live !== undefined && live !== "long-poll" && live !== "sse") {
    throw new HttpProblem("INVALID_PARAMETER", "live is long-poll or sse");
  }
  if (live !== undefined && offset === undefined) {
    throw new HttpProblem("INVALID_OFFSET", "a live read needs an offset");
  }
  return { offset, live, cursor: query.get("cursor") ?? undefined };
}
