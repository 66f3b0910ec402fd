/**
 * What the workers of a run share: the link, the outside lists, and the numbering of messages.
 *
 * @module
 */

import type { BackoffOptions } from "@durable-streams/client";
import { DurableStream, stream } from "@durable-streams/client";
import { Prng } from "../../src/base/prng.ts";
import { Ledger } from "./ledger.ts";
import { Link } from "./link.ts";
import type { Kind, Message } from "./message.ts";
import { CONTENT_TYPES, decodeText, decodeValue, encodeMessage } from "./message.ts";

/** A failed request is the caller's to judge: sent again, a plain append could happen twice. */
export const NO_RETRIES: BackoffOptions = {
  initialDelay: 1,
  maxDelay: 1,
  multiplier: 1,
  maxRetries: 0,
};

/** Readers may ask again as often as they like. */
export const READ_RETRIES: BackoffOptions = { initialDelay: 10, maxDelay: 50, multiplier: 2 };

/** A client session that outlives servers. */
export class Session {
  readonly link: Link = new Link();
  readonly prng: Prng;
  readonly ledgers: Map<string, Ledger> = new Map();
  /** What went wrong while clients worked. */
  readonly wrong: string[] = [];
  #number = 0;

  constructor(seed: number) {
    this.prng = new Prng(seed);
  }

  /** The next message of `writer`. */
  message(writer: string): Message {
    return { writer, number: ++this.#number };
  }

  /** The outside list of a stream, begun at the first call. */
  ledger(name: string, kind: Kind): Ledger {
    const known = this.ledgers.get(name) ?? new Ledger(name, kind);
    this.ledgers.set(name, known);
    return known;
  }

  /** A handle of the official client that sends each request once. */
  handle({ stream: name, kind }: Ledger, options: { batching?: boolean } = {}): DurableStream {
    return new DurableStream({
      url: this.link.url(name),
      contentType: CONTENT_TYPES[kind],
      fetch: this.link.fetch,
      backoffOptions: NO_RETRIES,
      batching: false,
      warnOnHttp: false,
      ...options,
    });
  }

  /** Creates a stream with a first message, and notes it. */
  async create(ledger: Ledger, writer: string): Promise<void> {
    const message = this.message(writer);
    ledger.request("open", message);
    const text = encodeMessage(ledger.kind, message);
    await this.handle(ledger).create({
      contentType: CONTENT_TYPES[ledger.kind],
      body: ledger.kind === "json" ? `[${text}]` : text,
    });
    ledger.confirm();
  }

  /**
   * Reads from an offset to the tail with the official client, page by page: with `live: false` a
   * session of it (0.2.7) ends after one page, whether or not that page reaches the tail.
   */
  async read({ stream: name, kind }: Ledger, offset: string = "-1"): Promise<Message[]> {
    const messages: Message[] = [];
    for (let from = offset;;) {
      const page = await stream({
        url: this.link.url(name),
        offset: from,
        live: false,
        fetch: this.link.fetch,
        backoffOptions: READ_RETRIES,
        warnOnHttp: false,
      });
      if (kind === "text") messages.push(...decodeText(await page.text()));
      else messages.push(...(await page.json()).map(decodeValue));
      if (page.upToDate) return messages;
      from = page.offset;
    }
  }

  /** Compares a stream with its outside list; what is wrong is noted. */
  async settle(ledger: Ledger): Promise<readonly Message[]> {
    const head = await this.handle(ledger).head();
    const messages = head.exists ? await this.read(ledger) : [];
    const state = !head.exists ? "missing" : head.streamClosed ? "closed" : "open";
    this.wrong.push(...ledger.settle({ state, messages }));
    if (state !== "open") await this.#expectRefusal(ledger, state === "closed" ? 409 : 404);
    return messages;
  }

  async #expectRefusal(ledger: Ledger, status: number): Promise<void> {
    const message = this.message("late");
    ledger.send(message);
    ledger.refuse(message);
    try {
      await this.handle(ledger).append(encodeMessage(ledger.kind, message));
      this.wrong.push(`${ledger.stream}: takes an append and should answer ${status}`);
    } catch (error) {
      if ((error as { status?: number }).status === status) return;
      this.wrong.push(`${ledger.stream}: ${error} instead of ${status}`);
    }
  }
}

/** A request of a worker failed: that is expected while the server is down, and wrong otherwise. */
export function noteFailure(session: Session, what: string, error: unknown): void {
  if (session.link.isOpen) session.wrong.push(`${what}: ${error}`);
}
