/** The swarm's streams: all calls of a store of streams, mixed at random, for some lives of it. */

import { IoError } from "../../../mod.ts";
import type { SimulatedDisk } from "../../../adapters/simulated.ts";
import { Prng } from "../../../src/base/prng.ts";
import type { AppendOptions, CreateOptions } from "../../../src/streams/stream_store.ts";
import type { Change } from "../streams/streams_changes.ts";
import { StreamsHistory } from "../streams/streams_history.ts";
import { judgeStreams } from "../streams/streams_judge.ts";
import { type ModelStream, offsetText } from "../streams/streams_model.ts";
import { StreamsSession, type StreamsSettings } from "../streams/streams_session.ts";
import { DamageFoundError, type Death } from "../subject.ts";
import { forgive, isInTrouble, type SwarmLife, type SwarmWorld } from "./swarm_run.ts";

const NAMES = ["a", "b", "c", "d", "e", "f", `${"n".repeat(900)}-1`, `${"n".repeat(900)}-2`];
const PRODUCERS = ["p", "q", "r"];
const TYPES = [undefined, "application/json", "text/plain; charset=utf-8"];

/** Lengths at which something changes. */
const LENGTHS = [0, 1, 511, 512, 513, 4095, 4096, 4097, 32_767, 32_768];

/** Calls that may be under way at once. */
const RUNNING_MAX = 8;

class StreamsLife implements SwarmLife {
  readonly #settings: StreamsSettings;
  #session: StreamsSession | undefined;
  #now = 1_000_000;
  #running: Promise<void>[] = [];
  #failure: { readonly error: unknown } | undefined;
  /** Requests that clients may send again. */
  #sent: (Change & { readonly kind: "append" })[] = [];

  constructor(random: Prng) {
    this.#settings = {
      database: { cacheBytes: 1024 * 1024, logBytes: 256 * 1024 },
      durability: random.below(3) === 0 ? "os" : "disk",
    };
  }

  get #disk(): SimulatedDisk {
    return this.#session!.disk;
  }

  async open(disk: SimulatedDisk, death: Death): Promise<void> {
    const before = this.#session;
    this.#now = before?.now ?? this.#now;
    const history = before?.history ?? new StreamsHistory("power");
    try {
      const settings = this.#settings;
      const { open, model } = await judgeStreams(disk, settings, history, death, this.#now);
      const already = { open, model };
      this.#session = new StreamsSession(disk, settings, new Prng(this.#now), already);
    } catch (error) {
      if (!(error instanceof DamageFoundError) || disk.injected === 0) throw error;
      throw new IoError("IO_FAILED", error.message);
    }
  }

  async act(action: string, random: Prng): Promise<void> {
    try {
      await this.#act(this.#session!, action, random);
    } catch (error) {
      forgive(this.#disk, error);
    }
    if (this.#running.length > RUNNING_MAX) await this.settle();
  }

  async settle(): Promise<void> {
    for (const one of this.#running.splice(0)) await one;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  halt(): Promise<void> {
    return this.settle();
  }

  async close(): Promise<void> {
    await this.#session!.close();
  }

  async #act(session: StreamsSession, action: string, random: Prng): Promise<void> {
    const name = anyName(session, random);
    const stream = session.history.latest.find(name);
    switch (action) {
      case "create":
        // A closed stream would only be in the way.
        if (stream?.closed === true) this.#begin(session.delete(name));
        return this.#begin(session.create(name, createOptions(random, session.now)));
      case "append":
        return this.#append(name, messages(random, 1, 900), typeOf(stream, random));
      case "append many":
        return this.#append(name, messages(random, 1 + random.below(30), 200), {});
      case "append much":
        return this.#append(name, messages(random, 1 + random.below(3), 70_000), {});
      case "append a special length":
        return this.#append(name, [bytesOf(random, any(random, LENGTHS))], {});
      case "produce":
        return this.#append(name, messages(random, 1 + random.below(2), 300), by(stream, random));
      case "produce together":
        for (let i = 0; i < 4; i++) {
          const latest = session.history.latest.find(name);
          this.#append(name, messages(random, 1, 300), by(latest, random));
        }
        return;
      case "send again": {
        const again = this.#sent[random.below(this.#sent.length + 1)];
        if (again !== undefined) this.#append(again.name, again.messages, again.options);
        return;
      }
      case "append if":
        return this.#append(name, messages(random, 1, 100), condition(stream, random));
      case "close a stream": {
        const last = random.below(2) === 0 ? messages(random, 1, 400) : [];
        const options = random.below(2) === 0 ? by(stream, random) : {};
        return this.#append(name, last, { ...options, close: true });
      }
      case "delete":
        return this.#begin(session.delete(name));
      case "fork":
        return this.#begin(session.create(name, forkOptions(session, random)));
      case "checkpoint":
        return this.#begin(session.checkpoint());
      case "sweep":
        await this.settle();
        if (!isInTrouble(session.disk)) await session.sweep();
        return;
      case "touch":
        await this.settle();
        if (!isInTrouble(session.disk)) await session.touch(name);
        return;
      case "let time pass":
        await this.settle();
        session.now += random.below(30_000);
        return;
      case "look":
        if (stream?.ttlSeconds === undefined && !isInTrouble(session.disk)) {
          await session.look(name);
        }
        return;
      case "let a turn pass":
        return await session.turn();
      default:
        return await this.settle();
    }
  }

  #append(name: string, all: readonly Uint8Array[], options: AppendOptions): void {
    this.#begin(this.#session!.append(name, all, options));
    this.#sent.push({ kind: "append", name, messages: all, options });
    if (this.#sent.length > 12) this.#sent.shift();
  }

  #begin(work: Promise<unknown>): void {
    const disk = this.#disk;
    this.#running.push(work.then(() => {}, (error) => {
      try {
        forgive(disk, error);
      } catch (error) {
        this.#failure ??= { error };
      }
    }));
  }
}

