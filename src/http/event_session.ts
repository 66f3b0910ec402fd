/**
 * The sequence of events that one reader gets: pairs of a data and a control event, each made from
 * one page, each control telling exactly what the reader has.
 *
 * @module
 */

import { joinBytes } from "../base/join_bytes.ts";
import type { Page } from "../streams/stream_store.ts";
import { nextCursor } from "./cursor.ts";
import type { Exchange } from "./exchange.ts";
import { accepted } from "./exchange.ts";
import { LiveReader } from "./live_reader.ts";
import type { PayloadKind } from "./media_type.ts";
import { payloadKind } from "./media_type.ts";
import { controlEvent, dataEvent } from "./sse_encoding.ts";
import { completeMessages } from "./utf8_boundary.ts";

/** Largest page read to find the end of a character that large messages share, in bytes. */
const MAX_JOINED_BYTES = 64 * 1024 * 1024;

/** The events of one reader. */
export class EventSession {
  readonly #exchange: Exchange;
  readonly #reader: LiveReader;
  readonly #kind: PayloadKind;
  readonly #firstCursor: string;
  readonly #until: number;
  #opening: Page | undefined;
  /** The client has everything before this offset. */
  #sent: string;
  /**
   * What to wait behind: `#sent`, or the tail while the last messages end inside a character. Those
   * are held back until the rest comes, the stream is closed, or the session ends.
   */
  #tail: string;
  #finished = false;

  /** Begins with the page `opening`. Throws `BUSY` when too many readers wait. */
  constructor(exchange: Exchange, opening: Page, clientCursor: string | undefined) {
    const { clock, random, sseMs, sseEventBytes } = exchange.settings;
    this.#exchange = exchange;
    this.#reader = new LiveReader(exchange, opening, sseEventBytes);
    this.#kind = payloadKind(opening.contentType);
    this.#firstCursor = nextCursor(clientCursor, clock.now(), random);
    this.#until = clock.now() + sseMs;
    this.#opening = opening;
    this.#sent = opening.startOffset;
    this.#tail = opening.startOffset;
  }

  /** Ends the session: a wait under way ends with it. Idempotent. */
  end(): void {
    this.#finished = true;
    this.#reader.end();
  }

  /**
   * Waits for the next pair of events; the first comes at once, also when there is no data.
   * @returns `undefined` at the end: the time is over, the stream is closed, the server shuts down.
   * @throws HttpProblem when the stream is gone.
   */
  async next(): Promise<Uint8Array | undefined> {
    const opening = this.#opening;
    this.#opening = undefined;
    if (this.#finished) return undefined;
    for (let page = opening;; page = undefined) {
      let all = false;
      if (page === undefined) {
        const step = await this.#reader.next(this.#sent, this.#tail, this.#until);
        if (step === "over") return undefined;
        if (step !== "timeout") page = step;
        else if (this.#sent === this.#tail) return undefined;
        else page = await this.#read(this.#exchange.settings.sseEventBytes);
        all = step === "timeout";
      }
      if (!all) page = await this.#joined(page);
      const count = all ? page.messages.length : this.#complete(page);
      const held = count < page.messages.length && page.upToDate;
      this.#sent = page.offsetAfter(count);
      this.#tail = held ? page.nextOffset : this.#sent;
      if (count > 0 || page.closed || opening !== undefined) return this.#pair(page, count);
    }
  }

  async #read(maxBytes: number): Promise<Page> {
    const { store, name } = this.#exchange;
    return accepted(await store.read(name, this.#sent, { maxBytes }));
  }

  /** `page`, or a longer one when it is all inside of one character and more is stored. */
  async #joined(page: Page): Promise<Page> {
    let joined = page;
    let size = this.#exchange.settings.sseEventBytes;
    while (
      joined.messages.length > 0 && !joined.upToDate && size < MAX_JOINED_BYTES &&
      this.#complete(joined) === 0
    ) {
      size *= 4;
      joined = await this.#read(size);
    }
    return joined;
  }

  /** How many messages of the page may be sent now. */
  #complete(page: Page): number {
    if (this.#kind !== "text" || page.closed) return page.messages.length;
    return completeMessages(page.messages);
  }

  /** A data event with the first `count` messages of the page (none: no event), and its control. */
  #pair(page: Page, count: number): Uint8Array {
    const cursor = this.#cursor();
    const all = count === page.messages.length;
    if (all && page.closed) this.#finished = true;
    return this.#exchange.pages.event(page, `${count} ${cursor}`, () => {
      const control = controlEvent({
        nextOffset: page.offsetAfter(count),
        cursor,
        upToDate: all && page.upToDate,
        closed: all && page.closed,
      });
      if (count === 0) return control;
      return joinBytes([dataEvent(page.messages.slice(0, count), this.#kind), control]);
    });
  }

  /** Never less than the one before, and the same for all readers that did not run ahead. */
  #cursor(): string {
    const { clock, random } = this.#exchange.settings;
    const current = nextCursor(undefined, clock.now(), random);
    return Number(current) > Number(this.#firstCursor) ? current : this.#firstCursor;
  }
}
