/**
 * What snapshots hold: a pinned state each, until it is released, the database is closed, or the
 * snapshot is garbage collected without release. The last is a leak: it is counted, and its pages
 * come back.
 *
 * @module
 */

import type { IoAdapter } from "../../io/adapter.ts";
import type { State, States } from "../tree/state.ts";

/** What one snapshot holds. Does not refer to the snapshot, or that would never be collected. */
export interface SnapshotHold {
  /** The pinned state. */
  readonly state: State;
  /** When it was taken, by the clock of the io adapter, in milliseconds since 1970. */
  readonly takenAt: number;
  /** Whether it was let go. */
  released: boolean;
}

/** The parts of an engine that holds need. */
export interface HoldSource {
  /** Pins and unpins. */
  readonly states: Pick<States, "visible" | "pin" | "unpin">;
  /** Tells the time. */
  readonly io: Pick<IoAdapter, "now">;
}

/** All open snapshots of a database. */
export class SnapshotHolds {
  /** Snapshots that were garbage collected without release. */
  leaked = 0;
  /** The highest age at which one of them was found, in milliseconds. */
  leakedMs = 0;

  readonly #source: HoldSource;
  readonly #open = new Set<SnapshotHold>();
  readonly #collected = new FinalizationRegistry<SnapshotHold>((hold) => this.lose(hold));

  /** No snapshot is open. */
  constructor(source: HoldSource) {
    this.#source = source;
  }

  /** Pins what plain reads see now. */
  take(): SnapshotHold {
    const { states, io } = this.#source;
    const hold = { state: states.pin(states.visible), takenAt: io.now(), released: false };
    this.#open.add(hold);
    return hold;
  }

  /** Lets go when `snapshot` is garbage collected. */
  guard(snapshot: object, hold: SnapshotHold): void {
    this.#collected.register(snapshot, hold, hold);
  }

  /** Lets go. Idempotent. */
  release(hold: SnapshotHold): void {
    if (hold.released) return;
    hold.released = true;
    this.#collected.unregister(hold);
    this.#open.delete(hold);
    this.#source.states.unpin(hold.state);
  }

  /** Lets go of what a snapshot held that nobody can reach any more. */
  lose(hold: SnapshotHold): void {
    if (hold.released) return;
    this.leaked++;
    this.leakedMs = Math.max(this.leakedMs, this.#age(hold));
    this.release(hold);
  }

  /** Lets go of all. */
  releaseAll(): void {
    for (const hold of [...this.#open]) this.release(hold);
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size;
  }

  /** Age of the oldest open one in milliseconds, 0 without one. */
  get oldestMs(): number {
    let oldest = 0;
    for (const hold of this.#open) oldest = Math.max(oldest, this.#age(hold));
    return oldest;
  }

  #age(hold: SnapshotHold): number {
    return this.#source.io.now() - hold.takenAt;
  }
}
