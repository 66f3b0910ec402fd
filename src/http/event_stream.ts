/**
 * GET with `live=sse`: server-sent events.
 *
 * Nothing is made before the client takes it: each pull makes one pair of events, so a reader that
 * does not read holds one pair at most, and is cut after a while. It loses nothing: the last control
 * event it saw tells where to go on.
 *
 * @module
 */

import type { Answer, Exchange } from "./exchange.ts";
import { accepted } from "./exchange.ts";
import { EventSession } from "./event_session.ts";
import type { Settings } from "./handler_options.ts";
import { payloadKind } from "./media_type.ts";
import { HttpProblem } from "./problem.ts";
import type { Fields } from "./response_fields.ts";

/** Answers with a stream of events that begins behind `offset`. */
export async function eventStream(
  exchange: Exchange,
  offset: string,
  clientCursor: string | undefined,
): Promise<Answer> {
  const { store, name, settings } = exchange;
  const opening = accepted(await store.read(name, offset, { maxBytes: settings.sseEventBytes }));
  const session = new EventSession(exchange, opening, clientCursor);
  const fields: Fields = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
  };
  if (payloadKind(opening.contentType) === "bytes") fields["Stream-SSE-Data-Encoding"] = "base64";
  const body = new ReadableStream(new EventPump(session, settings), { highWaterMark: 0 });
  return { status: 200, fields, body };
}

type Controller = ReadableStreamDefaultController<Uint8Array>;

/** Makes events as they are pulled, and cuts a reader that stopped pulling. */
class EventPump implements UnderlyingDefaultSource<Uint8Array> {
  readonly #session: EventSession;
  readonly #settings: Settings;
  #stall: unknown;
  #ended = false;

  constructor(session: EventSession, settings: Settings) {
    this.#session = session;
    this.#settings = settings;
  }

  start(controller: Controller): void {
    this.#watch(controller);
  }

  async pull(controller: Controller): Promise<void> {
    this.#settings.clock.clearTimer(this.#stall);
    try {
      const events = await this.#session.next();
      if (this.#ended) return;
      if (events === undefined) {
        this.cancel();
        controller.close();
      } else {
        controller.enqueue(events);
        this.#watch(controller);
      }
    } catch (error) {
      if (this.#ended) return;
      this.cancel();
      if (error instanceof HttpProblem) {
        controller.close();
      } else {
        this.#settings.onError(error);
        controller.error(withoutStack("a stream of events ended early"));
      }
    }
  }

  cancel(): void {
    this.#ended = true;
    this.#settings.clock.clearTimer(this.#stall);
    this.#session.end();
  }

  #watch(controller: Controller): void {
    this.#stall = this.#settings.clock.setTimer(() => {
      this.cancel();
      controller.error(withoutStack("a reader of events stalled and was cut"));
    }, this.#settings.sseStallMs);
  }
}

/** An error for the log of the runtime, which prints it: where it was made tells nobody anything. */
function withoutStack(message: string): Error {
  const error = new Error(message);
  error.stack = message;
  return error;
}
