/**
 * What the outcomes of a store are in HTTP.
 *
 * @module
 */

import { isHoldfastError } from "../errors.ts";
import type { Refusal } from "../streams/stream_store.ts";
import type { ProblemCode } from "./problem.ts";
import { HttpProblem } from "./problem.ts";

/** The answer to a refusal of the store. */
export function refusalProblem(refusal: Refusal): HttpProblem {
  switch (refusal.reason) {
    case "not-found":
      return new HttpProblem("NOT_FOUND");
    case "gone":
      return new HttpProblem("GONE", "the stream was deleted");
    case "closed":
      return new HttpProblem("STREAM_CLOSED", "", {
        "Stream-Closed": "true",
        "Stream-Next-Offset": refusal.nextOffset,
      });
    case "content-type-mismatch":
      return new HttpProblem("CONTENT_TYPE_MISMATCH");
    case "sequence-conflict":
      return new HttpProblem("SEQUENCE_CONFLICT", "", { "Stream-Seq": refusal.streamSeq });
    case "offset-mismatch":
      return new HttpProblem("CONFLICT", "the tail is elsewhere", {
        "Stream-Next-Offset": refusal.nextOffset,
      });
    case "producer-fenced":
      return new HttpProblem("PRODUCER_FENCED", "", { "Producer-Epoch": String(refusal.epoch) });
    case "producer-gap":
      return new HttpProblem("PRODUCER_GAP", "", {
        "Producer-Expected-Seq": String(refusal.expected),
        "Producer-Received-Seq": String(refusal.received),
      });
    case "producer-epoch-seq":
      return new HttpProblem("INVALID_PRODUCER", "a new epoch begins with Producer-Seq 0");
    case "config-mismatch":
      return new HttpProblem("ALREADY_EXISTS", `${refusal.member} differs`);
    case "soft-deleted":
      return new HttpProblem("STREAM_DELETED", `the ${refusal.which} of the request`);
    case "bad-offset":
      return new HttpProblem("INVALID_OFFSET");
    case "offset-beyond-tail":
      return new HttpProblem("INVALID_OFFSET", "the offset lies beyond the tail");
    case "trimmed":
      return new HttpProblem("GONE", "the data at this offset is no longer kept", {
        "Stream-Earliest-Offset": refusal.earliestOffset,
      });
    case "fork-source-not-found":
      return new HttpProblem("NOT_FOUND", "the source of the fork does not exist");
    case "fork-sub-offset":
      return new HttpProblem("INVALID_FORK", `the sub-offset is at most ${refusal.max} here`);
    case "limit":
      return new HttpProblem(
        LIMIT_CODES[refusal.limit],
        `${refusal.limit}: at most ${refusal.max}`,
      );
    case "no-space":
      return new HttpProblem("NO_SPACE");
  }
}

const LIMIT_CODES: Readonly<
  Record<Extract<Refusal, { reason: "limit" }>["limit"], ProblemCode>
> = {
  "name-bytes": "INVALID_NAME",
  "content-type-bytes": "INVALID_HEADER",
  "message-bytes": "TOO_LARGE",
  "append-bytes": "TOO_LARGE",
  "append-messages": "TOO_LARGE",
  "producer-id-bytes": "INVALID_PRODUCER",
  "stream-seq-bytes": "INVALID_HEADER",
  "fork-ranges": "INVALID_FORK",
  "stream-bytes": "TOO_LARGE",
};

/** Seconds after which a request that met a passing trouble is worth repeating. */
export const RETRY_AFTER_SECONDS = 2;

/** A refusal for lack of room, with the time to come back. */
export function busy(detail: string): HttpProblem {
  return new HttpProblem("BUSY", detail, { "Retry-After": String(RETRY_AFTER_SECONDS) });
}

/**
 * The answer to an error that was thrown: the code of the store where it has one of its own in
 * HTTP, and never a word of the error's text.
 */
export function errorProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (!isHoldfastError(error)) return new HttpProblem("INTERNAL");
  const retry = { "Retry-After": String(RETRY_AFTER_SECONDS) };
  switch (error.code) {
    case "POISONED":
      return new HttpProblem("POISONED", "", retry);
    case "NO_SPACE":
      return new HttpProblem("NO_SPACE");
    case "TOO_LARGE":
      return new HttpProblem("TOO_LARGE");
    case "CONFLICT":
      return new HttpProblem("CONFLICT", "", retry);
    case "CLOSED":
    case "LOCKED":
    case "IO_TOO_MANY_FILES":
      return new HttpProblem("UNAVAILABLE", "", retry);
    case "CORRUPT_SUPERBLOCK":
    case "CORRUPT_PAGE":
    case "CORRUPT_LOG":
    case "CORRUPT_VALUE":
      return new HttpProblem("CORRUPT");
    default:
      return new HttpProblem("INTERNAL");
  }
}
