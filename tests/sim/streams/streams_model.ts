/** What a store of streams holds, as plain data: what the real one is compared with. */

import type { ProducerRequest, StreamInfo } from "../../../src/streams/stream_store.ts";
import { sumOfRun } from "./streams_sums.ts";

/** Where a fork came from. */
export interface ModelOrigin {
  readonly source: number;
  readonly name: string;
  readonly offset: string | undefined;
  readonly subOffset: number;
  readonly inheritedLifetime: boolean;
}

/** A stream; never changed, but replaced. */
export interface ModelStream {
  readonly number: number;
  /** `undefined`: it lost its name, and is kept for its forks. */
  readonly name: string | undefined;
  readonly contentType: string;
  readonly createdAt: number;
  readonly ttlSeconds: number | undefined;
  readonly expiresAt: number | undefined;
  /** All of them, inherited ones included. */
  readonly messages: readonly Uint8Array[];
  readonly bytes: number;
  readonly closed: boolean;
  /** Deleted or expired, and kept for its forks. */
  readonly removed: boolean;
  readonly references: number;
  readonly lastAccess: number;
  readonly sequence: string | undefined;
  readonly closedBy: ProducerRequest | undefined;
  readonly origin: ModelOrigin | undefined;
  readonly producers: ReadonlyMap<string, { readonly epoch: number; readonly seq: number }>;
}

/** What is compared of a stream: not its last access, which reads change in memory alone. */
export type StreamFacts =
  & Omit<ModelStream, "lastAccess" | "messages" | "producers">
  & { readonly sum: string; readonly count: number; readonly producers: readonly string[] };

/** An offset, by the rule of the protocol text and not by the code under test. */
export function offsetText(messages: number, bytes: number): string {
  return `${String(messages).padStart(16, "0")}_${String(bytes).padStart(16, "0")}`;
}

/** Facts as text: equal for equal facts. A stream without a name has no configuration. */
export function lineOf(facts: StreamFacts): string {
  const { closedBy, origin } = facts;
  return JSON.stringify([
    facts.number,
    offsetText(facts.count, facts.bytes),
    facts.sum,
    facts.closed,
    facts.removed,
    facts.references,
    facts.sequence ?? null,
    closedBy === undefined ? null : [closedBy.id, closedBy.epoch, closedBy.seq],
    origin === undefined
      ? null
      : [origin.source, origin.name, origin.offset, origin.subOffset, origin.inheritedLifetime],
    facts.producers,
    facts.name === undefined
      ? null
      : [facts.name, facts.contentType, facts.createdAt, facts.ttlSeconds, facts.expiresAt],
  ]);
}

/** What is compared of a store: the next number, and the lines of its streams in order. */
export function contentOf(next: number, streams: readonly string[]): string {
  return [`next ${next}`, ...streams].join("\n");
}

/** A producer's state as text. */
export function producerText(id: string, epoch: number, seq: number): string {
  return `${id}:${epoch}.${seq}`;
}

const lines = new WeakMap<ModelStream, string>();

function lineOfModel(stream: ModelStream): string {
  const made = lines.get(stream);
  if (made !== undefined) return made;
  const line = lineOf({
    ...stream,
    count: stream.messages.length,
    sum: sumOfRun(stream.messages),
    producers: [...stream.producers].map(([id, { epoch, seq }]) => producerText(id, epoch, seq))
      .sort(),
  });
  lines.set(stream, line);
  return line;
}

/** Names longer than this take a number of their own for their first part. */
const DIRECT_NAME_LENGTH = 900;

/** All streams of a store, and what its opening and closing leave behind. */
export class StreamsModel {
  readonly streams: Map<number, ModelStream>;
  readonly #names: Map<string, number>;
  readonly #longParts: Map<string, number>;
  /** The store was closed cleanly and not opened since. */
  clean = false;
  /** Every stream counts as used then. */
  floor = 0;
  #next: number;

