/**
 * One watcher: the committed changes that wait to be taken, as an asynchronous iterator.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import type { Change, RangeOf } from "./change.ts";

/** How far one who watches may fall behind, and from when until when. */
export interface WatchLimits {
  /** Changes that may wait to be taken; one more ends the watch with `LAGGED`. @default 10,000 */
  readonly limit?: number;
  /** Bytes of keys and values that may wait, not counting the last change. @default 64 MiB */
  readonly limitBytes?: number;
  /** Ends the watch: it throws the reason of the signal. */
  readonly signal?: AbortSignal;
  /**
   * Begins behind the commit of this number instead of the newest one: that of a change, of an
   * `afterCommit` hook, or `sequence` of a snapshot. What was committed since is told first, without
   * a gap and nothing twice, and does not count towards the limits. `LAGGED` unless all of it is
   * still retained: see the option `retainChangeBytes` of the database.
   */
  readonly from?: number;
}

/** Options of `Database.watch`: limits, and what the structure can be narrowed to. */
export type WatchOptions<A = unknown> = WatchLimits & RangeOf<A>;

const LIMIT_DEFAULT = 10_000;
const LIMIT_BYTES_DEFAULT: number = 64 * 1024 * 1024;

/** Taken places at the front of the queue are given back in steps of this many. */
const COMPACT_STEP = 256;

interface Taker<C> {
  resolve(result: IteratorResult<C>): void;
  reject(error: unknown): void;
}

/** How it ended, once it has: with an error, or without. */
type End = { readonly error: unknown } | "done";

/**
 * A bounded queue of changes. Nothing is ever left out between two changes that it yields: when the
 * queue is full it yields what waits and then fails.
 */
export class Watch<C> implements AsyncIterableIterator<C> {
  /** Called once, when it takes no more changes. */
  onStop: () => void = () => {};

  readonly #name: string;
  readonly #decode: (change: Change) => C;
  readonly #limit: number;
  readonly #limitBytes: number;
  readonly #signal: AbortSignal | undefined;
  readonly #queue: Change[] = [];
  readonly #takers: Taker<C>[] = [];
  #front = 0;
  #bytes = 0;
  /** Changes at the front that do not count. */
  #replayed = 0;
  #end: End | undefined;

  /**
   * A watch of the structure `name`.
   * @throws {TypeError} {RangeError} for wrong limits; the reason of an aborted signal
   */
  constructor(name: string, limits: WatchLimits, decode: (change: Change) => C) {
    const { limit = LIMIT_DEFAULT, limitBytes = LIMIT_BYTES_DEFAULT, signal } = limits;
    for (const [option, value] of Object.entries({ limit, limitBytes })) {
      if (!Number.isSafeInteger(value) || value < 1) {
        throw new RangeError(`The option ${option} of a watch is a whole number from 1 on`);
      }
    }
    signal?.throwIfAborted();
    this.#name = name;
    this.#decode = decode;
    this.#limit = limit;
    this.#limitBytes = limitBytes;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next change. After the last one it is done; after an error it fails again with that. */
  next(): Promise<IteratorResult<C>> {
    const change = this.#queue[this.#front];
    if (change !== undefined) return this.#take(change);
    const end = this.#end;
    if (end === "done") return Promise.resolve({ done: true, value: undefined });
    if (end !== undefined) return Promise.reject(end.error);
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
  }

  /** Ends it: changes that wait are dropped. */
  return(): Promise<IteratorResult<C>> {
    this.#drop();
    this.stop("done");
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends it with an error of the caller, and rejects with that. */
  throw(error: unknown): Promise<IteratorResult<C>> {
    this.#drop();
    this.stop({ error });
    return Promise.reject(error);
  }

  /** Adds a change, which becomes its own. */
  push(change: Change): void {
    if (this.#end !== undefined) return;
    const waiting = this.#queue.length - this.#front - this.#replayed;
    if (waiting >= this.#limit || this.#bytes >= this.#limitBytes) return this.#overflow(waiting);
    this.#queue.push(change);
    this.#bytes += bytesOf(change);
    const taker = this.#takers.shift();
    if (taker !== undefined) this.#take(change).then(taker.resolve, taker.reject);
  }

  /** Adds a change of the past, which becomes its own; before all others, and before anybody waits. */
  replay(change: Change): void {
    if (this.#end !== undefined) return;
    this.#queue.push(change);
    this.#replayed++;
  }

  /** Takes no more changes: yields what waits, and ends like this. Only the first call counts. */
  stop(end: End): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#signal?.removeEventListener("abort", this.#abort);
    this.onStop();
    for (const taker of this.#takers.splice(0)) {
      if (end === "done") taker.resolve({ done: true, value: undefined });
      else taker.reject(end.error);
    }
  }

  async #take(change: Change): Promise<IteratorResult<C>> {
    this.#front++;
    if (this.#replayed > 0) this.#replayed--;
    else this.#bytes -= bytesOf(change);
    if (this.#front >= COMPACT_STEP || this.#front === this.#queue.length) {
      this.#queue.splice(0, this.#front);
      this.#front = 0;
    }
    try {
      return { done: false, value: this.#decode(change) };
    } catch (error) {
      this.#drop();
      this.stop({ error });
      throw error;
    }
  }

  #overflow(waiting: number): void {
    const message = `The watch of "${this.#name}" fell behind: ${waiting} changes with ` +
      `${this.#bytes} bytes wait, and later ones are lost; read the structure, then watch again`;
    this.stop({ error: new StateError("LAGGED", message) });
  }

  #drop(): void {
    this.#queue.length =
      this.#front =
      this.#bytes =
      this.#replayed =
        0;
  }

  readonly #abort = (): void => {
    this.#drop();
    this.stop({ error: this.#signal?.reason });
  };
}

function bytesOf({ key, value }: Change): number {
  return key.length + (value?.length ?? 0);
}
