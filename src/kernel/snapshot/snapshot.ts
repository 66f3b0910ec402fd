/**
 * A view of the database as it is now, whatever is committed later.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import type { Definition, Reader } from "../definition.ts";
import type { SnapshotHold } from "./snapshot_holds.ts";
import type { State } from "../tree/state.ts";
import type { StructuresOptions, StructureStats } from "../catalog/structure_stats.ts";

/** What a snapshot needs of its database. */
export interface SnapshotHost {
  /** The reading view of a structure in a state. */
  reader<A>(
    definition: Definition<A>,
    state: () => State,
    check: () => void,
    now: number,
  ): Reader<A>;
  /** The structures of a state. */
  structures(state: State, options: StructuresOptions): StructureStats[];
  /** Lets go of what the snapshot holds. */
  release(hold: SnapshotHold): void;
}

/**
 * A frozen view. Pages it needs are not reused while it lives: release it when done, or use
 * `using`. One that is forgotten is released when it is garbage collected, which may be never, and
 * counts as leaked in `stats()`. Does not survive the process. Time stands still in it: entries that
 * expire later are there.
 */
export class Snapshot {
  /** When it was taken, by the clock of the io adapter, in milliseconds since 1970. */
  readonly takenAt: number;
  /** Number of the newest commit in it: `db.watch` goes on `from` there. */
  readonly sequence: number;
  readonly #host: SnapshotHost;
  readonly #hold: SnapshotHold;

  /**
   * Takes over what it holds; use `Database.snapshot()`.
   * @internal
   */
  constructor(host: SnapshotHost, hold: SnapshotHold, sequence: number) {
    this.#host = host;
    this.#hold = hold;
    this.takenAt = hold.takenAt;
    this.sequence = sequence;
  }

  /**
   * The reading view of a structure as of this snapshot; empty if it did not exist.
   * @throws {StateError} `TYPE_MISMATCH`, `CLOSED`
   */
  open<A>(definition: Definition<A>): Reader<A> {
    this.#check();
    const hold = this.#hold;
    return this.#host.reader(definition, () => hold.state, () => this.#check(), hold.takenAt);
  }

  /**
   * The structures there were, by name, with their sizes.
   * @throws {StateError} `CLOSED`
   */
  structures(options: StructuresOptions = {}): StructureStats[] {
    this.#check();
    return this.#host.structures(this.#hold.state, options);
  }

  /** Lets go of the view. Idempotent. */
  release(): void {
    this.#host.release(this.#hold);
  }

  /** Lets go of the view. */
  [Symbol.dispose](): void {
    this.release();
  }

  #check(): void {
    if (this.#hold.released) {
      throw new StateError("CLOSED", "Cannot read a snapshot after its release");
    }
  }
}
