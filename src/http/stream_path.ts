/**
 * The one rule that turns the path of a request into the name of a stream.
 *
 * Percent-encoding is decoded once, over the whole path, before segments are looked at, so that
 * `%2e%2e%2f` and `../` are the same thing and refused alike. A name is a key in a tree, never a
 * path of the file system.
 *
 * @module
 */

import { HttpProblem } from "./problem.ts";

/** Longest stream name, in UTF-8 bytes. */
export const MAX_NAME_BYTES = 1024;

/** First segment that the protocol reserves for subscriptions. */
export const RESERVED_SEGMENT = "__ds";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The path of an absolute URL as it stands, still encoded, without query and fragment.
 * Some platforms resolve dot segments while they make a `Request`; this adds no further change.
 */
export function rawPath(url: string): string {
  const scheme = url.indexOf("://");
  const start = url.indexOf("/", scheme === -1 ? 0 : scheme + 3);
  return start === -1 ? "/" : targetPath(url.slice(start));
}

/** The path of a target in origin form as it stands, likewise. */
export function targetPath(target: string): string {
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}

/**
 * The stream name in the encoded `path` below `base` (which starts and ends with a slash).
 * @returns `undefined` when the path is not below `base`.
 * @throws HttpProblem `INVALID_NAME`, `RESERVED_NAME`.
 */
export function streamName(path: string, base: string): string | undefined {
  if (!path.startsWith(base)) return undefined;
  const encoded = path.slice(base.length);
  if (encoded.length > 3 * MAX_NAME_BYTES) throw tooLong();
  const name = decodeOnce(encoded);
  checkName(name);
  return name;
}

/** The path of a stream below `base`, encoded for a `Location` header. */
export function streamPath(name: string, base: string): string {
  return base + name.split("/").map(encodeURIComponent).join("/");
}

/** Throws `INVALID_NAME` or `RESERVED_NAME` for a decoded name that is no name of a stream. */
export function checkName(name: string): void {
  if (name === "") throw new HttpProblem("INVALID_NAME", "the name is empty");
  if (!name.isWellFormed()) throw new HttpProblem("INVALID_NAME", "the name has a lone surrogate");
  // A UTF-16 unit is at most 3 bytes of UTF-8.
  if (3 * name.length > MAX_NAME_BYTES && utf8Length(name) > MAX_NAME_BYTES) throw tooLong();
  if (name.includes("\0")) throw new HttpProblem("INVALID_NAME", "the name contains NUL");
  const segments = name.split("/");
  for (const segment of segments) {
    if (segment === "") throw new HttpProblem("INVALID_NAME", "the name has an empty segment");
    if (segment === "." || segment === "..") {
      throw new HttpProblem("INVALID_NAME", "the name has a dot segment");
    }
  }
  if (segments[0] === RESERVED_SEGMENT) {
    throw new HttpProblem(
      "RESERVED_NAME",
      `names that begin with ${RESERVED_SEGMENT} are reserved`,
    );
  }
}

/**
 * Judges a request target as it was sent (only some servers show it), before anything normalises it.
 * @throws HttpProblem `INVALID_TARGET`, `INVALID_NAME` when it is not in origin form, or has dot
 * segments, backslashes or characters that must be encoded.
 */
export function checkTarget(target: string): void {
  if (!target.startsWith("/")) {
    throw new HttpProblem("INVALID_TARGET", "the target is not in origin form");
  }
  if (/[^\x21-\x7e]|[\\#]/.test(target)) {
    throw new HttpProblem("INVALID_TARGET", "the target has a character that must be encoded");
  }
  const dots = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i;
  if (dots.test(targetPath(target))) {
    throw new HttpProblem("INVALID_NAME", "the name has a dot segment");
  }
}

/**
 * Judges the Host header of a request that no platform has parsed.
 * @throws HttpProblem `INVALID_HEADER` when it cannot stand in a URL.
 */
export function checkHost(host: string | null): void {
  if (host !== null && !/^(?:[\w.~-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/.test(host)) {
    throw new HttpProblem("INVALID_HEADER", "Host is a name or an address, with or without a port");
  }
}

function decodeOnce(encoded: string): string {
  if (/[^\x21-\x7e]|\\/.test(encoded)) {
    throw new HttpProblem("INVALID_NAME", "the name has a character that must be encoded");
  }
  if (!encoded.includes("%")) return encoded;
  const bytes = new Uint8Array(encoded.length);
  let length = 0;
  for (let at = 0; at < encoded.length; at++) {
    let byte = encoded.charCodeAt(at);
    if (byte === 0x25) {
      const pair = encoded.slice(at + 1, at + 3);
      if (!/^[0-9a-fA-F]{2}$/.test(pair)) {
        throw new HttpProblem("INVALID_NAME", "the name has an invalid percent-encoding");
      }
      byte = Number.parseInt(pair, 16);
      at += 2;
    }
    bytes[length++] = byte;
  }
  try {
    return UTF8.decode(bytes.subarray(0, length));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new HttpProblem("INVALID_NAME", "the name is not UTF-8");
  }
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

function tooLong(): HttpProblem {
  return new HttpProblem("INVALID_NAME", `the name is longer than ${MAX_NAME_BYTES} bytes`);
}
