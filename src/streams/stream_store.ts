/**
 * The contract of a store of durable streams: what the HTTP handler, and programs that need no HTTP,
 * build on. Two implementations pass one shared suite (`tests/streams/stream_store_contract.ts`).
 *
 * A stream is a name and an append-only list of messages, each a run of bytes. In a stream of plain
 * bytes one append is one message; in a JSON stream each element of the posted array is one (the
 * caller splits, the store never parses). Names, producer ids and the like are plain keys: no
 * string is special.
 *
 * Every method is asynchronous and has three outcomes: **done**, **refused** (with a reason; nothing
 * changed, and what the reason says is durable), and **unknown**: the promise rejects with a
 * `HoldfastError` (`POISONED`, `CLOSED`, `IO_*`, `CORRUPT_*`), and the change may or may not survive a
 * restart. Argument mistakes are `TypeError` or `RangeError`.
 *
 * Durability: `done` and `refused` are reported only when everything they depend on is as durable as
 * the store promises; readers, heads, lists and subscribers never see anything else. Ordering: calls
 * on one stream take effect one after the other, in call order when made by one caller; each sees the
 * effect of those before it, durable or not, so that concurrent writers share a sync.
 *
 * Buffers: messages given must not change until the promise settles; messages returned belong to the
 * caller, but several may share one `ArrayBuffer`.
 *
 * @module
 */

import type { Refused } from "./refusal.ts";

export type {
  AlreadyClosed,
  BadOffset,
  ConfigMismatch,
  ContentTypeMismatch,
  ForkSourceNotFound,
  ForkSubOffset,
  Gone,
  LimitExceeded,
  NoSpace,
  NotFound,
  OffsetBeyondTail,
  OffsetMismatch,
  ProducerEpochSeq,
  ProducerFenced,
  ProducerGap,
  Refusal,
  Refused,
  SequenceConflict,
  SoftDeleted,
  Trimmed,
} from "./refusal.ts";

/** A request of an idempotent producer. Integers from 0 to 2^53 - 1; `id` is not empty. */
export interface ProducerRequest {
  /** Names the producer within the stream. */
  readonly id: string;
  /** Raised by each new incarnation of the producer; fences the older ones. */
  readonly epoch: number;
  /** Number of the request in its epoch, from 0. Counts requests, not messages. */
  readonly seq: number;
}

/** Where a new stream takes its first messages from. */
export interface ForkOptions {
  /** Name of the source stream. */
  readonly source: string;
  /** Offset in the source where the fork begins; default its tail at this moment. */
  readonly offset?: string;
  /**
   * Moves the beginning on, past `offset`: by messages in a JSON stream, else by bytes, which may
   * cut a message. 0 means absent. More than 0 needs `offset`.
   */
  readonly subOffset?: number;
}

/** What a stream is created with. A repeat with the same configuration is `done`, `created: false`. */
export interface CreateOptions {
  /**
   * Default: that of the fork's source, else `application/octet-stream`. Compared by type and
   * subtype, in any case; parameters are kept but never compared.
   */
  readonly contentType?: string;
  /** First messages (after the inherited ones of a fork). Ignored by a repeat. */
  readonly messages?: readonly Uint8Array[];
  /** Create the stream closed: complete in one step. */
  readonly closed?: boolean;
  /** Seconds without access after which the stream expires. Not together with `expiresAt`. */
  readonly ttlSeconds?: number;
  /** Milliseconds since 1970 when the stream expires. A fork without either inherits its source's. */
  readonly expiresAt?: number;
  /** Begin as a fork of another stream. */
  readonly fork?: ForkOptions;
}

/** What is known about a stream. */
export interface StreamInfo {
  /** Its name. */
  readonly name: string;
  /** As given at creation. */
  readonly contentType: string;
  /** Differs for each stream ever created, also under one name: short, of `[0-9a-z-]`. */
  readonly incarnation: string;
  /** The tail: the offset after the last message. */
  readonly nextOffset: string;
  /** No message will ever follow. */
  readonly closed: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Present if the stream expires so many seconds after the last access. */
  readonly ttlSeconds?: number;
  /** Present if the stream expires at this time, milliseconds since 1970. */
  readonly expiresAt?: number;
  /** Present in a fork: the name its source had. */
  readonly forkedFrom?: string;
}

