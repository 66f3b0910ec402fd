/**
 * PUT: create a stream or a fork.
 *
 * @module
 */

import type { CreateOptions, ForkOptions } from "../streams/stream_store.ts";
import type { Answer, Exchange, RequestHeaders } from "./exchange.ts";
import { accepted } from "./exchange.ts";
import { contentType, DEFAULT_CONTENT_TYPE, payloadKind, servedType } from "./media_type.ts";
import { splitMessages } from "./message_split.ts";
import { isOffset } from "./offset_parameter.ts";
import { HttpProblem } from "./problem.ts";
import { withBody } from "./request_body.ts";
import { closedFlag, expiryFields, subOffsetField } from "./request_fields.ts";
import type { Fields } from "./response_fields.ts";
import { rawPath, streamName, streamPath } from "./stream_path.ts";

/** Answers 201 for a new stream, 200 for one that exists with the same configuration. */
export function putStream(exchange: Exchange): Promise<Answer> {
  const { headers } = exchange.request;
  const fork = forkOf(headers, exchange.settings.basePath);
  const given = headers.get("content-type");
  const type = given === null || given === "" ? undefined : contentType(given);
  const options: CreateOptions = {
    ...expiryFields(headers),
    ...(type === undefined ? {} : { contentType: type }),
    ...(fork === undefined ? {} : { fork }),
    closed: closedFlag(headers),
  };
  return withBody(exchange, async (body) => {
    const contents = body.length === 0 ? {} : await firstMessages(exchange, body, options);
    const { store, name } = exchange;
    const outcome = accepted(await store.create(name, { ...options, ...contents }));
    const fields: Fields = {
      "Content-Type": servedType(outcome.stream.contentType),
      "Stream-Next-Offset": outcome.stream.nextOffset,
      "Cache-Control": "no-store",
    };
    if (outcome.stream.closed) fields["Stream-Closed"] = "true";
    if (outcome.created) fields["Location"] = locationOf(exchange);
    return { status: outcome.created ? 201 : 200, fields };
  });
}

/** A body without a content type has that of the fork's source; the store checks that it still has. */
async function firstMessages(
  exchange: Exchange,
  body: Uint8Array,
  options: CreateOptions,
): Promise<Pick<CreateOptions, "messages" | "contentType">> {
  let type = options.contentType;
  if (type === undefined && options.fork !== undefined) {
    const source = await exchange.store.head(options.fork.source);
    if (source.outcome === "done") type = source.stream.contentType;
  }
  const kind = payloadKind(type ?? DEFAULT_CONTENT_TYPE);
  const messages = splitMessages(body, kind, exchange.settings.maxJsonDepth);
  return type === undefined ? { messages } : { messages, contentType: type };
}

function forkOf(headers: RequestHeaders, basePath: string): ForkOptions | undefined {
  const from = headers.get("stream-forked-from");
  const offset = headers.get("stream-fork-offset");
  const subOffset = subOffsetField(headers);
  if (from === null) {
    if (offset === null && subOffset === undefined) return undefined;
    throw new HttpProblem("INVALID_FORK", "a fork point needs Stream-Forked-From");
  }
  if (offset !== null && !isOffset(offset)) {
    throw new HttpProblem("INVALID_FORK", "Stream-Fork-Offset is not an offset");
  }
  if (offset === null && subOffset !== undefined && subOffset > 0) {
    throw new HttpProblem("INVALID_FORK", "Stream-Fork-Sub-Offset needs Stream-Fork-Offset");
  }
  const source = streamName(rawPath(from), basePath);
  if (source === undefined) {
    throw new HttpProblem("INVALID_FORK", `Stream-Forked-From is a path below ${basePath}`);
  }
  return {
    source,
    ...(offset === null ? {} : { offset }),
    ...(subOffset === undefined ? {} : { subOffset }),
  };
}

function locationOf({ request, name, settings }: Exchange): string {
  const { url } = request;
  const origin = url.slice(0, url.indexOf("/", url.indexOf("://") + 3));
  return origin + streamPath(name, settings.basePath);
}
