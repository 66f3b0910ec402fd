/**
 * What a transaction reads: a committed state, sequenced commits over it, and its own changes.
 *
 * @module
 */

import type { CommitPipeline } from "../commit/commit_pipeline.ts";
import type { Engine } from "../engine.ts";
import type { PendingTips } from "../commit/pending_tips.ts";
import { ReservedRuns } from "../space/reserved_runs.ts";
import type { WrittenMark } from "./savepoint.ts";
import type { State } from "../tree/state.ts";
import type { WriteSet } from "../commit/write_set.ts";

const NO_SETS: readonly WriteSet[] = [];

/**
 * Until somebody else commits it is the newest sequenced state and costs nothing;
 * {@linkcode capture} pins what it is at that moment.
 */
export class TransactionView {
  /** The sequence from which on commits are later than its beginning. */
  readonly since: number;

  readonly #engine: Engine;
  readonly #pipeline: CommitPipeline;
  #own: WriteSet;
  #runs: ReservedRuns | undefined;
  #now: number | undefined;
  #state: State | undefined;
  /** Own changes over captured commits, oldest first. */
  #sets: readonly WriteSet[] | undefined;

  constructor(engine: Engine, pipeline: CommitPipeline) {
    this.#engine = engine;
    this.#pipeline = pipeline;
    this.#own = pipeline.takeSet();
    this.since = pipeline.sequence;
  }

  /** The time of the transaction: when it first asked, in milliseconds since 1970. */
  get now(): number {
    return this.#now ??= this.#engine.io.now();
  }

  /** The changes of the transaction. */
  get own(): WriteSet {
    return this.#own;
  }

  /** The state that reads stand on. */
  get state(): State {
    return this.#state ?? this.#engine.states.working;
  }

  /** Sequenced commits over that state and own changes, oldest first. */
  get sets(): readonly WriteSet[] {
    const own = this.#own;
    if (this.#state !== undefined) return this.#sets ?? (own.count > 0 ? [own] : NO_SETS);
    const { pending } = this.#pipeline;
    if (pending.length > 0) return own.count > 0 ? [...pending, own] : pending;
    return own.count > 0 ? [own] : NO_SETS;
  }

  /** The highest keys of `sets`, while those are the pending commits and nothing else. */
  get tips(): PendingTips | undefined {
    if (this.#state !== undefined || this.#own.count > 0) return undefined;
    return this.#pipeline.tips;
  }

  /** Stays as it is from now on: somebody else is about to commit. */
  capture(): void {
    if (this.#state !== undefined) return;
    const { states } = this.#engine;
    const { pending } = this.#pipeline;
    this.#state = states.pin(states.working);
    if (pending.length > 0) {
      const sets = pending.slice();
      for (const set of sets) set.shared = true;
      sets.push(this.#own);
      this.#sets = sets;
    }
  }

  /** How much it has changed. */
  mark(): WrittenMark {
    const { count, out } = this.#own;
    return { operations: count, bytes: out.length, runs: this.#runs?.count ?? 0 };
  }

  /** Registers a run written for a value that is not committed yet. */
  reserve(page: number, pages: number): void {
    this.#runs ??= new ReservedRuns(this.#engine);
    this.#runs.add(page, pages);
  }

  /** Gives the runs back: the changes are not going to be committed. */
  giveRunsBack(): void {
    this.#runs?.release();
  }

  /** Takes back own changes since `mark`. Iterators may read the old set: it is left as it is. */
  undo(mark: WrittenMark): void {
    this.#runs?.release(mark.runs);
    if (this.#own.count === mark.operations) return;
    const own = this.#pipeline.takeSet();
    own.copy(this.#own, mark);
    this.#pipeline.giveSet(this.#own);
    this.#own = own;
    if (this.#sets !== undefined) this.#sets = [...this.#sets.slice(0, -1), own];
  }

  /** Nobody reads it any more. */
  release(): void {
    if (this.#state !== undefined) this.#engine.states.unpin(this.#state);
  }

  /** Its transaction was forgotten: nobody reads it, and nothing is going to be committed. */
  abandon(): void {
    this.release();
    this.giveRunsBack();
  }
}
