/**
 * Strict readings of request headers and query parameters. A value that is not exactly what the
 * protocol says is refused, never guessed at.
 *
 * @module
 */

import type { RequestHeaders } from "./exchange.ts";
import { HttpProblem } from "./problem.ts";

/** Longest `Producer-Id`, `Stream-Seq`, in characters (headers carry Latin-1). */
export const MAX_ID_LENGTH = 256;

/** Longest `Stream-TTL`, in seconds: 100 years, far from any overflow of milliseconds. */
export const MAX_TTL_SECONDS = 3_155_760_000;

/** The three producer headers. */
export interface ProducerFields {
  /** Who writes. */
  readonly id: string;
  /** Which life of the writer. */
  readonly epoch: number;
  /** Which request of that life. */
  readonly seq: number;
}

/** Whether `Stream-Closed` asks for closing: `true` in any case; all other values are ignored. */
export function closedFlag(headers: RequestHeaders): boolean {
  return headers.get("stream-closed")?.trim().toLowerCase() === "true";
}

/**
 * The producer headers, or `undefined` when there are none.
 * @throws HttpProblem `INVALID_PRODUCER` when only some are there or one is malformed.
 */
export function producerFields(headers: RequestHeaders): ProducerFields | undefined {
  const id = headers.get("producer-id");
  const epoch = headers.get("producer-epoch");
  const seq = headers.get("producer-seq");
  if (id === null && epoch === null && seq === null) return undefined;
  if (id === null || epoch === null || seq === null) {
    throw new HttpProblem(
      "INVALID_PRODUCER",
      "Producer-Id, Producer-Epoch and Producer-Seq come together or not at all",
    );
  }
  if (id === "" || id.length > MAX_ID_LENGTH) {
    throw new HttpProblem("INVALID_PRODUCER", `Producer-Id has 1 to ${MAX_ID_LENGTH} characters`);
  }
  return {
    id,
    epoch: producerInteger("Producer-Epoch", epoch),
    seq: producerInteger("Producer-Seq", seq),
  };
}

/** The `Stream-Seq` header, or `undefined`; compared byte by byte, so any text will do. */
export function sequenceField(headers: RequestHeaders): string | undefined {
  const value = headers.get("stream-seq");
  if (value === null) return undefined;
  if (value === "" || value.length > MAX_ID_LENGTH) {
    throw new HttpProblem("INVALID_HEADER", `Stream-Seq has 1 to ${MAX_ID_LENGTH} characters`);
  }
  return value;
}

/** How a stream is to expire: idle seconds, or a moment in milliseconds since 1970, or never. */
export interface ExpiryFields {
  /** `Stream-TTL`, in seconds. */
  readonly ttlSeconds?: number;
  /** `Stream-Expires-At`, in milliseconds since 1970. */
  readonly expiresAt?: number;
}

/**
 * The expiry headers.
 * @throws HttpProblem `INVALID_HEADER` when both are there or one is malformed.
 */
export function expiryFields(headers: RequestHeaders): ExpiryFields {
  const ttl = headers.get("stream-ttl");
  const expires = headers.get("stream-expires-at");
  if (ttl !== null && expires !== null) {
    throw new HttpProblem("INVALID_HEADER", "Stream-TTL and Stream-Expires-At exclude each other");
  }
  if (ttl !== null) {
    const seconds = /^(?:0|[1-9]\d*)$/.test(ttl) ? Number(ttl) : Number.NaN;
    if (!(seconds <= MAX_TTL_SECONDS)) {
      throw new HttpProblem(
        "INVALID_HEADER",
        `Stream-TTL is a decimal number of seconds up to ${MAX_TTL_SECONDS}`,
      );
    }
    return { ttlSeconds: seconds };
  }
  if (expires === null) return {};
  const moment = parseTimestamp(expires);
  if (moment === undefined) {
    throw new HttpProblem("INVALID_HEADER", "Stream-Expires-At is an RFC 3339 timestamp");
  }
  return { expiresAt: moment };
}

/** `Stream-Fork-Sub-Offset`: a decimal count of bytes or messages, or `undefined`. */
export function subOffsetField(headers: RequestHeaders): number | undefined {
  const value = headers.get("stream-fork-sub-offset");
  if (value === null) return undefined;
  const count = strictInteger(value);
  if (count === undefined) {
    throw new HttpProblem("INVALID_FORK", "Stream-Fork-Sub-Offset is a decimal number");
  }
  return count;
}

/**
 * An RFC 3339 timestamp with a zone, in milliseconds since 1970 (finer digits are cut off), or
 * `undefined` when it is not one. The 30th of February is not one; a leap second is the next second.
 */
export function parseTimestamp(text: string): number | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as Six;
  const zoneHours = Number(match[9] ?? 0);
  const zoneMinutes = Number(match[10] ?? 0);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 60 || zoneHours > 23 || zoneMinutes > 59) {
    return undefined;
  }
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, Number((match[7] ?? "").slice(0, 3).padEnd(3, "0")));
  const shift = (zoneHours * 60 + zoneMinutes) * 60_000;
  return date.getTime() - (match[8] === "-" ? -shift : shift);
}

type Six = [number, number, number, number, number, number];

const TIMESTAMP =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function producerInteger(name: string, value: string): number {
  const number = strictInteger(value);
  if (number === undefined) {
    throw new HttpProblem("INVALID_PRODUCER", `${name} is a decimal number from 0 to 2^53 - 1`);
  }
  return number;
}

function strictInteger(value: string): number | undefined {
  if (!/^\d{1,16}$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}
