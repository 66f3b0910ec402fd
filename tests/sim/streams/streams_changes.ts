/** What each call of a store of streams does to the model, and the answer it must give. */

import type {
  AppendOptions,
  AppendOutcome,
  ConfigMismatch,
  CreateOptions,
  CreateOutcome,
  DeleteOutcome,
  Refusal,
  Refused,
} from "../../../src/streams/stream_store.ts";
import {
  type ModelOrigin,
  type ModelStream,
  offsetText,
  type StreamsModel,
} from "./streams_model.ts";

/** A call. */
export type Change =
  | { readonly kind: "open" | "close" | "sweep" }
  | { readonly kind: "create"; readonly name: string; readonly options: CreateOptions }
  | {
    readonly kind: "append";
    readonly name: string;
    readonly messages: readonly Uint8Array[];
    readonly options: AppendOptions;
  }
  | { readonly kind: "delete" | "touch"; readonly name: string };

/** What a call answered. */
export type Answer =
  | CreateOutcome
  | AppendOutcome
  | DeleteOutcome
  | { readonly outcome: "done"; readonly expired?: number };

/** Does what a call at a time does. @returns the answer. */
export function applyChange(model: StreamsModel, change: Change, now: number): Answer {
  switch (change.kind) {
    case "open":
      if (!model.clean) model.floor = now;
      model.clean = false;
      return { outcome: "done" };
    case "close":
      model.clean = true;
      return { outcome: "done" };
    case "sweep":
      return { outcome: "done", expired: sweep(model, now) };
    case "create":
      return create(model, change.name, change.options, now);
    case "append":
      return append(model, change.name, change.messages, change.options, now);
  }
  const found = model.lookUp(change.name, now);
  if (typeof found === "string") return refused({ reason: found });
  if (change.kind === "delete") return { outcome: "done", soft: model.remove(found, true) };
  model.put({ ...found, lastAccess: Math.max(found.lastAccess, now) });
  return { outcome: "done" };
}

function sweep(model: StreamsModel, now: number): number {
  let expired = 0;
  for (const name of model.names) {
    const stream = model.find(name);
    if (stream === undefined || stream.removed || !model.expired(stream, now)) continue;
    model.remove(stream, false);
    expired++;
  }
  return expired;
}

function append(
  model: StreamsModel,
  name: string,
  messages: readonly Uint8Array[],
  options: AppendOptions,
  now: number,
): AppendOutcome {
  const stream = model.lookUp(name, now);
  if (typeof stream === "string") return refused({ reason: stream });
  const { producer, close } = options;
  const nextOffset = offsetText(stream.messages.length, stream.bytes);
  const repeat = (known?: { readonly epoch: number; readonly seq: number }): AppendOutcome => {
    model.put({ ...stream, lastAccess: Math.max(stream.lastAccess, now) });
    return {
      outcome: "done",
      duplicate: true,
      nextOffset,
      closed: stream.closed,
      ...(known === undefined ? {} : { producer: { epoch: known.epoch, seq: known.seq } }),
    };
  };
  if (stream.closed) {
    const by = stream.closedBy;
    const same = producer === undefined
      ? messages.length === 0 && close === true
      : by?.id === producer.id && by.epoch === producer.epoch && by.seq === producer.seq;
    return same ? repeat(producer) : refused({ reason: "closed", nextOffset });
  }
  const { contentType } = stream;
  if (messages.length > 0 && options.contentType !== undefined) {
    if (!sameType(options.contentType, contentType)) {
      return refused({ reason: "content-type-mismatch", contentType });
    }
  }
  const known = producer === undefined ? undefined : stream.producers.get(producer.id);
  if (producer !== undefined) {
    const { epoch, seq } = producer;
    const newEpoch = known === undefined || epoch > known.epoch;
    if (known !== undefined && epoch < known.epoch) {
      return refused({ reason: "producer-fenced", epoch: known.epoch });
    }
    if (newEpoch && seq !== 0) {
      return refused(
        known === undefined
          ? { reason: "producer-gap", expected: 0, received: seq }
          : { reason: "producer-epoch-seq", epoch: known.epoch },
      );
    }
    if (!newEpoch && seq <= known.seq) return repeat(known);
    if (!newEpoch && seq > known.seq + 1) {
      return refused({ reason: "producer-gap", expected: known.seq + 1, received: seq });
    }
  }
  const { streamSeq, expectedOffset } = options;
  if (streamSeq !== undefined && stream.sequence !== undefined && streamSeq <= stream.sequence) {
    return refused({ reason: "sequence-conflict", streamSeq: stream.sequence });
  }
  if (expectedOffset !== undefined && expectedOffset !== nextOffset) {
    return refused({ reason: "offset-mismatch", nextOffset });
  }
  const bytes = stream.bytes + bytesOf(messages);
  const all = [...stream.messages, ...messages];
  const producers = producer === undefined
    ? stream.producers
    : new Map(stream.producers).set(producer.id, { epoch: producer.epoch, seq: producer.seq });
  model.put({
    ...stream,
    messages: all,
    bytes,
    producers,
    closed: close === true,
    closedBy: close === true ? producer : undefined,
    sequence: streamSeq ?? stream.sequence,
    lastAccess: Math.max(stream.lastAccess, model.floor, now),
  });
  return {
    outcome: "done",
    duplicate: false,
    nextOffset: offsetText(all.length, bytes),
    closed: close === true,
    ...(producer === undefined ? {} : { producer: { epoch: producer.epoch, seq: producer.seq } }),
  };
}

