/**
 * Rows of many readers that follow one stream by server-sent events.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { ReportRow } from "../report.ts";
import type { Contestant } from "./contestant.ts";
import { readEvents } from "./event_reader.ts";
import type { HttpConnection } from "./http_connection.ts";
import { requestBytes } from "./http_connection.ts";
import type { LoadClient } from "./load_client.ts";
import { MESSAGE_BYTES, sendAppend } from "./load_client.ts";
import { percentile } from "./percentile.ts";
import { OFFICIAL } from "./servers.ts";
import type { Settings } from "./settings.ts";
import { rowsOf, takeTurns } from "./server_rows.ts";

/** Small reads: there are thousands of connections. */
const READ_BYTES = 4096;
/** Between two appends, for what a server does after it has delivered. */
const PAUSE_MILLIS = 50;
/** The longest wait for all readers. */
const ARRIVAL_MILLIS = 60_000;
/** Text is sent as it is; other bytes would be sent in base64. */
const CONTENT_TYPE = "text/plain";

/** Rows of the time from sending an append to its arrival at each reader. */
export async function measureEvents(
  contestants: readonly Contestant[],
  { rounds, sseReaders, sseEvents }: Settings,
): Promise<ReportRow[]> {
  const paths = new Map<string, string>();
  for (const { name, client } of contestants) {
    paths.set(name, await client.create("events", { contentType: CONTENT_TYPE }));
  }
  const turns = await takeTurns("sse", contestants, rounds, async ({ name, client }) => {
    const times = await deliver(client, paths.get(name)!, sseReaders, sseEvents);
    return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
  });
  const text = `append to arrival at ${sseReaders} SSE readers`;
  const row = { unit: "ms", better: "lower" } as const;
  return [
    ...rowsOf(contestants, { name: `${text}, median`, ...row }, turns.p50),
    ...rowsOf(contestants, {
      name: `${text}, p99`,
      ...row,
      targets: [{ against: [OFFICIAL], ratio: 0.2 }],
    }, turns.p99),
  ];
}

/** Appends `events` messages, one at a time; returns the milliseconds to each reader of each. */
function deliver(
  client: LoadClient,
  path: string,
  readers: number,
  events: number,
): Promise<number[]> {
  return client.connect(1, ([writer]) =>
    client.connect(readers, async (connections) => {
      const audience = new Audience(connections, path);
      await audience.next(readers);
      const times: number[] = [];
      // The first one is not counted: it finds connections that never carried anything.
      for (let i = -1; i < events; i++) {
        const message = `message ${i} `.padEnd(MESSAGE_BYTES, ".");
        const request = requestBytes("POST", path, {
          body: Buffer.from(message),
          contentType: CONTENT_TYPE,
        });
        const arrivals = audience.next(readers, message);
        const sent = performance.now();
        const [arrived] = await Promise.all([arrivals, sendAppend(writer!, request)]);
        if (i >= 0) { for (const at of arrived) times.push(at - sent); }
        await delay(PAUSE_MILLIS);
      }
      return times;
    }, READ_BYTES));
}

/** All readers of the stream, who wait for the same thing. */
class Audience {
  #expected: string | undefined;
  #arrivals: number[] = [];
  #failure: unknown;
  #settle: (() => void) | undefined;
  #wanted = 0;

  constructor(connections: readonly HttpConnection[], path: string) {
    for (const connection of connections) {
      readEvents(connection, path, {
        ready: () => this.#arrived(undefined),
        message: (payload) => this.#arrived(payload),
        failed: (error) => this.#failed(error),
      });
    }
  }

  /** When `message`, or the first control event without one, was there at each of `count` readers. */
  async next(count: number, message?: string): Promise<readonly number[]> {
    this.#expected = message;
    // Control events may be here before the first wait begins.
    if (message !== undefined) this.#arrivals = [];
    this.#wanted = count;
    const all = new Promise<void>((resolve) => {
      this.#settle = resolve;
    });
    this.#check();
    const timeout = new AbortController();
    const late = delay(ARRIVAL_MILLIS, undefined, { signal: timeout.signal }).catch(() =>
      undefined
    );
    await Promise.race([all, late]);
    timeout.abort();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#arrivals.length !== count) {
      throw new Error(
        `${this.#arrivals.length} of ${count} readers have "${message ?? "nothing"}"`,
      );
    }
    return this.#arrivals;
  }

  #arrived(payload: string | undefined): void {
    if (payload === this.#expected) this.#arrivals.push(performance.now());
    else this.#failure ??= new Error(`a reader got "${payload}", not "${this.#expected}"`);
    this.#check();
  }

  #failed(error: unknown): void {
    this.#failure ??= error;
    this.#check();
  }

  #check(): void {
    if (this.#failure !== undefined || this.#arrivals.length >= this.#wanted) this.#settle?.();
  }
}
