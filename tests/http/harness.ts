/**
 * A handler over a store in memory, with a clock that stands still until a test moves it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHandler } from "../../src/http/create_handler.ts";
import type { HandlerOptions } from "../../src/http/handler_options.ts";
import type { StreamStore } from "../../src/streams/stream_store.ts";
import { FakeClock } from "./fake_clock.ts";
import { openStore } from "./open_store.ts";

/** What a request is made of. */
export interface Init {
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array | ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal;
}

/** A handler under test. */
export class Harness {
  readonly store: StreamStore;
  readonly clock: FakeClock;
  readonly errors: unknown[] = [];
  readonly #handler: (request: Request) => Promise<Response>;
  #waiting: (() => void)[] = [];
  #waits = 0;

  constructor(store: StreamStore, options: HandlerOptions, clock: FakeClock) {
    this.store = store;
    this.clock = clock;
    const subscribe = store.subscribe.bind(store);
    store.subscribe = (...args): ReturnType<StreamStore["subscribe"]> => {
      const wait = subscribe(...args);
      this.#waits++;
      const told = this.#waiting;
      this.#waiting = [];
      for (const tell of told) tell();
      return wait;
    };
    this.#handler = createHandler(store, {
      clock,
      random: () => 0,
      onError: (error) => this.errors.push(error),
      ...options,
    });
  }

  /** How often a reader began to wait so far. */
  get waits(): number {
    return this.#waits;
  }

  /** Resolves once `count` waits have begun since the start of the test. */
  async waited(count: number): Promise<void> {
    while (this.#waits < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Sends a request; `path` is below `/v1/stream/` unless it begins with a slash. */
  call(method: string, path: string, init: Init = {}): Promise<Response> {
    const url = `http://test.local${path.startsWith("/") ? path : `/v1/stream/${path}`}`;
    const streaming = init.body instanceof ReadableStream ? { duplex: "half" } : {};
    return this.#handler(new Request(url, { method, ...init, ...streaming } as RequestInit));
  }

  /** Creates a stream and checks that it worked. */
  async create(path: string, type: string, body = "", headers = {}): Promise<string> {
    const response = await this.call("PUT", path, {
      headers: { "Content-Type": type, ...headers },
      ...(body === "" ? {} : { body }),
    });
    assert.equal(response.status, 201, await response.text());
    return header(response, "Stream-Next-Offset");
  }

  /** Appends and checks that it worked; gives the next offset. */
  async append(path: string, type: string, body: string | Uint8Array): Promise<string> {
    const response = await this.call("POST", path, { headers: { "Content-Type": type }, body });
    assert.equal(response.status, 204, await response.text());
    return header(response, "Stream-Next-Offset");
  }
}

/** A header that must be there. */
export function header(response: Response, name: string): string {
  const value = response.headers.get(name);
  assert.notEqual(value, null, `${name} is missing`);
  return value ?? "";
}

/** Checks status and code of a refusal, and that it is a complete problem. */
export async function assertProblem(
  response: Response,
  status: number,
  code: string,
): Promise<void> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(response.headers.get("Content-Type"), "application/problem+json");
  assert.equal(response.headers.get("X-Content-Type-Options"), "nosniff");
  assert.equal(response.headers.get("Cross-Origin-Resource-Policy"), "cross-origin");
  const problem = JSON.parse(text) as Record<string, unknown>;
  assert.equal(problem["code"], code);
  assert.equal(problem["status"], status);
  assert.equal(typeof problem["title"], "string");
  assert.doesNotMatch(text, /\.ts\b|\n\s+at |\/srv|kernel|hold\b/);
}

/** Runs a test against a fresh store, and closes and checks the store afterwards. */
export async function withHandler(
  options: HandlerOptions,
  body: (harness: Harness) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock();
  const { store, close } = await openStore(() => clock.now());
  try {
    await body(new Harness(store, options, clock));
  } finally {
    await close();
  }
}
