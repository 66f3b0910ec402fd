/**
 * A page of a stream as an HTTP answer.
 *
 * @module
 */

import type { Page } from "../streams/stream_store.ts";
import { entityTag } from "./entity_tag.ts";
import type { Answer } from "./exchange.ts";
import type { Settings } from "./handler_options.ts";
import { payloadKind } from "./media_type.ts";
import type { Fields } from "./response_fields.ts";
import { joinBytes, jsonArray } from "./sse_encoding.ts";

/** The page as a body: one JSON array, or the bytes. */
export function pageAnswer(page: Page, fields: Fields): Answer {
  const json = payloadKind(page.contentType) === "json";
  return {
    status: 200,
    fields: { ...fields, "Content-Type": page.contentType },
    body: json ? jsonArray(page.messages) : joinBytes(page.messages),
  };
}

/** Where a page ends. Partial pages say neither that they are the last nor that nothing follows. */
export function pageFields(page: Page): Fields {
  const fields: Fields = { "Stream-Next-Offset": page.nextOffset };
  if (page.upToDate) fields["Stream-Up-To-Date"] = "true";
  if (page.closed) fields["Stream-Closed"] = "true";
  return fields;
}

/**
 * Where a page ends, and what caches may do with it: data never changes; an empty page does, with
 * the next append, and is asked for again each time.
 */
export function cachedFields(page: Page, settings: Settings): Fields & { ETag: string } {
  const { incarnation, startOffset, nextOffset, upToDate, closed } = page;
  const fresh = page.messages.length === 0 && !closed
    ? "no-cache"
    : "max-age=60, stale-while-revalidate=300";
  return {
    ...pageFields(page),
    "Cache-Control": `${settings.caching}, ${fresh}`,
    ETag: entityTag({ incarnation, start: startOffset, end: nextOffset, upToDate, closed }),
  };
}
