/**
 * The way from clients to a server that dies and comes back, perhaps on another port. Clients use
 * one lasting URL; the link sends each request to wherever the server is now, and counts.
 *
 * @module
 */

type Fetch = typeof globalThis.fetch;

const BASE = "http://holdfast.invalid";

/** How long a lasting request waits before it is sent again while the server is up, milliseconds. */
const PAUSE_MS = 10;

/** How often a lasting request is sent before it fails. */
const ATTEMPTS = 100;

/** Counts requests, and finds the server. */
export class Link {
  /** Sends a request once; fails at once while the server is down. */
  readonly fetch: Fetch = (input, init) => this.#send(input, init);
  /** Sends the same request again until it is answered: the retries of a producer. */
  readonly lastingFetch: Fetch = (input, init) => this.#insist(input, init);
  /** Answers that a server must never give (5xx). */
  readonly faults: string[] = [];
  /** Writes (not GET, not HEAD) that were sent and not answered yet. */
  writesInFlight = 0;
  /** Writes that were answered with 2xx. */
  acknowledged = 0;
  /** Requests of producers that were sent more than once. */
  retries = 0;
  #origin: string | undefined;
  #isUp: Promise<void>;
  #opened: () => void = () => undefined;
  #watch: { readonly count: number; readonly reached: () => void } | undefined;

  constructor() {
    this.#isUp = new Promise((resolve) => {
      this.#opened = resolve;
    });
  }

  /** The lasting URL of a stream. */
  url(stream: string): string {
    return `${BASE}/v1/stream/${stream}`;
  }

  /** Whether requests reach a server. */
  get isOpen(): boolean {
    return this.#origin !== undefined;
  }

  /** The server is at `origin` now. */
  open(origin: string): void {
    this.#origin = origin;
    this.#opened();
  }

  /** The server is about to die: from now on requests fail. */
  close(): void {
    if (this.#origin === undefined) return;
    this.#origin = undefined;
    this.#isUp = new Promise((resolve) => {
      this.#opened = resolve;
    });
  }

  /** Resolves when `count` more writes are acknowledged. */
  more(count: number): Promise<void> {
    return new Promise((reached) => {
      this.#watch = { count: this.acknowledged + count, reached };
    });
  }

  async #send(input: Parameters<Fetch>[0], init: RequestInit | undefined): Promise<Response> {
    const origin = this.#origin;
    if (origin === undefined) throw new TypeError("the server is down");
    const target = String(input).replace(BASE, origin);
    const method = init?.method ?? "GET";
    const isWrite = method !== "GET" && method !== "HEAD";
    if (isWrite) this.writesInFlight++;
    try {
      const response = isWrite ? await fetch(target, init) : await read(target, init);
      if (response.status >= 500) this.faults.push(`${response.status} to ${method} ${target}`);
      if (isWrite && response.ok) this.#count();
      return response;
    } finally {
      if (isWrite) this.writesInFlight--;
    }
  }

  #count(): void {
    this.acknowledged++;
    if (this.#watch === undefined || this.acknowledged < this.#watch.count) return;
    this.#watch.reached();
    this.#watch = undefined;
  }

  async #insist(input: Parameters<Fetch>[0], init: RequestInit | undefined): Promise<Response> {
    for (let attempt = 1;; attempt++) {
      await this.#isUp;
      try {
        return await this.#send(input, init);
      } catch (error) {
        if (init?.signal?.aborted || attempt === ATTEMPTS) throw error;
        this.retries++;
        if (this.isOpen) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }
}

/** Kept-alive connections that a read may meet one after the other. */
const STALE_MAX = 5;

/**
 * A read, some times more if it fails: kept-alive connections may belong to the server that was killed
 * before. A write is never sent twice here, because the test must know what it sent.
 */
async function read(target: string, init: RequestInit | undefined): Promise<Response> {
  for (let attempt = 0;; attempt++) {
    try {
      return await fetch(target, init);
    } catch (error) {
      const isStale = error instanceof TypeError && !init?.signal?.aborted;
      if (!isStale || attempt === STALE_MAX) throw error;
    }
  }
}
