/**
 * What an append checks and writes, inside the transaction of its caller. All checks come first: a
 * refusal has written nothing.
 *
 * @module
 */

import { compareBytes } from "../base/compare.ts";
import type { AccessClock } from "./access_clock.ts";
import { chunkEnd, encodeChunk } from "./chunk.ts";
import { sameContentType } from "./content_type.ts";
import { formatOffset, parseOffset, type Position } from "./offset.ts";
import { decodeProducer, encodeProducer, judgeProducer } from "./producer.ts";
import { lookUp, type StreamEntry } from "./stream_lookup.ts";
import { encodeState, type StreamState } from "./stream_state.ts";
import type { AppendOptions, AppendOutcome, ProducerRequest, Refusal } from "./stream_store.ts";
import { numberKey, pairKey, suffixedKey } from "./table_keys.ts";
import type { Tables, TableWriter } from "./tables.ts";
import { decodeText, encodeText } from "./text.ts";

/** An append, checked for its own sake. */
export interface AppendRequest {
  /** The stream. */
  readonly name: string;
  /** The same, as UTF-8. */
  readonly nameBytes: Uint8Array;
  /** Not changed until the body has run. */
  readonly messages: readonly Uint8Array[];
  /** As given. */
  readonly options: AppendOptions;
  /** Most bytes a stream may have. */
  readonly maxStreamBytes: number;
}

/** Appends, or says why not. Any request that is not refused renews the TTL. */
export function appendMessages(
  tables: Tables<TableWriter>,
  clock: AccessClock,
  request: AppendRequest,
): AppendOutcome {
  const found = lookUp(tables, clock, request.nameBytes);
  if (!("entry" in found)) return { outcome: "refused", refusal: found.refusal };
  const { config } = found.entry;
  const outcome = appendTo(tables, clock, found.entry, request);
  // A repeat writes nothing: its renewal stays in memory, as that of a read.
  const renew = outcome.outcome === "done" && outcome.duplicate;
  if (renew && config.lifetime.ttlSeconds !== undefined) clock.touch(config.number, request.name);
  return outcome;
}

function appendTo(
  tables: Tables<TableWriter>,
  clock: AccessClock,
  entry: StreamEntry,
  request: AppendRequest,
): AppendOutcome {
  const { config, state } = entry;
  const { messages, options } = request;
  const { producer } = options;
  if (state.closed) return answerClosed(state, request);
  if (
    messages.length > 0 && options.contentType !== undefined &&
    !sameContentType(options.contentType, config.contentType)
  ) {
    return refuse({ reason: "content-type-mismatch", contentType: config.contentType });
  }
  if (producer !== undefined) {
    const repeat = answerProducer(tables, entry, producer);
    if (repeat !== undefined) return repeat;
  }
  const sequence = options.streamSeq === undefined
    ? undefined
    : encodeText(options.streamSeq, "stream sequence");
  const conflict = checkConditions(state, request, sequence);
  if (conflict !== undefined) return refuse(conflict);

  const now = clock.now();
  const tail = writeChunks(tables.data, config.number, state.tail, messages, now);
  if (producer !== undefined) {
    tables.producers.put(producerKey(config.number, producer), encodeProducer(producer));
  }
  const closed = options.close === true;
  tables.states.put(
    numberKey(config.number),
    encodeState({
      ...state,
      tail,
      closed,
      lastAccess: Math.max(clock.lastAccess(config.number, state), now),
      sequence: sequence ?? state.sequence,
      closedBy: closed ? producer : undefined,
    }),
  );
  return {
    outcome: "done",
    duplicate: false,
    nextOffset: formatOffset(tail),
    closed,
    ...(producer === undefined ? {} : { producer: { epoch: producer.epoch, seq: producer.seq } }),
  };
}

/** Writes messages behind `tail`, and returns the new tail. */
export function writeChunks(
  data: TableWriter,
  number: number,
  tail: Position,
  messages: readonly Uint8Array[],
  now: number,
): Position {
  let { message, byte } = tail;
  for (let begin = 0; begin < messages.length;) {
    const end = chunkEnd(messages, begin);
    data.put(pairKey(number, message), encodeChunk(messages, begin, end, byte, now));
    message += end - begin;
    while (begin < end) byte += messages[begin++]!.length;
  }
  return { message, byte };
}

function checkConditions(
  state: StreamState,
  request: AppendRequest,
  sequence: Uint8Array | undefined,
): Refusal | undefined {
  const last = state.sequence;
  if (sequence !== undefined && last !== undefined) {
    if (compareBytes(sequence, 0, sequence.length, last, 0, last.length) <= 0) {
      return { reason: "sequence-conflict", streamSeq: decodeText(last) };
    }
  }
  const expected = request.options.expectedOffset;
  if (expected !== undefined) {
    const position = parseOffset(expected);
    if (position === undefined) return { reason: "bad-offset" };
    if (position.message !== state.tail.message || position.byte !== state.tail.byte) {
      return { reason: "offset-mismatch", nextOffset: formatOffset(state.tail) };
    }
  }
  let bytes = state.tail.byte;
  for (const message of request.messages) bytes += message.length;
  if (bytes > request.maxStreamBytes) {
    return { reason: "limit", limit: "stream-bytes", max: request.maxStreamBytes };
  }
  return undefined;
}

/** A closed stream takes nothing but repeats of what closed it. */
function answerClosed(state: StreamState, request: AppendRequest): AppendOutcome {
  const { producer, close } = request.options;
  const nextOffset = formatOffset(state.tail);
  const by = state.closedBy;
  if (producer === undefined) {
    if (request.messages.length > 0 || close !== true) {
      return refuse({ reason: "closed", nextOffset });
    }
    return { outcome: "done", duplicate: true, nextOffset, closed: true };
  }
  if (by?.id !== producer.id || by.epoch !== producer.epoch || by.seq !== producer.seq) {
    return refuse({ reason: "closed", nextOffset });
  }
  return {
    outcome: "done",
    duplicate: true,
    nextOffset,
    closed: true,
    producer: { epoch: by.epoch, seq: by.seq },
  };
}

/** The answer to a producer's request that is not to be accepted; `undefined`: go on. */
function answerProducer(
  tables: Tables,
  entry: StreamEntry,
  request: ProducerRequest,
): AppendOutcome | undefined {
  const value = tables.producers.get(producerKey(entry.config.number, request));
  const known = value === undefined ? undefined : decodeProducer(value);
  const verdict = judgeProducer(known, request);
  if (verdict === "accept") return undefined;
  if (verdict !== "duplicate") return refuse(verdict);
  return {
    outcome: "done",
    duplicate: true,
    nextOffset: formatOffset(entry.state.tail),
    closed: entry.state.closed,
    ...(known === undefined ? {} : { producer: known }),
  };
}

function producerKey(number: number, producer: ProducerRequest): Uint8Array {
  return suffixedKey(number, encodeText(producer.id, "producer id"));
}

function refuse(refusal: Refusal): AppendOutcome {
  return { outcome: "refused", refusal };
}