/** More often than not one that is in use. */
function anyName({ history }: StreamsSession, random: Prng): string {
  const used = history.latest.names;
  return used.length === 0 || random.below(3) === 0 ? any(random, NAMES) : any(random, used);
}

function createOptions(random: Prng, now: number): CreateOptions {
  const contentType = any(random, TYPES);
  const life = random.below(8);
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(random.below(2) === 0 ? {} : { messages: messages(random, 1 + random.below(3), 400) }),
    ...(random.below(20) === 0 ? { closed: true } : {}),
    ...(life === 0 ? { ttlSeconds: 1 + random.below(90) } : {}),
    ...(life === 1 ? { expiresAt: now + random.below(90_000) } : {}),
  };
}

/** A fork of any stream, from any place that its source has or has not. */
function forkOptions(session: StreamsSession, random: Prng): CreateOptions {
  const source = any(random, NAMES);
  const found = session.history.latest.find(source);
  const common = random.below(6) === 0 ? { closed: true } : {};
  if (found === undefined || random.below(3) === 0) return { ...common, fork: { source } };
  const count = random.below(found.messages.length + 1);
  const before = found.messages.slice(0, count).reduce((sum, { length }) => sum + length, 0);
  const offset = offsetText(count, before + Number(random.below(20) === 0));
  const subOffset = random.below(2) === 0 ? 0 : random.below(5);
  return { ...common, fork: { source, offset, subOffset } };
}

/** The next request of a producer, or one that is not. */
function by(stream: ModelStream | undefined, random: Prng): AppendOptions {
  const id = any(random, PRODUCERS);
  const { epoch, seq } = stream?.producers.get(id) ?? { epoch: 0, seq: -1 };
  switch (random.below(8)) {
    case 0:
      return { producer: { id, epoch: epoch + 1, seq: 0 } };
    case 1:
      return { producer: { id, epoch: random.below(epoch + 2), seq: random.below(seq + 4) } };
    default:
      return { producer: { id, epoch, seq: seq + 1 } };
  }
}

function condition(stream: ModelStream | undefined, random: Prng): AppendOptions {
  const streamSeq = `${stream?.sequence ?? ""}${random.below(10)}`.slice(random.below(3) - 2);
  if (stream === undefined || random.below(3) === 0) return { streamSeq };
  const expectedOffset = offsetText(stream.messages.length, stream.bytes);
  return random.below(2) === 0 ? { expectedOffset } : { streamSeq, expectedOffset };
}

function typeOf(stream: ModelStream | undefined, random: Prng): AppendOptions {
  const contentType = random.below(4) === 0 ? any(random, TYPES) : stream?.contentType;
  return contentType === undefined ? {} : { contentType };
}

function messages(random: Prng, count: number, below: number): Uint8Array[] {
  return Array.from({ length: count }, () => bytesOf(random, random.below(below)));
}

function bytesOf(random: Prng, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  random.fill(bytes);
  return bytes;
}

function any<T>(random: Prng, all: readonly T[]): T {
  return all[random.below(all.length)]!;
}

/** Stores of durable streams. */
export const streamsSwarm: SwarmWorld = {
  name: "streams",
  actions: {
    create: 5,
    append: 8,
    "append many": 3,
    "append much": 1,
    "append a special length": 2,
    produce: 6,
    "produce together": 3,
    "send again": 3,
    "append if": 2,
    "close a stream": 1,
    delete: 2,
    fork: 2,
    checkpoint: 2,
    sweep: 2,
    touch: 1,
    "let time pass": 2,
    look: 3,
    "let a turn pass": 4,
    rest: 4,
  },
  always: ["create", "append", "produce", "cut the power", "rest"],
  begin: (random) => new StreamsLife(random),
};
