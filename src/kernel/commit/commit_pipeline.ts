/**
 * The way of a commit: sequence, gather, write, sync, apply, answer.
 *
 * Commits of one turn of the event loop share one batch and one sync. A commit is applied to the
 * trees only after the batch that holds it is as durable as it asked, so plain reads never see what
 * a crash can take back; until then it is in `pending`, through which only transactions look.
 * A batch counts as durable only if its write returned before that sync began.
 *
 * @module
 */

import { isHoldfastError } from "../../errors.ts";
import type { Durability } from "../../io/durability.ts";
import { applyChanges, onlyFrees, pagesToApply } from "./apply.ts";
import type { Checkpointer } from "./checkpoint.ts";
import { reserveForCheckpoint } from "./checkpoint_places.ts";
import type { Batch, Commit } from "./commit.ts";
import type { Engine } from "../engine.ts";
import { PAGE_BYTES } from "../limits.ts";
import { LogSync } from "./log_sync.ts";
import { PendingTips } from "./pending_tips.ts";
import { WriteSet } from "./write_set.ts";

/** The write set of commits that only wait for others. */
const EMPTY: WriteSet = new WriteSet();

/** Gathered bytes after which a batch is written even though more commits wait. */
const BATCH_BYTES_MAX: number = 4 * 1024 * 1024;

/** Sequences commits and carries them to the log and the trees. */
export class CommitPipeline {
  /** Sequence of the next commit. */
  sequence: number;
  /** Sequenced commits that are not applied yet, oldest first. */
  readonly pending: WriteSet[] = [];
  /** Their highest keys. */
  readonly tips: PendingTips = new PendingTips(this.pending);
  /** Called before the trees change, so that open transactions keep their view. */
  beforeApply: () => void = () => {};
  /** What makes batches durable. */
  readonly sync: LogSync;
  /** Commits and batches since opening. */
  readonly stats: { commits: number; batches: number } = { commits: 0, batches: 0 };

  readonly #engine: Engine;
  readonly #checkpointer: Checkpointer;
  readonly #spare: WriteSet[] = [];
  #queue: Commit[] = [];
  /** The first that waits, when the log cannot grow for it. */
  #unloggable: WriteSet | undefined;
  #scheduled = false;
  #busy = false;
  /** The batch whose sync runs off the thread. */
  #inFlight: Batch | undefined;
  /** Completes the commit that a checkpoint carries, once that is durable. */
  #finishLarge: (() => void) | undefined;
  #idle: (() => void)[] = [];
  /** Sequence behind the last commit that was acknowledged, durable or not. */
  #acknowledged = 0;

  /** A pipeline for an engine. */
  constructor(engine: Engine, checkpointer: Checkpointer) {
    this.#engine = engine;
    this.#checkpointer = checkpointer;
    this.sync = new LogSync(engine);
    checkpointer.onWanted = () => this.#schedule();
    this.sequence = engine.log.position.sequence;
    engine.announcements.retained.begin(this.sequence - 1);
  }

  /** Whether something was acknowledged without a sync, and none will ever make it durable. */
  get hasLost(): boolean {
    const { health, log } = this.#engine;
    return health.poisoned && this.#acknowledged > log.durable;
  }

  /** An empty write set. */
  takeSet(): WriteSet {
    return this.#spare.pop() ?? new WriteSet();
  }

