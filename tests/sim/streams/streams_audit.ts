/** Reads the trees of a store of streams, each entry once, and checks that they agree. */

import { decodeChunk } from "../../../src/streams/chunk.ts";
import { decodeOrigin, type ForkOrigin } from "../../../src/streams/fork_origin.ts";
import { listNames } from "../../../src/streams/name_index.ts";
import { decodeProducer } from "../../../src/streams/producer.ts";
import { decodeConfig, type StreamConfig } from "../../../src/streams/stream_config.ts";
import { decodeState, type StreamState } from "../../../src/streams/stream_state.ts";
import { numberAt, numberKey } from "../../../src/streams/table_keys.ts";
import type { TableReader, Tables } from "../../../src/streams/tables.ts";
import { contentOf, lineOf, offsetText, producerText } from "./streams_model.ts";
import { sumOfRun } from "./streams_sums.ts";

/** What was found. */
export interface StreamsAudit {
  /** Of `StreamsModel.content`. */
  readonly content: string;
  /** The messages of the streams that have a name. */
  readonly messages: ReadonlyMap<string, readonly Uint8Array[]>;
}

/** A stream as its entries tell. */
interface Stored {
  readonly state: StreamState;
  name?: string;
  config?: StreamConfig;
  origin?: ForkOrigin;
  readonly producers: string[];
  /** Those that lie with it, the first under this number. */
  readonly own: Uint8Array[];
  first: number | undefined;
  byte: number;
}

const FROM_THE_FIRST = { gte: new Uint8Array(0) };

/** Reads all. @throws for entries without an owner, and for owners without their entries. */
export function auditStreams(tables: Tables): StreamsAudit {
  const garbage = new Set<number>();
  for (const [key] of tables.garbage.range(FROM_THE_FIRST)) garbage.add(numberAt(key, 0));
  const streams = readStates(tables, garbage);
  const owner = (what: string, number: number): Stored | undefined => {
    const stream = streams.get(number);
    if (stream === undefined && !garbage.has(number)) fail(`${what} of no stream ${number}`);
    return stream;
  };

  for (const [key, value] of tables.origins.range(FROM_THE_FIRST)) {
    const stream = owner("an origin", numberAt(key, 0));
    if (stream !== undefined) stream.origin = decodeOrigin(value);
  }
  for (const [key, value] of tables.producers.range(FROM_THE_FIRST)) {
    const { epoch, seq } = decodeProducer(value);
    const id = new TextDecoder().decode(key.subarray(8));
    owner("a producer", numberAt(key, 0))?.producers.push(producerText(id, epoch, seq));
  }
  readData(tables.data, owner);
  checkDeadlines(tables, streams);

  const content: string[] = [];
  const messages = new Map<string, readonly Uint8Array[]>();
  const order = [...streams.keys()].sort((a, b) => a - b);
  for (const number of order) {
    const stream = streams.get(number)!;
    const all = messagesOf(streams, number, stream);
    if (stream.name !== undefined) messages.set(stream.name, all);
    content.push(describe(number, stream, all));
  }
  checkReferences(streams);
  const next = readCounter(tables, Math.max(0, ...order, ...garbage));
  return { content: contentOf(next, content), messages };
}

function readStates(tables: Tables, garbage: ReadonlySet<number>): Map<number, Stored> {
  const streams = new Map<number, Stored>();
  for (const [key, value] of tables.states.range(FROM_THE_FIRST)) {
    const number = numberAt(key, 0);
    if (garbage.has(number)) continue;
    const state = decodeState(value);
    streams.set(number, { state, producers: [], own: [], first: undefined, byte: 0 });
  }
  for (const [name, record] of listNames(tables.names, new Uint8Array(0), undefined)) {
    const config = decodeConfig(record);
    const stream = streams.get(config.number);
    if (stream === undefined) fail(`a name of no stream ${config.number}`);
    if (stream.name !== undefined) fail(`two names of stream ${config.number}`);
    stream.name = new TextDecoder().decode(name);
    stream.config = config;
  }
  for (const [number, { name, state }] of streams) {
    if (state.removed && state.references === 0) {
      fail(`stream ${number} is removed, but no garbage`);
    }
    if (name === undefined && !state.removed) fail(`stream ${number} has no name`);
  }
  return streams;
}

function readData(
  data: TableReader,
  owner: (what: string, number: number) => Stored | undefined,
): void {
  for (const [key, value] of data.range(FROM_THE_FIRST)) {
    const number = numberAt(key, 0);
    const stream = owner("messages", number);
    if (stream === undefined) continue;
    const first = numberAt(key, 8);
    const { byte, messages } = decodeChunk(value);
    if (stream.first === undefined) {
      stream.first = first;
      stream.byte = byte;
    }
    const next = stream.first + stream.own.length;
    if (first !== next || byte !== stream.byte) {
      fail(`stream ${number} goes on at ${offsetText(first, byte)}, not ${offsetText(next, byte)}`);
    }
    for (const message of messages) {
      stream.own.push(message);
      stream.byte += message.length;
    }
  }
}

