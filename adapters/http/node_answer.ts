/**
 * Sending an answer through `node:http`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpAnswer } from "./http_server.ts";

/** How long the rest of a body that nobody wants may still come, milliseconds. */
const LINGER_MS = 500;

/** Sends `answer`; the promise, if any, resolves when the rest was handed on or the client is gone. */
export function sendAnswer(
  answer: HttpAnswer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> | undefined {
  const { status, fields, body, release } = answer;
  if (body instanceof ReadableStream) {
    if (outgoing.destroyed) return body.cancel();
    outgoing.writeHead(status, fields).flushHeaders();
    return pump(body, outgoing);
  }
  if (outgoing.destroyed) return undefined;
  if (release !== undefined) outgoing.once("finish", release);
  const head = body === undefined ? fields : { ...fields, "Content-Length": lengthOf(body) };
  outgoing.writeHead(status, head);
  if (!incoming.complete) return sendEarly(body, incoming, outgoing);
  if (isParts(body)) {
    // What is written in this turn goes to the system in one call.
    for (const part of body) outgoing.write(part);
    outgoing.end();
  } else {
    outgoing.end(body);
  }
  return undefined;
}

/** Answers while the client still sends. */
async function sendEarly(
  body: Body | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  if (body === undefined) outgoing.flushHeaders();
  else for (const part of isParts(body) ? body : [body]) outgoing.write(part);
  await linger(incoming);
  outgoing.end();
}

type Body = Exclude<HttpAnswer["body"], ReadableStream | undefined>;

function isParts(body: Body | undefined): body is readonly Uint8Array[] {
  return Array.isArray(body);
}

function lengthOf(body: Body): number {
  if (typeof body === "string") return Buffer.byteLength(body);
  return isParts(body) ? body.reduce((sum, part) => sum + part.length, 0) : body.length;
}

/**
 * Reads on while the client still sends a body that was refused: a connection that is closed with
 * unread bytes is reset, and the client would lose the answer it has not read yet (RFC 9112, 9.6).
 */
function linger(incoming: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      incoming.socket.destroySoon();
      resolve();
    }, LINGER_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    incoming.once("end", done).once("close", done).resume();
  });
}

/** Passes a stream on as fast as the client reads it, and cancels it when the client is gone. */
async function pump(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  let wake = (): void => undefined;
  const gone = (): void => {
    wake();
    // The source ends; that it fails in doing so reaches nobody who waits.
    reader.cancel().catch(() => undefined);
  };
  outgoing.once("close", gone).on("drain", () => wake()).on("error", gone);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || outgoing.destroyed) break;
      if (!outgoing.write(value) && !outgoing.destroyed) {
        await new Promise<void>((resolve) => wake = resolve);
      }
    }
    if (!outgoing.destroyed) outgoing.end();
  } catch {
    // The source told its own error to whom it concerns; the client sees a body that is cut.
    outgoing.destroy();
  }
}
