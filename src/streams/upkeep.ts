/**
 * What a store does for itself, a bounded step at a time: streams expire, the space of deleted ones
 * is freed, renewals of TTLs are persisted.
 *
 * @module
 */

import type { AccessClock } from "./access_clock.ts";
import type { Lane } from "./lane.ts";
import { SWEEP_DEADLINES_MAX, SWEEP_ENTRIES_MAX, SWEEP_TOUCHES_MAX } from "./limits.ts";
import { freeGarbage } from "./removal.ts";
import type { SweepReport } from "./stream_store.ts";
import { dueDeadlines, expireStreams, persistRenewals } from "./sweep.ts";
import { numberAt, numberKey } from "./table_keys.ts";
import { putCleanMark, type Tables } from "./tables.ts";
import type { Waiters } from "./waiters.ts";

/** The upkeep of one store. */
export class Upkeep {
  readonly #durable: Tables;
  readonly #clock: AccessClock;
  readonly #lane: Lane;
  readonly #waiters: Waiters;

  /** Reads durable state, and changes it through the lane. */
  constructor(durable: Tables, clock: AccessClock, lane: Lane, waiters: Waiters) {
    this.#durable = durable;
    this.#clock = clock;
    this.#lane = lane;
    this.#waiters = waiters;
  }

  /** One step of each kind. Expiry is as durable as the store promises; the rest need not be. */
  async sweep(): Promise<SweepReport> {
    const due = dueDeadlines(this.#durable, this.#clock);
    const expired = due.length === 0
      ? []
      : await this.#lane.change((tables) => expireStreams(tables, this.#clock, due), 0);
    for (const { name, number } of expired) {
      this.#clock.forget(number);
      this.#waiters.wake(name);
    }
    const freed = await this.#free();
    const renewals = await this.#persist(false);
    const more = due.length === SWEEP_DEADLINES_MAX || this.#firstGarbage() !== undefined ||
      renewals === SWEEP_TOUCHES_MAX;
    return { expired: expired.length, freed, more };
  }

  /** Persists all renewals, and marks that. */
  async finish(): Promise<void> {
    while (await this.#persist(true) > 0);
    await this.#lane.alone((tables) => putCleanMark(tables, this.#clock.floor), "disk");
  }

  async #free(): Promise<number> {
    const number = this.#firstGarbage();
    if (number === undefined) return 0;
    return await this.#lane.alone(
      (tables) => freeGarbage(tables, number, SWEEP_ENTRIES_MAX),
      "memory",
    );
  }

  /** A stream whose removal is durable: only its data may be freed. */
  #firstGarbage(): number | undefined {
    for (const [key] of this.#durable.garbage.range({ gte: numberKey(0), limit: 1 })) {
      return numberAt(key, 0);
    }
    return undefined;
  }

  async #persist(all: boolean): Promise<number> {
    const renewals = this.#clock.due(SWEEP_TOUCHES_MAX, all);
    if (renewals.length === 0) return 0;
    await this.#lane.alone((tables) => persistRenewals(tables, renewals), "memory");
    for (const renewal of renewals) this.#clock.persisted(renewal);
    return renewals.length;
  }
}