function messagesOf(
  streams: ReadonlyMap<number, Stored>,
  number: number,
  { state, origin, own, first }: Stored,
): Uint8Array[] {
  const all: Uint8Array[] = [];
  if (state.forked !== (origin !== undefined)) fail(`stream ${number}: fork and origin disagree`);
  for (const { number: from, begin, end } of origin?.ranges ?? []) {
    const source = streams.get(from);
    if (source === undefined) fail(`stream ${number} takes messages from none ${from}`);
    const at = begin - (source.first ?? 0);
    const part = source.own.slice(at, at + end - begin);
    if (begin !== all.length || at < 0 || part.length !== end - begin) {
      fail(`stream ${number} misses messages ${begin} to ${end} of stream ${from}`);
    }
    all.push(...part);
  }
  if (first !== undefined && first !== all.length) fail(`stream ${number} begins at ${first}`);
  all.push(...own);
  let bytes = 0;
  for (const message of all) bytes += message.length;
  if (all.length !== state.tail.message || bytes !== state.tail.byte) {
    const tail = offsetText(state.tail.message, state.tail.byte);
    fail(
      `stream ${number} has messages up to ${offsetText(all.length, bytes)}, its tail is ${tail}`,
    );
  }
  return all;
}

function describe(
  number: number,
  { state, name, config, origin, producers }: Stored,
  messages: readonly Uint8Array[],
): string {
  const { tail, closed, removed, references, sequence, closedBy } = state;
  const offset = origin?.offset;
  return lineOf({
    number,
    name,
    contentType: config?.contentType ?? "",
    createdAt: config?.createdAt ?? 0,
    ttlSeconds: config?.lifetime.ttlSeconds,
    expiresAt: config?.lifetime.expiresAt,
    bytes: tail.byte,
    count: tail.message,
    sum: sumOfRun(messages),
    closed,
    removed,
    references,
    sequence: sequence === undefined ? undefined : new TextDecoder().decode(sequence),
    closedBy,
    origin: origin === undefined ? undefined : {
      source: origin.sourceNumber,
      name: origin.sourceName,
      offset: offset === undefined ? undefined : offsetText(offset.message, offset.byte),
      subOffset: origin.subOffset,
      inheritedLifetime: origin.inheritedLifetime,
    },
    producers: producers.sort(),
  });
}

/** Every stream that may expire is listed once, under its name, and nothing else is. */
function checkDeadlines(tables: Tables, streams: ReadonlyMap<number, Stored>): void {
  const listed = new Set<number>();
  for (const [key, name] of tables.deadlines.range(FROM_THE_FIRST)) {
    const number = numberAt(key, 8);
    const stream = streams.get(number);
    const good = stream?.config?.indexedDeadline === numberAt(key, 0) &&
      stream.name === new TextDecoder().decode(name) && !stream.state.removed;
    if (!good) fail(`a deadline of stream ${number} that it does not have`);
    listed.add(number);
  }
  for (const [number, { config, state }] of streams) {
    const { ttlSeconds, expiresAt } = config?.lifetime ?? {};
    const mortal = ttlSeconds !== undefined || expiresAt !== undefined;
    if (mortal && !state.removed && !listed.has(number)) fail(`stream ${number} has no deadline`);
  }
}

function checkReferences(streams: ReadonlyMap<number, Stored>): void {
  const counts = new Map<number, number>();
  for (const { origin } of streams.values()) {
    if (origin === undefined) continue;
    counts.set(origin.sourceNumber, (counts.get(origin.sourceNumber) ?? 0) + 1);
  }
  for (const [number, { state }] of streams) {
    const count = counts.get(number) ?? 0;
    if (state.references !== count) {
      fail(`stream ${number} counts ${state.references} forks, it has ${count}`);
    }
  }
}

/** The next number: one that was not given out yet. */
function readCounter(tables: Tables, highest: number): number {
  const next = tables.counters.get(new TextEncoder().encode("next"));
  const value = next === undefined
    ? 1
    : Number(new DataView(next.buffer, next.byteOffset, 8).getBigUint64(0, true));
  if (value <= highest) fail(`the next number is ${value}, but ${highest} is in use`);
  const [last] = [...tables.data.range({ gte: numberKey(value), limit: 1 })];
  if (last !== undefined) {
    fail(`messages under the number ${numberAt(last[0], 0)}, not given out yet`);
  }
  return value;
}

function fail(why: string): never {
  throw new Error(why);
}