function create(
  model: StreamsModel,
  name: string,
  options: CreateOptions,
  now: number,
): CreateOutcome {
  const present = model.find(name);
  if (present?.removed === true) return refused({ reason: "soft-deleted", which: "target" });
  if (present !== undefined && !model.expired(present, now)) {
    const member = difference(present, options);
    if (member !== undefined) return refused({ reason: "config-mismatch", member });
    return { outcome: "done", created: false, stream: model.describe(present) };
  }
  const fork = options.fork === undefined ? undefined : resolve(model, options, now);
  if (fork !== undefined && "reason" in fork) return refused(fork);
  if (present !== undefined) model.remove(present, false);
  const inherits = options.ttlSeconds === undefined && options.expiresAt === undefined;
  const lifetime = fork !== undefined && inherits ? fork.source : options;
  const messages = [...fork?.messages ?? [], ...options.messages ?? []];
  const stream: ModelStream = {
    number: model.takeNumber(),
    name,
    contentType: options.contentType ?? fork?.source.contentType ?? "application/octet-stream",
    createdAt: now,
    ttlSeconds: lifetime.ttlSeconds,
    expiresAt: lifetime.expiresAt,
    messages,
    bytes: bytesOf(messages),
    closed: options.closed === true,
    removed: false,
    references: 0,
    lastAccess: now,
    sequence: undefined,
    closedBy: undefined,
    origin: fork?.origin,
    producers: new Map(),
  };
  if (fork !== undefined) {
    // Read again: removing the expired stream may have taken a reference away.
    const source = model.streams.get(fork.source.number)!;
    model.put({ ...source, references: source.references + 1 });
  }
  model.put(stream);
  return { outcome: "done", created: true, stream: model.describe(stream) };
}

interface ResolvedFork {
  readonly source: ModelStream;
  readonly origin: ModelOrigin;
  readonly messages: readonly Uint8Array[];
}

function resolve(model: StreamsModel, options: CreateOptions, now: number): ResolvedFork | Refusal {
  const { source: name, offset, subOffset = 0 } = options.fork!;
  const source = model.lookUp(name, now);
  if (source === "gone") return { reason: "soft-deleted", which: "source" };
  if (source === "not-found") return { reason: "fork-source-not-found" };
  const { contentType, messages } = source;
  if (options.contentType !== undefined && !sameType(options.contentType, contentType)) {
    return { reason: "content-type-mismatch", contentType };
  }
  const origin: ModelOrigin = {
    source: source.number,
    name,
    offset,
    subOffset,
    inheritedLifetime: options.ttlSeconds === undefined && options.expiresAt === undefined,
  };
  if (offset === undefined) return { source, origin, messages };
  const [count, bytes] = offset.split("_").map(Number);
  if (count! > messages.length || bytes! > source.bytes) {
    return { reason: "offset-beyond-tail", nextOffset: offsetText(messages.length, source.bytes) };
  }
  const before = messages.slice(0, count);
  if (bytesOf(before) !== bytes) return { reason: "bad-offset" };
  if (subOffset === 0) return { source, origin, messages: before };
  if (sameType(contentType, "application/json")) {
    const max = messages.length - count!;
    if (subOffset > max) return { reason: "fork-sub-offset", max };
    return { source, origin, messages: messages.slice(0, count! + subOffset) };
  }
  const cut = messages[count!];
  const max = cut?.length ?? 0;
  if (cut === undefined || subOffset > max) return { reason: "fork-sub-offset", max };
  return { source, origin, messages: [...before, cut.slice(0, subOffset)] };
}

function difference(
  stream: ModelStream,
  options: CreateOptions,
): ConfigMismatch["member"] | undefined {
  const { origin } = stream;
  const { fork } = options;
  const sameFork = origin === undefined || fork === undefined
    ? origin === undefined && fork === undefined
    : origin.name === fork.source && origin.subOffset === (fork.subOffset ?? 0) &&
      origin.offset === fork.offset;
  if (!sameFork) return "fork";
  const type = options.contentType ??
    (origin === undefined ? "application/octet-stream" : undefined);
  if (type !== undefined && !sameType(type, stream.contentType)) return "contentType";
  const inherits = options.ttlSeconds === undefined && options.expiresAt === undefined;
  if (!inherits || origin?.inheritedLifetime !== true) {
    if (options.ttlSeconds !== stream.ttlSeconds) return "ttlSeconds";
    if (options.expiresAt !== stream.expiresAt) return "expiresAt";
  }
  return (options.closed === true) === stream.closed ? undefined : "closed";
}

function sameType(a: string, b: string): boolean {
  const essence = (type: string): string => type.split(";")[0]!.trim().toLowerCase();
  return essence(a) === essence(b);
}

function bytesOf(messages: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const message of messages) bytes += message.length;
  return bytes;
}

function refused(refusal: Refusal): Refused {
  return { outcome: "refused", refusal };
}
