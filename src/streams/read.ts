/**
 * Pages: what a read returns.
 *
 * @module
 */

import type { AccessClock } from "./access_clock.ts";
import { PAGE_BYTES_DEFAULT, PAGE_MESSAGES_DEFAULT } from "./limits.ts";
import { rangesOf, type Scan, scanMessages } from "./message_scan.ts";
import { formatOffset, parseOffset, type Position, START } from "./offset.ts";
import { incarnation } from "./stream_config.ts";
import { findEntry, lookUp, type StreamEntry } from "./stream_lookup.ts";
import type { Page, ReadOptions, ReadOutcome, Refusal } from "./stream_store.ts";
import type { Tables } from "./tables.ts";

/** Reads a page of durable data, and renews the TTL in memory. */
export function readPage(
  tables: Tables,
  clock: AccessClock,
  name: string,
  nameBytes: Uint8Array,
  offset: string,
  options: ReadOptions,
): ReadOutcome {
  const found = lookUp(tables, clock, nameBytes);
  if (!("entry" in found)) return refuse(found.refusal);
  const { config, state } = found.entry;
  if (config.lifetime.ttlSeconds !== undefined) clock.touch(config.number, name);
  const { tail } = state;
  const from = resolve(offset, tail);
  if (from === undefined) return refuse({ reason: "bad-offset" });
  if (from.message > tail.message || from.byte > tail.byte) {
    return refuse({ reason: "offset-beyond-tail", nextOffset: formatOffset(tail) });
  }
  const scan = from.message === tail.message
    ? scanMessages(tables.data, [], tail, from, { maxBytes: 0, maxMessages: 1 })
    : scanMessages(tables.data, rangesOf(tables, config.number, state), tail, from, {
      maxBytes: options.maxBytes ?? PAGE_BYTES_DEFAULT,
      maxMessages: options.maxMessages ?? PAGE_MESSAGES_DEFAULT,
    });
  return scan === undefined ? refuse({ reason: "bad-offset" }) : makePage(found.entry, from, scan);
}

/** Bytes that a stream has behind an offset, 0 where there is no such place. */
export function bytesFrom(tables: Tables, nameBytes: Uint8Array, offset: string): number {
  const entry = findEntry(tables, nameBytes);
  if (entry === undefined) return 0;
  const { tail } = entry.state;
  return tail.byte - (resolve(offset, tail) ?? tail).byte;
}

function makePage({ config, state }: StreamEntry, from: Position, scan: Scan): Page {
  const { messages, bytes, end } = scan;
  const upToDate = end.message === state.tail.message;
  return {
    outcome: "done",
    messages,
    bytes,
    startOffset: formatOffset(from),
    nextOffset: formatOffset(end),
    offsetAfter: (count) => {
      let byte = from.byte;
      for (const message of messages.slice(0, count)) byte += message.length;
      return formatOffset({ message: from.message + Math.min(count, messages.length), byte });
    },
    upToDate,
    closed: state.closed && upToDate,
    incarnation: incarnation(config),
    contentType: config.contentType,
    release: () => {
      for (const buffer of scan.buffers) if (!buffer.detached) buffer.transfer(0);
    },
  };
}

function resolve(offset: string, tail: Position): Position | undefined {
  if (offset === "-1") return START;
  return offset === "now" ? tail : parseOffset(offset);
}

function refuse(refusal: Refusal): ReadOutcome {
  return { outcome: "refused", refusal };
}
