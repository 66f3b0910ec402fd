/**
 * When streams were last used, and so when they expire.
 *
 * Reads renew a TTL in memory only; appends persist the time with the state they write anyway; the
 * sweeper persists what has been in memory for `TOUCH_PERSIST_MS`, and a clean close all of it. The
 * last access of a stream is the latest of what is persisted, what is in memory, and the floor: the
 * time of opening, if the store was not closed cleanly, because a read just before the crash may have
 * renewed any stream. A clean close hands its floor on to the next opening, for the same reason. So a
 * crash makes a stream expire late, never early. A clock that goes back makes
 * it late too, because no access moves the last one back.
 *
 * @module
 */

import { TOUCH_PERSIST_MS, TOUCHES_MAX } from "./limits.ts";
import type { Lifetime } from "./stream_config.ts";
import type { StreamState } from "./stream_state.ts";

/** A renewal not yet persisted. */
interface Touch {
  readonly name: string;
  readonly since: number;
  last: number;
}

/** A renewal to persist. */
export interface Renewal {
  /** The stream. */
  readonly number: number;
  /** Its name. */
  readonly name: string;
  /** When it was last used. */
  readonly last: number;
}

/** Last accesses of the streams of one store. */
export class AccessClock {
  readonly #now: () => number;
  readonly #touches = new Map<number, Touch>();
  #floor: number;

  /**
   * `now`: milliseconds since 1970, may go back. `floor`: that of the clock before, if the store was
   * closed cleanly.
   */
  constructor(now: () => number, floor: number | undefined) {
    this.#now = now;
    this.#floor = floor ?? this.now();
  }

  /** Every stream counts as used then, or later. */
  get floor(): number {
    return this.#floor;
  }

  /** Milliseconds since 1970, whole, not before 1970. */
  now(): number {
    return Math.max(0, Math.floor(this.#now()));
  }

  /** The last access of a stream. */
  lastAccess(number: number, state: StreamState): number {
    return Math.max(state.lastAccess, this.#floor, this.#touches.get(number)?.last ?? 0);
  }

  /** When a stream expires; `undefined`: never. */
  deadline(number: number, lifetime: Lifetime, state: StreamState): number | undefined {
    return deadlineAfter(lifetime, this.lastAccess(number, state));
  }

  /** Whether a stream has expired. */
  expired(number: number, lifetime: Lifetime, state: StreamState): boolean {
    const deadline = this.deadline(number, lifetime, state);
    return deadline !== undefined && deadline <= this.now();
  }

  /** Notes an access of a stream that has a TTL. */
  touch(number: number, name: string): void {
    const now = this.now();
    const touch = this.#touches.get(number);
    if (touch !== undefined) {
      touch.last = Math.max(touch.last, now);
      return;
    }
    // Too many to hold: as if every stream had been used just now. Late, never early.
    if (this.#touches.size >= TOUCHES_MAX) {
      this.#floor = Math.max(this.#floor, this.#latest(), now);
      this.#touches.clear();
    }
    this.#touches.set(number, { name, since: now, last: now });
  }

  /** Renewals that have been in memory for long (`all`: all of them), at most `limit`. */
  due(limit: number, all: boolean): Renewal[] {
    const before = this.now() - TOUCH_PERSIST_MS;
    const due: Renewal[] = [];
    for (const [number, { name, since, last }] of this.#touches) {
      if (due.length === limit || (!all && since > before)) break;
      due.push({ number, name, last });
    }
    return due;
  }

  /** Forgets a renewal that is persisted; a later one begins to age. */
  persisted(renewal: Renewal): void {
    const touch = this.#touches.get(renewal.number);
    if (touch === undefined) return;
    this.#touches.delete(renewal.number);
    if (touch.last > renewal.last) {
      this.#touches.set(renewal.number, { ...touch, since: touch.last });
    }
  }

  /** Forgets a stream that is gone. */
  forget(number: number): void {
    this.#touches.delete(number);
  }

  #latest(): number {
    let latest = 0;
    for (const touch of this.#touches.values()) latest = Math.max(latest, touch.last);
    return latest;
  }
}

/** When a stream last used at `lastAccess` expires; `undefined`: never. */
export function deadlineAfter(lifetime: Lifetime, lastAccess: number): number | undefined {
  if (lifetime.expiresAt !== undefined) return lifetime.expiresAt;
  if (lifetime.ttlSeconds === undefined) return undefined;
  return Math.min(lastAccess + lifetime.ttlSeconds * 1000, Number.MAX_SAFE_INTEGER);
}
