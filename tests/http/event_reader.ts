/**
 * Server-sent events as a client reads them (WHATWG HTML, 9.2.6).
 *
 * @module
 */

/** One event. */
export interface ReceivedEvent {
  readonly event: string;
  readonly data: string;
}

/** All events of a text, which must end with the end of an event. */
export function parseEvents(text: string): ReceivedEvent[] {
  const events: ReceivedEvent[] = [];
  let event = "message";
  let data: string[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === "") {
      if (data.length > 0) events.push({ event, data: data.join("\n") });
      event = "message";
      data = [];
      continue;
    }
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  return events;
}

/** Reads the events of a response one after the other. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  readonly #events: ReceivedEvent[] = [];
  #rest = "";

  constructor(response: Response) {
    if (response.body === null) throw new TypeError("the response has no body");
    this.#reader = response.body.getReader();
  }

  /** The next event, or `undefined` at the end. */
  async next(): Promise<ReceivedEvent | undefined> {
    while (this.#events.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#rest += this.#decoder.decode(value, { stream: true });
      const end = this.#rest.lastIndexOf("\n\n");
      if (end === -1) continue;
      this.#events.push(...parseEvents(this.#rest.slice(0, end + 2)));
      this.#rest = this.#rest.slice(end + 2);
    }
    return this.#events.shift();
  }

  /** The next event, which must be a control event, parsed. */
  async control(): Promise<Record<string, unknown>> {
    const event = await this.next();
    if (event?.event !== "control") throw new Error(`no control event but ${event?.event}`);
    return JSON.parse(event.data) as Record<string, unknown>;
  }

  /** The data of the next event, which must be a data event. */
  async data(): Promise<string> {
    const event = await this.next();
    if (event?.event !== "data") throw new Error(`no data event but ${event?.event}`);
    return event.data;
  }

  /** Leaves. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}
