/**
 * Reading a request body within limits: of its size while it streams in, of all bodies together,
 * and of time.
 *
 * @module
 */

import { joinBytes } from "../base/join_bytes.ts";
import type { Clock } from "./clock.ts";
import type { Exchange } from "./exchange.ts";
import { HttpProblem } from "./problem.ts";
import { busy } from "./store_problem.ts";

/** Slowest sender, in bytes per millisecond (1 KiB/s), averaged over the whole body. */
export const MIN_BODY_RATE: number = 1024 / 1000;

/** Longest body that is read as a whole, not chunk by chunk, in bytes. */
const SMALL_BODY_BYTES = 64 * 1024;

const EMPTY = new Uint8Array(0);

/**
 * Reads the whole body and passes it to `use`; its bytes count as held until `use` is done. What
 * exceeds a limit is not read: at most the limit and one chunk are ever held.
 * @throws HttpProblem `TOO_LARGE`, `BODY_TIMEOUT`, `BODY_INCOMPLETE`, `BUSY`.
 */
export async function withBody<T>(
  exchange: Exchange,
  use: (body: Uint8Array) => Promise<T>,
): Promise<T> {
  const { request, bodies, settings } = exchange;
  const length = request.headers.get("content-length");
  const announced = length === null ? undefined : Number(length);
  if (announced !== undefined && announced > settings.maxBodyBytes) {
    throw tooLarge(settings.maxBodyBytes);
  }
  const held = { bytes: 0 };
  try {
    if (announced !== undefined && announced <= SMALL_BODY_BYTES) {
      return await use(await readSmall(exchange, announced, held));
    }
    const stream = request.body;
    return await use(stream === null ? EMPTY : await readAll(stream, exchange, held));
  } finally {
    bodies.give(held.bytes);
  }
}

/**
 * A body whose announced length is small, which the server enforces: platforms read it faster as a
 * whole. It must come within the time of one silence.
 */
function readSmall(
  exchange: Exchange,
  announced: number,
  held: { bytes: number },
): Uint8Array | Promise<Uint8Array> {
  if (announced === 0) return EMPTY;
  const { bodies, request, bodyDeadlines } = exchange;
  if (!bodies.tryTake(announced)) throw busy("too many request bodies at one time");
  held.bytes = announced;
  return new Promise<Uint8Array>((resolve, reject) => {
    const done = bodyDeadlines.begin(() => reject(stalled()));
    const take = (body: Uint8Array | ArrayBuffer): void => {
      done();
      resolve(body instanceof Uint8Array ? body : new Uint8Array(body));
    };
    const fail = (): void => {
      done();
      reject(new HttpProblem("BODY_INCOMPLETE"));
    };
    if (request.bytes === undefined) request.arrayBuffer().then(take, fail);
    else request.bytes().then(take, fail);
  });
}

async function readAll(
  stream: ReadableStream<Uint8Array>,
  exchange: Exchange,
  held: { bytes: number },
): Promise<Uint8Array> {
  const { bodies, settings } = exchange;
  const { clock, maxBodyBytes, bodyStallMs } = settings;
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  const started = clock.now();
  try {
    for (;;) {
      const allowed = bodyStallMs + held.bytes / MIN_BODY_RATE - (clock.now() - started);
      const step = await within(reader, Math.min(bodyStallMs, allowed), clock);
      if (step.done) break;
      const size = step.value.length;
      if (held.bytes + size > maxBodyBytes) throw tooLarge(maxBodyBytes);
      if (!bodies.tryTake(size)) throw busy("too many request bodies at one time");
      held.bytes += size;
      chunks.push(step.value);
    }
  } catch (error) {
    abandon(reader);
    if (error instanceof HttpProblem) throw error;
    throw new HttpProblem("BODY_INCOMPLETE");
  }
  return joinBytes(chunks);
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;
type Step = Awaited<ReturnType<Reader["read"]>>;

function within(reader: Reader, ms: number, clock: Clock): Promise<Step> {
  return new Promise<Step>((resolve, reject) => {
    const timer = clock.setTimer(() => {
      reject(stalled());
    }, Math.max(0, ms));
    reader.read().then(
      (step) => {
        clock.clearTimer(timer);
        resolve(step);
      },
      (error: unknown) => {
        clock.clearTimer(timer);
        reject(error);
      },
    );
  });
}

/** Tells the sender to stop. That this fails when the sender is gone already changes nothing. */
function abandon(reader: Reader): void {
  reader.cancel().catch(() => undefined);
}

function tooLarge(maxBytes: number): HttpProblem {
  return new HttpProblem("TOO_LARGE", `a body has at most ${maxBytes} bytes`, {
    Connection: "close",
  });
}

function stalled(): HttpProblem {
  return new HttpProblem("BODY_TIMEOUT", "", { Connection: "close" });
}
