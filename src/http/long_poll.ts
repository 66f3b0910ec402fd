/**
 * GET with `live=long-poll`: one answer, as soon as there is something to tell.
 *
 * @module
 */

import type { Page } from "../streams/stream_store.ts";
import { nextCursor } from "./cursor.ts";
import type { Answer, Exchange } from "./exchange.ts";
import { LiveReader } from "./live_reader.ts";
import { cachedFields, pageAnswer, pageFields } from "./page_answer.ts";

/** Answers with data at once or when it comes; with 204 when the time is over or the stream closed. */
export async function longPoll(
  exchange: Exchange,
  first: Page,
  clientCursor: string | undefined,
): Promise<Answer> {
  const { settings, request } = exchange;
  let page = first;
  if (page.messages.length === 0 && !page.closed) {
    const reader = new LiveReader(exchange, page, settings.pageBytes);
    const leave = (): void => reader.end();
    request.signal.addEventListener("abort", leave, { once: true });
    try {
      const until = settings.clock.now() + settings.longPollMs;
      const step = await reader.next(page.nextOffset, page.nextOffset, until);
      if (typeof step === "object") page = step;
    } finally {
      reader.end();
      request.signal.removeEventListener("abort", leave);
    }
  }
  const cursor = {
    "Stream-Cursor": nextCursor(clientCursor, settings.clock.now(), settings.random),
  };
  if (page.messages.length > 0) {
    return pageAnswer(page, { ...cachedFields(page, settings), ...cursor });
  }
  return {
    status: 204,
    fields: { ...pageFields(page), ...cursor, "Cache-Control": "no-store" },
  };
}
