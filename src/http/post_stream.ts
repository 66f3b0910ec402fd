/**
 * POST: append to a stream, close it, or both in one step.
 *
 * @module
 */

import type { AppendOptions } from "../streams/stream_store.ts";
import type { Answer, Exchange } from "./exchange.ts";
import { accepted } from "./exchange.ts";
import { contentType, essence, payloadKind } from "./media_type.ts";
import { splitMessages } from "./message_split.ts";
import { HttpProblem } from "./problem.ts";
import { withBody } from "./request_body.ts";
import { closedFlag, producerFields, sequenceField } from "./request_fields.ts";
import type { Fields } from "./response_fields.ts";
import { refusalProblem } from "./store_problem.ts";

/** Answers 204, or 200 when a producer's new data was stored. */
export function postStream(exchange: Exchange): Promise<Answer> {
  return withBody(exchange, async (body) => {
    const { store, name } = exchange;
    let draft: Draft;
    try {
      draft = draftOf(exchange, body);
    } catch (error) {
      throw error instanceof HttpProblem ? await firstProblem(exchange, error) : error;
    }
    const { messages, options } = draft;
    const outcome = accepted(await store.append(name, messages, options));
    const fields: Fields = {
      "Stream-Next-Offset": outcome.nextOffset,
      "Cache-Control": "no-store",
    };
    if (outcome.closed) fields["Stream-Closed"] = "true";
    if (outcome.producer !== undefined) {
      fields["Producer-Epoch"] = String(outcome.producer.epoch);
      fields["Producer-Seq"] = String(outcome.producer.seq);
    }
    const stored = options.producer !== undefined && messages.length > 0 && !outcome.duplicate;
    return { status: stored ? 200 : 204, fields };
  });
}

/** What a request asks of the store. */
interface Draft {
  readonly messages: readonly Uint8Array[];
  readonly options: AppendOptions;
}

function draftOf(exchange: Exchange, body: Uint8Array): Draft {
  const { headers } = exchange.request;
  const close = closedFlag(headers);
  const producer = producerFields(headers);
  const streamSeq = sequenceField(headers);
  const options: AppendOptions = {
    close,
    ...(producer === undefined ? {} : { producer }),
    ...(streamSeq === undefined ? {} : { streamSeq }),
  };
  if (body.length === 0) {
    if (!close) throw new HttpProblem("EMPTY_BODY");
    return { messages: [], options };
  }
  const given = headers.get("content-type");
  if (given === null || given === "") throw new HttpProblem("CONTENT_TYPE_MISSING");
  const type = contentType(given);
  const messages = splitMessages(body, payloadKind(type), exchange.settings.maxJsonDepth);
  if (messages.length === 0) throw new HttpProblem("EMPTY_BODY", "the array has no elements");
  return { messages, options: { ...options, contentType: type } };
}

/**
 * The problem to answer when a request is malformed: what is wrong with the stream comes before what
 * is wrong with the body, as the protocol orders it. Asked for only when the request fails anyway.
 */
async function firstProblem(exchange: Exchange, problem: HttpProblem): Promise<HttpProblem> {
  const head = await exchange.store.head(exchange.name);
  if (head.outcome === "refused") return refusalProblem(head.refusal);
  const { closed, nextOffset, contentType: type } = head.stream;
  const ofContent = problem.code === "CONTENT_TYPE_MISSING" || problem.code === "INVALID_JSON";
  if (closed && ofContent) return refusalProblem({ reason: "closed", nextOffset });
  if (problem.code === "INVALID_JSON" && essence(type) !== "application/json") {
    return new HttpProblem("CONTENT_TYPE_MISMATCH");
  }
  return problem;
}
