/**
 * GET: read what a stream has (catch-up), or hand over to the live readers. HEAD: its facts.
 *
 * @module
 */

import { noneMatchHits } from "./entity_tag.ts";
import { eventStream } from "./event_stream.ts";
import type { Answer, Exchange } from "./exchange.ts";
import { accepted } from "./exchange.ts";
import { longPoll } from "./long_poll.ts";
import { BEGINNING, NOW, readQuery } from "./offset_parameter.ts";
import { cachedFields, ownPageAnswer, pageAnswer, pageFields } from "./page_answer.ts";
import { streamFields } from "./response_fields.ts";

/** Answers a read of any mode. */
export async function getStream(exchange: Exchange): Promise<Answer> {
  const query = readQuery(exchange.request.url);
  const offset = query.offset ?? BEGINNING;
  if (query.live === "sse") return eventStream(exchange, offset, query.cursor);
  const { store, name, settings, request } = exchange;
  const page = accepted(await store.read(name, offset, { maxBytes: settings.pageBytes }));
  if (query.live === "long-poll") return longPoll(exchange, page, query.cursor);
  if (offset === NOW) {
    return pageAnswer(page, { ...pageFields(page), "Cache-Control": "no-store" });
  }
  const fields = cachedFields(page, settings);
  const condition = request.headers.get("if-none-match");
  if (condition !== null && noneMatchHits(condition, fields.ETag)) return { status: 304, fields };
  return ownPageAnswer(page, fields);
}

/** Answers the facts of a stream. */
export async function headStream({ store, name }: Exchange): Promise<Answer> {
  const { stream } = accepted(await store.head(name));
  return { status: 200, fields: { ...streamFields(stream), "Cache-Control": "no-store" } };
}
