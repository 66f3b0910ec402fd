/**
 * A reader at the tail of a stream, that waits for what comes next.
 *
 * @module
 */

import type { Page, ReadOutcome } from "../streams/stream_store.ts";
import type { Exchange } from "./exchange.ts";
import { accepted } from "./exchange.ts";
import { HttpProblem } from "./problem.ts";

/** Shortest time between two renewals of the TTL of a stream that is waited for, milliseconds. */
const MIN_TOUCH_MS = 250;

/** What came: a page that has messages or the end of the stream, or nothing in time, or the end. */
export type LiveStep = Page | "timeout" | "over";

/** A live reader of one incarnation of a stream. */
export class LiveReader {
  readonly #exchange: Exchange;
  readonly #incarnation: string;
  readonly #maxBytes: number;
  readonly #leave: () => void;
  #wait = new AbortController();
  #over = false;
  #touchMs: number | undefined;

  /**
   * Begins to follow the stream of `page` in pages of up to `maxBytes`.
   * @throws HttpProblem `BUSY` when too many readers wait.
   */
  constructor(exchange: Exchange, page: Page, maxBytes: number) {
    this.#exchange = exchange;
    this.#incarnation = page.incarnation;
    this.#maxBytes = maxBytes;
    this.#leave = exchange.waiters.enter(() => this.end());
  }

  /** Ends every wait, now and later. Idempotent. */
  end(): void {
    this.#over = true;
    this.#leave();
    this.#wait.abort();
  }

  /**
   * The next page from `from` once the stream is longer than `tail` or closed.
   * @param until when to answer "timeout", in milliseconds since 1970.
   * @throws HttpProblem `NOT_FOUND`, `GONE` when the stream is no longer there, also when another one
   * has its name.
   */
  async next(from: string, tail: string, until: number): Promise<LiveStep> {
    const { store, name, settings, pages } = this.#exchange;
    this.#touchMs ??= await this.#touchInterval();
    for (;;) {
      const left = until - settings.clock.now();
      if (this.#over || settings.signal.aborted) return "over";
      if (left <= 0) return "timeout";
      const woken = await this.#changed(tail, Math.min(left, this.#touchMs));
      if (this.#over) return "over";
      if (woken) {
        const page = this.#same(await pages.read(name, from, this.#maxBytes));
        if (page.nextOffset !== tail || page.closed) return page;
      } else if (this.#touchMs !== Infinity) {
        accepted(await store.touch(name));
      }
    }
  }

  /** The page, if it is of the stream that was waited for. */
  #same(outcome: ReadOutcome): Page {
    if (outcome.outcome === "refused" && outcome.refusal.reason === "gone") accepted(outcome);
    if (outcome.outcome === "done" && outcome.incarnation === this.#incarnation) return outcome;
    throw new HttpProblem("NOT_FOUND", "the stream was deleted");
  }

  async #touchInterval(): Promise<number> {
    const { stream } = accepted(await this.#exchange.store.head(this.#exchange.name));
    if (stream.ttlSeconds === undefined) return Infinity;
    return Math.max(MIN_TOUCH_MS, stream.ttlSeconds * 1000 / 3);
  }

  /** Waits up to `ms`. False when nothing changed. */
  async #changed(tail: string, ms: number): Promise<boolean> {
    const { store, name, settings } = this.#exchange;
    const wait = new AbortController();
    this.#wait = wait;
    const timer = settings.clock.setTimer(() => wait.abort(), ms);
    try {
      const position = { incarnation: this.#incarnation, offset: tail };
      return await store.subscribe(name, position, { signal: wait.signal }) === "changed";
    } finally {
      settings.clock.clearTimer(timer);
    }
  }
}