/** Options of {@linkcode StreamStore.append}. */
export interface AppendOptions {
  /** Refuse unless this is the stream's content type. Absent, or closing without data: not compared. */
  readonly contentType?: string;
  /** Exactly-once: a repeat is `done`, `duplicate: true`, whatever its data. */
  readonly producer?: ProducerRequest;
  /** Must be greater, by UTF-8 bytes, than the last accepted one of this stream (all writers alike). */
  readonly streamSeq?: string;
  /** Refuse unless the tail is here: compare-and-append. */
  readonly expectedOffset?: string;
  /** Close the stream in the same step. */
  readonly close?: boolean;
}

/** Options of {@linkcode StreamStore.close}. */
export interface CloseOptions {
  /** As for an append; the request advances the producer's state. */
  readonly producer?: ProducerRequest;
}

/** Options of {@linkcode StreamStore.read}. */
export interface ReadOptions {
  /** Most bytes of messages in the page (at least one message is returned). Default 1 MiB. */
  readonly maxBytes?: number;
  /** Most messages in the page. Default 10,000. */
  readonly maxMessages?: number;
}

/** Where a reader stands: what {@linkcode StreamStore.subscribe} waits to be out of date. */
export interface ReadPosition {
  /** Of the stream that was read. */
  readonly incarnation: string;
  /** `nextOffset` of the last page. */
  readonly offset: string;
}

/** Options of {@linkcode StreamStore.subscribe}. */
export interface SubscribeOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode StreamStore.list}. */
export interface ListOptions {
  /** Only names that begin so. */
  readonly prefix?: string;
  /** Only names after this one (by UTF-8 bytes): the last name of the page before. */
  readonly after?: string;
  /** Most streams in the page. Default 1,000. */
  readonly limit?: number;
}

/** Outcome of {@linkcode StreamStore.create} and {@linkcode StreamStore.fork}. */
export type CreateOutcome =
  | {
    readonly outcome: "done";
    /** False: it existed with the same configuration; nothing was appended. */
    readonly created: boolean;
    /** The stream as it is now. */
    readonly stream: StreamInfo;
  }
  | Refused;

/** Outcome of {@linkcode StreamStore.append} and of closing a stream. */
export type AppendOutcome =
  | {
    readonly outcome: "done";
    /** True: a repeat of an accepted producer request, or closing what is closed; nothing changed. */
    readonly duplicate: boolean;
    /** The tail after this append; of a duplicate, the tail now. */
    readonly nextOffset: string;
    /** The stream is closed. */
    readonly closed: boolean;
    /** Present with a producer: its newest epoch and the highest sequence number accepted in it. */
    readonly producer?: { readonly epoch: number; readonly seq: number };
  }
  | Refused;

/** One page of a stream. */
export interface Page {
  /** Tells the three kinds of outcome apart. */
  readonly outcome: "done";
  /** The messages, whole; empty at the tail. */
  readonly messages: readonly Uint8Array[];
  /** Bytes in `messages`. */
  readonly bytes: number;
  /** Where the page begins, as an offset (`-1` and `now` resolved). */
  readonly startOffset: string;
  /** Where the next page begins. */
  readonly nextOffset: string;
  /** The offset after the first `count` messages of this page (0: `startOffset`). */
  offsetAfter(count: number): string;
  /** The page reached the tail when it was made. */
  readonly upToDate: boolean;
  /** The stream is closed and the page reached its end: nothing will follow. */
  readonly closed: boolean;
  /** See {@linkcode StreamInfo.incarnation}; with the offsets and `closed`, an entity tag. */
  readonly incarnation: string;
  /** Of the stream. */
  readonly contentType: string;
  /**
   * Frees what large messages lie in, at once instead of at the next garbage collection. `messages`
   * must not be used afterwards, by anybody. Never necessary.
   */
  release(): void;
}

/** Outcome of {@linkcode StreamStore.read}. */
export type ReadOutcome = Page | Refused;

/** Outcome of {@linkcode StreamStore.head}. */
export type HeadOutcome = { readonly outcome: "done"; readonly stream: StreamInfo } | Refused;

/** Outcome of {@linkcode StreamStore.delete}. */
export type DeleteOutcome =
  | {
    readonly outcome: "done";
    /** Forks keep the data: the name stays taken ("gone") until the last of them goes. */
    readonly soft: boolean;
  }
  | Refused;

