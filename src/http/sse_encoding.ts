/**
 * Server-sent events (WHATWG HTML, 9.2) for streams: pairs of a `data` and a `control` event.
 *
 * Framing, as clients of the protocol expect it: `event: NAME`, then `data:` without a space, lines
 * end with LF. A payload line that begins with a space gets one more, because readers drop one.
 *
 * @module
 */

import { joinBytes } from "../base/join_bytes.ts";
import type { PayloadKind } from "./media_type.ts";

const ENCODER = new TextEncoder();
const DATA_EVENT = ENCODER.encode("event: data\ndata:");
const NEXT_LINE = ENCODER.encode("\ndata:");
const EVENT_END = ENCODER.encode("\n\n");
const BASE64 = ENCODER.encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COMMA = 0x2c;
const EQUALS = 0x3d;

/** What a `control` event tells. */
export interface ControlFacts {
  /** Where to go on reading. */
  readonly nextOffset: string;
  /** The cursor to send next; left out once the stream is closed. */
  readonly cursor?: string;
  /** The reader has everything. */
  readonly upToDate: boolean;
  /** The reader has everything there will ever be. */
  readonly closed: boolean;
}

/** One `data` event that holds `messages`: a JSON array, text, or base64. */
export function dataEvent(messages: readonly Uint8Array[], kind: PayloadKind): Uint8Array {
  if (kind === "bytes") return base64Event(joinBytes(messages));
  return textEvent(kind === "json" ? jsonArray(messages) : joinBytes(messages));
}

/** One `control` event: flat JSON, never encoded. */
export function controlEvent(facts: ControlFacts): Uint8Array {
  const control: Record<string, string | boolean> = { streamNextOffset: facts.nextOffset };
  if (facts.cursor !== undefined && !facts.closed) control["streamCursor"] = facts.cursor;
  if (facts.upToDate) control["upToDate"] = true;
  if (facts.closed) control["streamClosed"] = true;
  return ENCODER.encode(`event: control\ndata:${JSON.stringify(control)}\n\n`);
}

/** The messages as the elements of one JSON array. */
export function jsonArray(messages: readonly Uint8Array[]): Uint8Array {
  const size = messages.reduce((sum, message) => sum + message.length + 1, 1);
  const joined = new Uint8Array(Math.max(2, size));
  joined[0] = 0x5b;
  let at = 1;
  for (const message of messages) {
    if (at > 1) joined[at++] = COMMA;
    joined.set(message, at);
    at += message.length;
  }
  joined[at] = 0x5d;
  return joined;
}

/** CR, LF and CRLF each begin a new `data:` line, so a payload can never begin an event. */
function textEvent(payload: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [DATA_EVENT];
  const addLine = (from: number, to: number): void => {
    if (payload[from] === SPACE && from < to) parts.push(payload.subarray(from, from + 1));
    parts.push(payload.subarray(from, to));
  };
  let start = 0;
  for (let at = nextBreak(payload, 0); at !== -1; at = nextBreak(payload, start)) {
    addLine(start, at);
    parts.push(NEXT_LINE);
    start = at + (payload[at] === CR && payload[at + 1] === LF ? 2 : 1);
  }
  addLine(start, payload.length);
  parts.push(EVENT_END);
  return joinBytes(parts);
}

function nextBreak(payload: Uint8Array, from: number): number {
  for (let at = from; at < payload.length; at++) {
    const byte = payload[at];
    if (byte === LF || byte === CR) return at;
  }
  return -1;
}

/** RFC 4648 section 4, padded, on one line. */
function base64Event(payload: Uint8Array): Uint8Array {
  const length = 4 * Math.ceil(payload.length / 3);
  const event = new Uint8Array(DATA_EVENT.length + length + EVENT_END.length);
  event.set(DATA_EVENT, 0);
  let at = DATA_EVENT.length;
  for (let from = 0; from < payload.length; from += 3) {
    const left = payload.length - from;
    const bits = ((payload[from] ?? 0) << 16) | ((payload[from + 1] ?? 0) << 8) |
      (payload[from + 2] ?? 0);
    event[at++] = BASE64[bits >> 18] ?? 0;
    event[at++] = BASE64[(bits >> 12) & 63] ?? 0;
    event[at++] = left > 1 ? BASE64[(bits >> 6) & 63] ?? 0 : EQUALS;
    event[at++] = left > 2 ? BASE64[bits & 63] ?? 0 : EQUALS;
  }
  event.set(EVENT_END, at);
  return event;
}
