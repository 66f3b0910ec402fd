/**
 * One request on its way: what the methods of a stream share.
 *
 * @module
 */

import type { Refused, StreamStore } from "../streams/stream_store.ts";
import type { Capacity } from "./capacity.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Settings } from "./handler_options.ts";
import type { LivePages } from "./live_pages.ts";
import type { Fields } from "./response_fields.ts";
import { refusalProblem } from "./store_problem.ts";
import type { Waiters } from "./waiters.ts";

/**
 * The part of a web `Request` that is read. A `Request` is one; a server may pass something cheaper,
 * and tell the target as it was sent.
 */
export interface HttpRequest extends Pick<Request, "method" | "url" | "signal" | "arrayBuffer"> {
  /** The target as sent, where the server shows it: `url` may be normalised. */
  readonly target?: string;
  /** The headers. */
  readonly headers: RequestHeaders;
  /** The body as it arrives. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** The whole body, where that is cheaper than as a buffer of its own. */
  bytes?(): Promise<Uint8Array>;
}

/** Headers, to be read by name in lower case, which is how servers keep them. */
export type RequestHeaders = Pick<Headers, "get" | "has">;

/** What all requests of one handler share. */
export interface Shared {
  /** The store. */
  readonly store: StreamStore;
  /** The decided options. */
  readonly settings: Settings;
  /** Readers that wait. */
  readonly waiters: Waiters;
  /** Bytes of request bodies held. */
  readonly bodies: Capacity;
  /** When small bodies must be there. */
  readonly bodyDeadlines: Deadlines;
  /** Pages that live readers share. */
  readonly pages: LivePages;
}

/** A request to a stream. */
export interface Exchange extends Shared {
  /** The request. */
  readonly request: HttpRequest;
  /** The name of the stream. */
  readonly name: string;
}

/** An answer. */
export interface Answer {
  /** Status code. */
  readonly status: number;
  /** Headers. */
  readonly fields: Fields;
  /** Body, if any; as a list, the parts of one. */
  readonly body?: Uint8Array | readonly Uint8Array[] | ReadableStream<Uint8Array> | string;
  /** Frees the memory of the body; may be called once the system has taken its last byte. */
  readonly release?: () => void;
}

/** The done outcome, or the refusal thrown as a problem. */
export function accepted<T extends { readonly outcome: "done" }>(outcome: T | Refused): T {
  if (outcome.outcome === "done") return outcome;
  throw refusalProblem(outcome.refusal);
}
