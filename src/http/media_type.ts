/**
 * Content types: how a stream's bytes are framed, and when two of them are the same.
 *
 * @module
 */

import { HttpProblem } from "./problem.ts";

/** The content type of a stream that was created without one. */
export const DEFAULT_CONTENT_TYPE = "application/octet-stream";

/** How the bytes of a stream travel: messages of JSON, text, or bytes. */
export type PayloadKind = "json" | "text" | "bytes";

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const PARAMETER =
  `;[ \\t]*(?:${TOKEN}=(?:${TOKEN}|"(?:[^"\\\\\\x00-\\x1f\\x7f]|\\\\[\\x20-\\x7e])*"))?`;
const MEDIA_TYPE = new RegExp(`^(${TOKEN}/${TOKEN})[ \\t]*(?:${PARAMETER}[ \\t]*)*$`);

/** Longest content type, in characters. */
const MAX_CONTENT_TYPE = 256;

/**
 * The content type to keep for the header `value`, trimmed.
 * @throws HttpProblem `INVALID_HEADER` when it is not a media type (RFC 9110, 8.3.1).
 */
export function contentType(value: string): string {
  const text = value.trim();
  if (text.length > MAX_CONTENT_TYPE || !MEDIA_TYPE.test(text)) {
    throw new HttpProblem("INVALID_HEADER", "Content-Type is not a media type");
  }
  return text;
}

/** The content type of an answer: a stream made without HTTP may have one that no header can carry. */
export function servedType(type: string): string {
  return /^[\x20-\x7e\x80-\xff]+$/.test(type) ? type : DEFAULT_CONTENT_TYPE;
}

/** `type/subtype` in lower case, without parameters: what content types are compared by. */
export function essence(type: string): string {
  const end = type.indexOf(";");
  return (end === -1 ? type : type.slice(0, end)).trim().toLowerCase();
}

/** How the bytes of a stream of this content type travel. */
export function payloadKind(type: string): PayloadKind {
  const name = essence(type);
  if (name === "application/json") return "json";
  return name.startsWith("text/") ? "text" : "bytes";
}
