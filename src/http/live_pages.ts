/**
 * Reads and encoded events that many live readers of one stream share: an append that wakes a
 * thousand readers is read once and encoded once.
 *
 * Only readers that were woken share a read. A page may then be older than the wake-up, which costs
 * nothing: the reader waits from the page's end, and the store answers at once when that is stale.
 * First reads never share, because they must see all that was acknowledged before the request.
 *
 * @module
 */

import type { Page, ReadOutcome, StreamStore } from "../streams/stream_store.ts";

/** The shared pages of one store. */
export class LivePages {
  readonly #store: StreamStore;
  readonly #underWay = new Map<string, Promise<ReadOutcome>>();
  readonly #events = new WeakMap<Page, Map<string, Uint8Array>>();

  /** Makes it for a store. */
  constructor(store: StreamStore) {
    this.#store = store;
  }

  /** The page at `offset`: the read that is under way for it, or a new one. */
  read(name: string, offset: string, maxBytes: number): Promise<ReadOutcome> {
    const key = `${offset} ${maxBytes} ${name}`;
    const known = this.#underWay.get(key);
    if (known !== undefined) return known;
    const read = this.#store.read(name, offset, { maxBytes });
    this.#underWay.set(key, read);
    const forget = (): void => {
      this.#underWay.delete(key);
    };
    read.then(forget, forget);
    return read;
  }

  /** The event that `encode` makes of `page`, made once for each `variant`. */
  event(page: Page, variant: string, encode: () => Uint8Array): Uint8Array {
    let events = this.#events.get(page);
    if (events === undefined) {
      events = new Map();
      this.#events.set(page, events);
    }
    let event = events.get(variant);
    if (event === undefined) {
      event = encode();
      events.set(variant, event);
    }
    return event;
  }
}