  /** An empty store, or a copy. */
  constructor(from?: StreamsModel) {
    this.streams = new Map(from?.streams);
    this.#names = new Map(from === undefined ? [] : from.#names);
    this.#longParts = new Map(from === undefined ? [] : from.#longParts);
    this.#next = from === undefined ? 1 : from.#next;
    this.clean = from?.clean ?? false;
    this.floor = from?.floor ?? 0;
  }

  /** The names in use, those of streams that are gone included. */
  get names(): string[] {
    return [...this.#names.keys()];
  }

  /** The stream of a name, living or not. */
  find(name: string): ModelStream | undefined {
    const number = this.#names.get(name);
    return number === undefined ? undefined : this.streams.get(number);
  }

  /** The stream of a name, or why there is none that can be used. */
  lookUp(name: string, now: number): ModelStream | "not-found" | "gone" {
    const stream = this.find(name);
    if (stream === undefined) return "not-found";
    if (stream.removed) return "gone";
    return this.expired(stream, now) ? "not-found" : stream;
  }

  /** Whether a stream has expired. */
  expired({ ttlSeconds, expiresAt, lastAccess }: ModelStream, now: number): boolean {
    if (expiresAt !== undefined) return expiresAt <= now;
    return ttlSeconds !== undefined && Math.max(lastAccess, this.floor) + ttlSeconds * 1000 <= now;
  }

  /** Takes the next number. */
  takeNumber(): number {
    return this.#next++;
  }

  /** Adds a stream under its name, or replaces it. */
  put(stream: ModelStream): void {
    this.streams.set(stream.number, stream);
    const { name, number } = stream;
    if (name === undefined || this.#names.get(name) === number) return;
    this.#names.set(name, number);
    if (name.length <= DIRECT_NAME_LENGTH) return;
    const part = name.slice(0, DIRECT_NAME_LENGTH);
    const count = this.#longParts.get(part) ?? 0;
    if (count === 0) this.takeNumber();
    this.#longParts.set(part, count + 1);
  }

  /** Removes a stream; `keepName`: its name stays taken while forks need it. Tells whether they do. */
  remove(stream: ModelStream, keepName: boolean): boolean {
    const soft = stream.references > 0;
    if (!soft) this.#discard(stream);
    else if (keepName) this.put({ ...stream, removed: true });
    else {
      this.#unbind(stream);
      this.streams.set(stream.number, { ...stream, name: undefined, removed: true });
    }
    return soft;
  }

  /** All that the store must show again, as text. */
  content(): string {
    const order = [...this.streams.keys()].sort((a, b) => a - b);
    const all = order.map((number) => lineOfModel(this.streams.get(number)!));
    return contentOf(this.#next, all);
  }

  /** What is told about a stream. */
  describe(stream: ModelStream): StreamInfo {
    const { name, number, contentType, messages, bytes, closed, createdAt, origin } = stream;
    const { ttlSeconds, expiresAt } = stream;
    return {
      name: name!,
      contentType,
      incarnation: incarnationOf(number, createdAt),
      nextOffset: offsetText(messages.length, bytes),
      closed,
      createdAt,
      ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(origin === undefined ? {} : { forkedFrom: origin.name }),
    };
  }

  #discard(stream: ModelStream): void {
    this.#unbind(stream);
    this.streams.delete(stream.number);
    if (stream.origin === undefined) return;
    const source = this.streams.get(stream.origin.source)!;
    const references = source.references - 1;
    if (references === 0 && source.removed) this.#discard(source);
    else this.streams.set(source.number, { ...source, references });
  }

  #unbind({ name }: ModelStream): void {
    if (name === undefined) return;
    this.#names.delete(name);
    if (name.length <= DIRECT_NAME_LENGTH) return;
    const part = name.slice(0, DIRECT_NAME_LENGTH);
    const count = this.#longParts.get(part)! - 1;
    if (count === 0) this.#longParts.delete(part);
    else this.#longParts.set(part, count);
  }
}

/** What tells a stream from all others. */
export function incarnationOf(number: number, createdAt: number): string {
  return `${number.toString(36)}-${createdAt.toString(36)}`;
}