  /** Gives a write set back that nobody reads any more. */
  giveSet(set: WriteSet): void {
    if (set.shared || this.#spare.length >= 256 || set.out.bytes.length > 65536) return;
    set.reset();
    this.#spare.push(set);
  }

  /**
   * Sequences a commit that was found free of conflicts. Synchronous up to its place in the order;
   * the promise resolves to `result` at the asked durability.
   * @throws {IoError} `NO_SPACE`: nothing happened.
   */
  commit<T>(set: WriteSet, durability: Durability, result: T): Promise<T> {
    const engine = this.#engine;
    set.pages = pagesToApply(engine, set);
    const promised = set.pages + engine.inDoubt.pages(engine, set.pages);
    reserveForCheckpoint(engine, promised, onlyFrees(set));
    engine.promisedPages += set.pages;
    set.sequence = this.sequence++;
    this.stats.commits++;
    this.pending.push(set);
    this.tips.add(set);
    if (
      durability === "memory" && this.pending.length === 1 && this.#queue.length === 0 &&
      !this.#busy && this.#fits(set)
    ) {
      this.#gather(set);
      const next = set.sequence + 1;
      if (this.#apply(set)) this.#acknowledged = next;
      this.#schedule();
      return engine.health.poisoned
        ? Promise.reject(engine.health.error())
        : Promise.resolve(result);
    }
    return this.#enqueue(set, durability, result);
  }

  /** Resolves to `result` when everything sequenced so far is at the asked durability. */
  settle<T>(durability: Durability, result: T): Promise<T> {
    const log = this.#engine.log;
    const isSettled = durability === "memory"
      ? this.pending.length === 0
      : durability === "os"
      ? log.position.sequence >= this.sequence
      : log.durable >= this.sequence;
    return isSettled ? Promise.resolve(result) : this.#enqueue(EMPTY, durability, result);
  }

  #enqueue<T>(set: WriteSet, durability: Durability, result: T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({
        set,
        durability,
        result,
        resolve: resolve as (result: unknown) => void,
        reject,
      });
      this.#schedule();
    });
  }

  /** Carries everything that waits to its end on this thread. */
  flushSync(): void {
    const inFlight = this.#inFlight;
    if (inFlight !== undefined) {
      // The sync off the thread may still run: this one covers the same batch.
      this.#inFlight = undefined;
      this.#finishBatch(inFlight, () => this.sync.now(inFlight.sequence));
    }
    if (this.#busy) {
      this.#checkpointer.finishNow();
      // Before the commits behind it: it is hidden from plain reads until then.
      if (!this.#engine.health.poisoned) this.#finishLarge?.();
    }
    while (this.#queue.length > 0) this.#turn(true);
  }

  /** Resolves when no batch is under way and none waits. */
  async drain(): Promise<void> {
    while (this.#queue.length > 0 || this.#busy || this.#engine.log.pendingCount > 0) {
      this.#schedule();
      await new Promise<void>((resolve) => this.#idle.push(resolve));
      if (this.#engine.health.poisoned) return;
    }
  }

  /** Resolves when an image of all that was sequenced so far is durable, however much follows. */
  async checkpoint(): Promise<void> {
    await this.settle("memory", undefined);
    const wanted = this.#checkpointer.want();
    // No batch is between its write and its application: it need not wait for a turn.
    if (!this.#busy) this.#checkpointer.startWanted();
    await wanted;
  }

  /** Rejects everything that waits. */
  fail(error: unknown): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const commit of queue) commit.reject(error);
    this.#checkpointer.startWanted(error);
    this.#wake();
  }

  #schedule(): void {
    if (this.#scheduled || this.#busy) return;
    this.#scheduled = true;
    this.#engine.io.nextTurn(() => {
      this.#scheduled = false;
      if (!this.#busy) this.#turn(false);
    });
  }

  #wake(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  /** One batch: as many commits as fit, in order. */
  #turn(synchronous: boolean): void {
    const { health, log } = this.#engine;
    if (health.poisoned) return this.fail(health.error());
    let count = 0;
    let sync = false;
    while (count < this.#queue.length) {
      const { set, durability } = this.#queue[count]!;
      if (set.count > 0) {
        if (this.#isOversized(set)) {
          if (count === 0) return this.#commitByCheckpoint(synchronous);
          break;
        }
        if (!this.#fits(set) || log.pendingBytes > BATCH_BYTES_MAX) break;
        this.#gather(set);
      } else if (!log.fits(log.pendingBytes)) {
        break;
      }
      sync ||= durability === "disk";
      count++;
    }
    if (count === 0 && this.#queue.length > 0) {
      return this.#makeRoom(this.#queue[0]!.set, synchronous);
    }
    const batch = { commits: this.#queue.splice(0, count), sequence: 0 };
    this.#finishBatch(batch, () => {
      if (sync || log.pendingCount > 0) log.write(sync);
      batch.sequence = log.position.sequence;
      if (!sync) return true;
      if (synchronous || !this.sync.isSlow(this.#checkpointer.running !== undefined)) {
        return this.sync.now(batch.sequence);
      }
      this.#busy = true;
      this.#inFlight = batch;
      void this.sync.offThread(batch.sequence).then((finish) => {
        if (this.#inFlight !== batch) return;
        this.#inFlight = undefined;
        this.#finishBatch(batch, finish);
      });
      return false;
    });
  }

  /** Completes a batch if `write` made it durable at once; rejects it if that failed. */
  #finishBatch(batch: Batch, write: () => boolean): void {
    try {
      if (!write()) return;
    } catch (error) {
      return this.#reject(batch.commits, error);
    }
    this.#busy = false;
    this.#complete(batch.commits);
  }

  #complete(batch: readonly Commit[]): void {
    this.stats.batches++;
    for (let i = 0; i < batch.length; i++) {
      const commit = batch[i]!;
      if (commit.set.count > 0) {
        const next = commit.set.sequence + 1;
        if (!this.#apply(commit.set)) {
          return this.#reject(batch.slice(i), this.#engine.health.error());
        }
        this.#acknowledged = next;
      }
      commit.resolve(commit.result);
    }
    if (this.pending.length > 0) this.tips.reset();
    const { log } = this.#engine;
    this.#checkpointer.startWanted();
    if (log.pendingCount === 0 && this.#checkpointer.isDue) this.#startEarly();
    if (this.#queue.length > 0 || log.pendingCount > 0) this.#schedule();
    else this.#wake();
  }

  #startEarly(): void {
    try {
      this.#background(this.#checkpointer.start());
    } catch (error) {
      // Without space it waits until the log is full; any other failure has poisoned the store.
      if (this.#engine.health.poisoned) this.fail(this.#engine.health.error());
      else if (!isHoldfastError(error) || error.code !== "NO_SPACE") throw error;
    }
  }

  #reject(batch: readonly Commit[], error: unknown): void {
    // The log or the trees are in an unknown state: nothing more is acknowledged.
    this.#busy = false;
    this.#engine.health.poison(error);
    for (const commit of batch) commit.reject(error);
    this.fail(this.#engine.health.error());
  }

  /** A background checkpoint reports its failure by poisoning. */
  #background(running: Promise<void>): void {
    running.then(() => this.#schedule(), () => this.#schedule());
  }

  #isOversized(set: WriteSet): boolean {
    return set.out.length + 4 > this.#engine.options.logBytes >> 2 || set === this.#unloggable;
  }

  #fits(set: WriteSet): boolean {
    const log = this.#engine.log;
    return !this.#isOversized(set) && !this.#checkpointer.isCrowded &&
      log.fits(log.pendingBytes + 4 + set.out.length);
  }

  #gather(set: WriteSet): void {
    this.#engine.log.add(set.out.bytes, 0, set.out.length);
  }

  /** The extent is full, or the file crowded: move to the next one, or wait until the running checkpoint frees it. */
  #makeRoom(set: WriteSet, synchronous: boolean): void {
    const running = this.#checkpointer.running;
    if (running !== undefined) {
      if (synchronous) this.#checkpointer.finishNow();
      else this.#background(running);
      if (this.#engine.health.poisoned) this.fail(this.#engine.health.error());
      return;
    }
    this.#checkpointer.wantedBytes = (set.out.length + PAGE_BYTES) * 4;
    try {
      this.#background(this.#checkpointer.start());
    } catch (error) {
      return this.#reject([], error);
    }
    const { spareExtent, superblock: { current, next } } = this.#engine;
    const largest = Math.max(current.pages, next.pages, spareExtent?.pages ?? 0);
    // There was no space for a log that holds it: no extent to come will.
    if (set.out.length > (largest - 2) * PAGE_BYTES) this.#unloggable = set;
    this.#schedule();
  }

  /**
   * A transaction larger than a quarter of the log goes to the trees and becomes durable with a
   * checkpoint: two syncs, still all or nothing. Plain reads see the state before it meanwhile.
   */
  #commitByCheckpoint(synchronous: boolean): void {
    const running = this.#checkpointer.running;
    if (running !== undefined) {
      if (synchronous) this.#checkpointer.finishNow();
      else this.#background(running);
      return;
    }
    const { states, log, health, announcements } = this.#engine;
    const commit = this.#queue.shift()!;
    this.#busy = true;
    try {
      if (log.pendingCount > 0) log.write(false);
      states.hide();
      commit.set.shared = true;
      if (!this.#apply(commit.set)) throw health.cause;
      log.position.sequence++;
      const done = this.#checkpointer.start({ exclusive: true });
      const finish = (): void => {
        if (this.#finishLarge !== finish) return;
        this.#finishLarge = undefined;
        this.#busy = false;
        states.reveal();
        announcements.take(commit.set);
        this.#complete([{ ...commit, set: EMPTY }]);
      };
      this.#finishLarge = finish;
      done.then(finish, (error) => this.#reject([commit], error));
      if (!synchronous) return;
      this.#checkpointer.finishNow();
      if (!health.poisoned) finish();
    } catch (error) {
      this.#reject([commit], error);
    }
  }

  /** Carries a sequenced commit into the trees. @returns `false` when that poisoned the store. */
  #apply(set: WriteSet): boolean {
    this.beforeApply();
    try {
      applyChanges(this.#engine, set);
    } catch (error) {
      this.#engine.states.leaveRest(set);
      this.#engine.health.poison(error);
      return false;
    }
    this.pending.shift();
    this.#engine.promisedPages -= set.pages;
    this.#engine.announcements.take(set);
    this.giveSet(set);
    if (this.pending.length === 0) this.tips.reset();
    return true;
  }
}
