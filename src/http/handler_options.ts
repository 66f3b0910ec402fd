/**
 * What a handler may be told, and what it does when it is told nothing.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import { SYSTEM_CLOCK } from "./clock.ts";
import { DEFAULT_MAX_JSON_DEPTH } from "./json_elements.ts";

/** Options of `createHandler`. Sizes in bytes, times in milliseconds. */
export interface HandlerOptions {
  /** Where streams live: begins and ends with a slash. Default `/v1/stream/`. */
  readonly basePath?: string;
  /** Longest request body; a longer one is 413. Default 16 MiB. */
  readonly maxBodyBytes?: number;
  /** All request bodies held at one time; beyond it 503. Default 256 MiB. */
  readonly maxBufferedBytes?: number;
  /** Longest silence of a sender in the middle of a body; then 408. Default 30,000. */
  readonly bodyStallMs?: number;
  /** Deepest nesting of posted JSON. Default 512. */
  readonly maxJsonDepth?: number;
  /** Most bytes of messages in a catch-up or long-poll answer (one message at least). Default 1 MiB. */
  readonly pageBytes?: number;
  /** How long a long-poll waits. Default 30,000. */
  readonly longPollMs?: number;
  /** When an event stream ends, for the client to come back. Default 60,000. */
  readonly sseMs?: number;
  /** Most bytes of messages in one event (one message at least). Default 256 KiB. */
  readonly sseEventBytes?: number;
  /** How long an event stream waits for a reader that does not read; then it is cut. Default 30,000. */
  readonly sseStallMs?: number;
  /** Readers that wait at one time, long-poll and event streams; beyond it 503. Default 20,000. */
  readonly maxWaiters?: number;
  /** Requests under way at one time; beyond it 503. Default 10,000. */
  readonly maxRequests?: number;
  /** Who may keep a copy of what was read: shared caches too, or only the client. Default "public". */
  readonly caching?: "public" | "private";
  /** `Access-Control-Allow-Origin`. Default `*`. */
  readonly allowOrigin?: string;
  /** `Cross-Origin-Resource-Policy`. Default "cross-origin". */
  readonly resourcePolicy?: "cross-origin" | "same-site" | "same-origin";
  /** Time and timers. Default: those of the platform. */
  readonly clock?: Clock;
  /** Gives numbers in [0, 1), for the jitter of cursors. Default `Math.random`. */
  readonly random?: () => number;
  /** Once it aborts, waiting readers are answered and event streams end, and new waits end at once. */
  readonly signal?: AbortSignal;
  /** Told of every error of the store or of the handler itself, after the client was answered 5xx. */
  readonly onError?: (error: unknown) => void;
}

/** All options, decided. */
export interface Settings extends Required<Omit<HandlerOptions, "signal">> {
  /** Aborts when the server is shutting down. */
  readonly signal: AbortSignal;
}

/** `options` with every default filled in. Throws `TypeError` or `RangeError` for senseless ones. */
export function settingsOf(options: HandlerOptions): Settings {
  const basePath = options.basePath ?? "/v1/stream/";
  if (!/^\/(?:[\w.~-]+\/)*$/.test(basePath)) {
    throw new TypeError("basePath begins and ends with a slash and has plain segments");
  }
  return {
    basePath,
    maxBodyBytes: positive("maxBodyBytes", options.maxBodyBytes ?? 16 * 1024 * 1024),
    maxBufferedBytes: positive("maxBufferedBytes", options.maxBufferedBytes ?? 256 * 1024 * 1024),
    bodyStallMs: positive("bodyStallMs", options.bodyStallMs ?? 30_000),
    maxJsonDepth: positive("maxJsonDepth", options.maxJsonDepth ?? DEFAULT_MAX_JSON_DEPTH),
    pageBytes: positive("pageBytes", options.pageBytes ?? 1024 * 1024),
    longPollMs: positive("longPollMs", options.longPollMs ?? 30_000),
    sseMs: positive("sseMs", options.sseMs ?? 60_000),
    sseEventBytes: positive("sseEventBytes", options.sseEventBytes ?? 256 * 1024),
    sseStallMs: positive("sseStallMs", options.sseStallMs ?? 30_000),
    maxWaiters: positive("maxWaiters", options.maxWaiters ?? 20_000),
    maxRequests: positive("maxRequests", options.maxRequests ?? 10_000),
    caching: options.caching ?? "public",
    allowOrigin: options.allowOrigin ?? "*",
    resourcePolicy: options.resourcePolicy ?? "cross-origin",
    clock: options.clock ?? SYSTEM_CLOCK,
    random: options.random ?? Math.random,
    signal: options.signal ?? new AbortController().signal,
    onError: options.onError ?? ((): void => undefined),
  };
}

function positive(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${name} is a whole number of at least 1`);
  }
  return value;
}
