/**
 * A live reader that outlives servers: it goes on at the offset of the last batch it was given.
 *
 * @module
 */

import { stream } from "@durable-streams/client";
import type { Ledger } from "./ledger.ts";
import { decodeText, decodeValue } from "./message.ts";
import type { Session } from "./session.ts";
import { READ_RETRIES } from "./session.ts";

/** How long a reader may take to see what is there, milliseconds. */
const PATIENCE_MS = 10_000;

/** How a reader waits for more. */
export type Live = "long-poll" | "sse";

/** An offset that was given to a reader, and how many messages lay before it. */
export interface Mark {
  readonly offset: string;
  readonly count: number;
}

/** Follows one stream. */
export class TailReader {
  readonly ledger: Ledger;
  /** The numbers of all messages it saw, in order. */
  readonly seen: number[] = [];
  /** The offsets it was given. */
  readonly marks: Mark[] = [{ offset: "-1", count: 0 }];
  /** How often it had to begin a new session. */
  sessions = 0;
  readonly #session: Session;
  readonly #live: Live;
  readonly #ending = new AbortController();
  readonly #aborted: Promise<void>;
  readonly #running: Promise<void>;
  #failure: unknown;
  #progress: () => void = () => undefined;

  constructor(session: Session, ledger: Ledger, live: Live) {
    this.#session = session;
    this.ledger = ledger;
    this.#live = live;
    this.#aborted = new Promise((resolve) => {
      this.#ending.signal.addEventListener("abort", () => resolve());
    });
    this.#running = this.#run();
  }

  /** Waits until it saw `count` messages, or time is up. */
  async reach(count: number): Promise<void> {
    const timer = setTimeout(() => {
      this.#failure ??= new Error(`${this.#live} reader of ${this.ledger.stream} saw no more`);
      this.#progress();
    }, PATIENCE_MS);
    while (this.seen.length < count && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#progress = resolve;
      });
    }
    clearTimeout(timer);
    if (this.#failure !== undefined) this.#session.wrong.push(String(this.#failure));
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted && this.#failure === undefined) {
      this.sessions++;
      try {
        await this.#follow(signal);
      } catch (error) {
        // A session ends with its server; one that is refused, or misled, is the reader's end.
        const { status } = error as { status?: number };
        if (error instanceof ChangedMessage) this.#failure = error.cause;
        else if (status !== undefined && status >= 400 && status < 500) this.#failure = error;
        this.#progress();
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const offset = this.marks.at(-1)?.offset ?? "-1";
    const response = await stream({
      url: this.#session.link.url(this.ledger.stream),
      offset,
      live: this.#live,
      fetch: this.#session.link.fetch,
      backoffOptions: READ_RETRIES,
      warnOnHttp: false,
      signal,
    });
    const unsubscribe = this.ledger.kind === "json"
      ? response.subscribeJson(({ items, offset: next }) => {
        this.#take(() => items.map(decodeValue), next);
      })
      : response.subscribeText(({ text, offset: next }) => {
        this.#take(() => decodeText(text), next);
      });
    // `closed` does not always settle when the signal of the session aborts.
    await Promise.race([response.closed, this.#aborted]);
    unsubscribe();
  }

  #take(decode: () => readonly { number: number }[], offset: string): void {
    try {
      for (const { number } of decode()) this.seen.push(number);
    } catch (error) {
      throw new ChangedMessage("a reader was given something else", { cause: error });
    }
    this.marks.push({ offset, count: this.seen.length });
    this.#progress();
  }
}

class ChangedMessage extends Error {}