/** Outcome of {@linkcode StreamStore.touch}. */
export type TouchOutcome = { readonly outcome: "done" } | Refused;

/** One page of {@linkcode StreamStore.list}. */
export interface StreamList {
  /** In order of name, by UTF-8 bytes. */
  readonly streams: readonly StreamInfo[];
  /** There may be more after the last one. */
  readonly more: boolean;
}

/** What one {@linkcode StreamStore.sweep} did. */
export interface SweepReport {
  /** Streams that expired. */
  readonly expired: number;
  /** Stored entries of deleted streams that were freed. */
  readonly freed: number;
  /** Work is left: call again soon. */
  readonly more: boolean;
}

/** A store of durable streams. See the module text for outcomes, durability, ordering and buffers. */
export interface StreamStore extends AsyncDisposable {
  /**
   * Creates a stream with its first messages, or as a fork: one step. Of concurrent calls for one
   * name exactly one gets `created: true`.
   *
   * Refused: `config-mismatch`, `soft-deleted`, `limit`, `no-space`; for forks also
   * `fork-source-not-found`, `content-type-mismatch`, `bad-offset`, `offset-beyond-tail`, `trimmed`,
   * `fork-sub-offset`.
   */
  create(name: string, options?: CreateOptions): Promise<CreateOutcome>;

  /** The same as {@linkcode StreamStore.create} with `fork: { source, ... }`. */
  fork(
    name: string,
    source: string,
    options?: Omit<CreateOptions, "fork"> & Omit<ForkOptions, "source">,
  ): Promise<CreateOutcome>;

  /**
   * Appends all messages or none; data, producer state, `streamSeq`, closure and renewal of the TTL
   * are one atomic step. `messages` may be empty only when closing.
   *
   * Checked in this order, the first that fails is the reason: `limit`, `not-found` or `gone`,
   * `closed`, `content-type-mismatch`, `producer-*`, `sequence-conflict`, `offset-mismatch`,
   * `no-space`. On a closed stream a repeat of the producer request that closed it, and closing
   * without data and producer, are duplicates.
   */
  append(
    name: string,
    messages: readonly Uint8Array[],
    options?: AppendOptions,
  ): Promise<AppendOutcome>;

  /** Ends the store: waits for calls under way, wakes subscribers (`CLOSED`), frees what it opened. */
  close(): Promise<void>;
  /** Closes a stream: an append without messages and with `close: true`. */
  close(name: string, options?: CloseOptions): Promise<AppendOutcome>;

  /**
   * Reads whole messages from `offset`: an offset this stream handed out, `-1` (the beginning) or
   * `now` (the tail: an empty page). Renews the TTL, in memory.
   *
   * Refused: `not-found`, `gone`, `bad-offset`, `offset-beyond-tail`, `trimmed`.
   */
  read(name: string, offset: string, options?: ReadOptions): Promise<ReadOutcome>;

  /** Facts of a stream; does not renew its TTL. Refused: `not-found`, `gone`. */
  head(name: string): Promise<HeadOutcome>;

  /**
   * Deletes a stream; the name is free at once unless forks need the data. Space returns with
   * {@linkcode StreamStore.sweep}. Refused: `not-found`, `gone`.
   */
  delete(name: string): Promise<DeleteOutcome>;

  /** Renews the TTL as a read does, in memory: for live readers that wait. Refused: as `head`. */
  touch(name: string): Promise<TouchOutcome>;

  /**
   * Waits until the stream may be other than at `position`: longer, closed, deleted, expired or
   * created anew. A hint without data, possibly for nothing: read again. Nothing that happens after
   * the call is missed, and if `position` is already out of date it resolves at once.
   *
   * @returns `"aborted"` when the signal ended the wait; rejects only with `CLOSED`.
   */
  subscribe(
    name: string,
    position: ReadPosition,
    options?: SubscribeOptions,
  ): Promise<"changed" | "aborted">;

  /** Streams in order of name, without deleted and expired ones. */
  list(options?: ListOptions): Promise<StreamList>;

  /**
   * One bounded step of upkeep: expires streams, frees the space of deleted ones, persists renewals.
   * Whoever runs the store calls it every few seconds, and at once again while `more`.
   * @throws {StateError} `POISONED`, also when there is nothing to do; `CLOSED`
   */
  sweep(): Promise<SweepReport>;
}
