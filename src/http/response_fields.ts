/**
 * The headers of answers: those that every answer has, and those that state the facts of a stream.
 *
 * @module
 */

import type { StreamInfo } from "../streams/stream_store.ts";
import type { Settings } from "./handler_options.ts";
import { servedType } from "./media_type.ts";

/** Headers of an answer, by name. A plain object: the cheapest form on every platform. */
export type Fields = Record<string, string>;

/** Methods of a stream. */
export const METHODS = "GET, HEAD, PUT, POST, DELETE, OPTIONS";

const EXPOSED = [
  "Stream-Next-Offset",
  "Stream-Up-To-Date",
  "Stream-Closed",
  "Stream-Cursor",
  "Stream-Seq",
  "Stream-TTL",
  "Stream-Expires-At",
  "Stream-SSE-Data-Encoding",
  "Stream-Earliest-Offset",
  "Stream-Forked-From",
  "Stream-Fork-Offset",
  "Stream-Fork-Sub-Offset",
  "Producer-Id",
  "Producer-Epoch",
  "Producer-Seq",
  "Producer-Expected-Seq",
  "Producer-Received-Seq",
];
const EXPOSED_LIST = [...EXPOSED, "ETag", "Location", "Retry-After"].join(", ");
const ALLOWED_LIST = [
  ...EXPOSED,
  "Content-Type",
  "Authorization",
  "If-None-Match",
  "Last-Event-ID",
].join(", ");

/** The headers that every answer has, errors included. */
export function commonFields(settings: Settings): Fields {
  return {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": settings.resourcePolicy,
  };
}

/** What lets scripts of other origins read an answer. */
export function corsFields(settings: Settings): Fields {
  return {
    "Access-Control-Allow-Origin": settings.allowOrigin,
    "Access-Control-Expose-Headers": EXPOSED_LIST,
  };
}

/** The answer to a preflight, which browsers may keep for a day. */
export function preflightFields(): Fields {
  return {
    Allow: METHODS,
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": ALLOWED_LIST,
    "Access-Control-Max-Age": "86400",
  };
}

/** What HEAD tells of a stream. */
export function streamFields(stream: StreamInfo): Fields {
  const fields: Fields = {
    "Content-Type": servedType(stream.contentType),
    "Stream-Next-Offset": stream.nextOffset,
  };
  if (stream.closed) fields["Stream-Closed"] = "true";
  if (stream.ttlSeconds !== undefined) fields["Stream-TTL"] = String(stream.ttlSeconds);
  if (stream.expiresAt !== undefined) {
    fields["Stream-Expires-At"] = new Date(stream.expiresAt).toISOString();
  }
  return fields;
}
