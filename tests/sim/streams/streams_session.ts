/** A workload's hold on a store of streams: does what the workload says and writes the history. */

import type { SimulatedDisk } from "../../../adapters/simulated.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { isHoldfastError } from "../../../src/errors.ts";
import { Database } from "../../../src/kernel/database.ts";
import type { DatabaseOptions } from "../../../src/kernel/database_options.ts";
import { EmbeddedStreamStore } from "../../../src/streams/embedded_stream_store.ts";
import type {
  AppendOptions,
  AppendOutcome,
  CreateOptions,
  CreateOutcome,
  DeleteOutcome,
} from "../../../src/streams/stream_store.ts";
import { durableTables, readCleanMark } from "../../../src/streams/tables.ts";
import { settle } from "../settle.ts";
import type { Answer, Change } from "./streams_changes.ts";
import { StreamsHistory } from "./streams_history.ts";
import type { StreamsModel } from "./streams_model.ts";

/** How a subject opens its store. */
export interface StreamsSettings {
  readonly database: DatabaseOptions;
  /** Default "disk". */
  readonly durability?: "os" | "disk";
}

/** A store that is open. */
export interface OpenStreams {
  readonly database: Database;
  readonly store: EmbeddedStreamStore;
  /** Its clock. */
  readonly clock: { now: number };
  /** It had been closed cleanly. */
  readonly clean: boolean;
}

/** Opens the store of a disk. */
export async function openStreams(
  disk: SimulatedDisk,
  settings: StreamsSettings,
  clock: { now: number },
): Promise<OpenStreams> {
  const database = await settle(
    disk,
    Database.open("/data/streams.hold", { ...settings.database, io: disk.io }),
  );
  const clean = readCleanMark(durableTables(database)) !== undefined;
  const { durability = "disk" } = settings;
  const now = (): number => clock.now;
  const store = await settle(disk, EmbeddedStreamStore.open(database, { durability, now }));
  return { database, store, clock, clean };
}

/** One store on one disk, from open to close or death, and perhaps again. */
export class StreamsSession {
  readonly disk: SimulatedDisk;
  readonly random: Prng;
  readonly history: StreamsHistory;
  readonly #settings: StreamsSettings;
  readonly #clock: { now: number };
  readonly #running: Promise<unknown>[] = [];
  #open: OpenStreams | undefined;

  /** A session that goes on with `already`, or has yet to open. */
  constructor(
    disk: SimulatedDisk,
    settings: StreamsSettings,
    random: Prng,
    already?: { readonly open: OpenStreams; readonly model: StreamsModel },
  ) {
    this.disk = disk;
    this.random = random;
    this.#clock = already?.open.clock ?? { now: 1_000_000 };
    this.#settings = settings;
    this.#open = already?.open;
    const survives = settings.durability === "os" ? "process" : "power";
    this.history = new StreamsHistory(survives, already?.model);
  }

  /** The time; change it only when nothing is under way. */
  get now(): number {
    return this.#clock.now;
  }

  set now(now: number) {
    this.#clock.now = now;
  }

  get #store(): EmbeddedStreamStore {
    if (this.#open === undefined) throw new Error("the session is not open");
    return this.#open.store;
  }

  async open(): Promise<void> {
    await this.#follow({ kind: "open" }, async () => {
      this.#open = await openStreams(this.disk, this.#settings, this.#clock);
      return { outcome: "done" };
    });
  }

  async close(): Promise<void> {
    const { store, database } = this.#open!;
    this.#open = undefined;
    await this.#follow({ kind: "close" }, async () => {
      await store.close();
      await database.close();
      return { outcome: "done" };
    });
  }

  create(name: string, options: CreateOptions = {}): Promise<CreateOutcome> {
    return this.#follow(
      { kind: "create", name, options },
      () => this.#store.create(name, options),
    );
  }

  append(
    name: string,
    messages: readonly Uint8Array[],
    options: AppendOptions = {},
  ): Promise<AppendOutcome> {
    return this.#follow(
      { kind: "append", name, messages, options },
      () => this.#store.append(name, messages, options),
    );
  }

  delete(name: string): Promise<DeleteOutcome> {
    return this.#follow({ kind: "delete", name }, () => this.#store.delete(name));
  }

  /**
   * Reads a stream from its beginning, which renews its TTL. Call when nothing is under way and
   * nothing has failed: a reader waits for nobody.
   */
  async touch(name: string): Promise<void> {
    await this.#follow<Answer>({ kind: "touch", name }, async () => {
      const page = await this.#store.read(name, "-1");
      return page.outcome === "refused" ? page : { outcome: "done" };
    });
  }

  /** Expires streams and frees what is gone. Call as `touch`. */
  async sweep(): Promise<void> {
    await this.#follow({ kind: "sweep" }, async () => {
      let expired = 0;
      for (let more = true; more;) {
        const report = await this.#store.sweep();
        expired += report.expired;
        more = report.more;
      }
      return { outcome: "done", expired };
    });
  }

  /** Reads what is durable of a stream without TTL, at any time. */
  async look(name: string): Promise<void> {
    const page = await this.#store.read(name, "-1");
    if (page.outcome === "done") this.history.saw(page);
  }

  /** Lets one turn of the event loop pass. */
  async turn(): Promise<void> {
    await new Promise<void>((resolve) => this.disk.io.nextTurn(resolve));
  }

  async checkpoint(): Promise<void> {
    const running = settle(this.disk, this.#open!.database.checkpoint());
    this.#running.push(running.catch((error) => error));
    await running;
  }

  /** Reproducible messages of these lengths. */
  messages(...lengths: readonly number[]): Uint8Array[] {
    return lengths.map((length) => {
      const bytes = new Uint8Array(length);
      this.random.fill(bytes);
      return bytes;
    });
  }

  /**
   * Runs to the end of `work`, or of what goes, lets all that was started end, and keeps the disk as
   * it is then.
   * @throws for what no power cut and no planned failure explains.
   */
  async run(work: (session: StreamsSession) => Promise<void>): Promise<void> {
    try {
      await work(this);
    } catch (error) {
      this.#expect(error);
      await this.#tryOn().catch((next) => this.#expect(next));
    }
    for (const error of await Promise.all(this.#running)) {
      if (error instanceof Error) this.#expect(error);
    }
    // Some work goes on unasked.
    if (!this.disk.isDark) this.disk.cutAt(this.disk.operations);
    this.history.verify();
  }

  /** A handle that met a failure: it refuses, or keeps what it acknowledges. */
  async #tryOn(): Promise<void> {
    if (this.disk.isDark || this.#open === undefined) return;
    await this.create("afterwards", { messages: this.messages(200) });
    if (this.random.below(2) === 0) await this.close();
  }

  #expect(error: unknown): void {
    const { isDark, injected } = this.disk;
    if (!isHoldfastError(error) || !(isDark || injected > 0)) throw error;
  }

  #follow<A extends Answer>(change: Change, call: () => Promise<A>): Promise<A> {
    const entry = this.history.attempt(change, this.now);
    const done = call().then((answer) => {
      entry.answer = answer;
      return answer;
    }, (error) => {
      entry.rejected = true;
      throw error;
    });
    const result = settle(this.disk, done);
    this.#running.push(result.catch((error) => error));
    return result;
  }
}
