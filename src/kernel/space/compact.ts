/**
 * Compaction: makes the file as short as what is stored allows, beside all other work.
 *
 * In rounds: a pass moves pages and values down (`relocate.ts`), then a checkpoint makes the move
 * durable, takes lower places for the bitmap and the log, and cuts the tail (`file_tail.ts`). All of
 * it is ordinary copy-on-write and ordinary checkpoints, so a crash at any point leaves a whole
 * store, and an abort needs no undoing. What views hold and what transactions have written but not
 * committed stays where it is, and is reported.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import { type Checkpointer, nextTurn } from "../commit/checkpoint.ts";
import type { CommitPipeline } from "../commit/commit_pipeline.ts";
import type { Engine } from "../engine.ts";
import { CHECKPOINT_STEP_MS, PAGE_BYTES } from "../limits.ts";
import { Relocation } from "./relocate.ts";

/** Rounds after which a file that writers keep changing is short enough. */
const ROUNDS_MAX = 24;

/** Rounds without gain that end it: each log extent may need two to get past the other. */
const IDLE_ROUNDS_MAX = 4;

/** What a close has to give back at least (64 MiB) to compact first. */
const CLOSE_GAIN_PAGES_MIN: number = 64 * 1024 * 1024 / PAGE_BYTES;

/** What may be stored in a file that a close compacts (256 MiB): a second or two of work. */
const CLOSE_LIVE_PAGES_MAX: number = 256 * 1024 * 1024 / PAGE_BYTES;

/** How far a compaction is. */
export interface CompactProgress {
  /** Bytes moved so far. */
  readonly bytes: number;
  /** Size of the file now. */
  readonly fileBytes: number;
}

/** Options of {@linkcode Database.compact}. */
export interface CompactOptions {
  /** Ends it between two steps: what was gained so far stays. */
  readonly signal?: AbortSignal;
  /** Called after every step, of at most a few milliseconds. */
  readonly onProgress?: (progress: CompactProgress) => void;
}

/** What a compaction has done. */
export interface CompactReport {
  /** Size of the file at the beginning. */
  readonly bytesBefore: number;
  /** Size of the file at the end. */
  readonly bytesAfter: number;
  /** Pages that were moved, some more than once. */
  readonly movedPages: number;
  /** Bytes that cannot be given back while snapshots, transactions or iterators are open. */
  readonly heldBySnapshots: number;
  /** Bytes of values that open and prepared transactions have written: they were not moved. */
  readonly reservedBytes: number;
}

/** Runs the compactions of one store, one after the other. */
export class Compaction {
  readonly #engine: Engine;
  readonly #checkpointer: Checkpointer;
  readonly #pipeline: CommitPipeline;
  #last: Promise<unknown> = Promise.resolve();
  /** Compactions that wait or run. */
  #count = 0;
  #stopped = false;

  /** For one open store. */
  constructor(engine: Engine, checkpointer: Checkpointer, pipeline: CommitPipeline) {
    this.#engine = engine;
    this.#checkpointer = checkpointer;
    this.#pipeline = pipeline;
  }

  /** Compacts when those before have ended. */
  start(options: CompactOptions): Promise<CompactReport> {
    this.#count++;
    const done = this.#last.then(() => this.#run(options)).finally(() => this.#count--);
    this.#last = done.catch(() => {});
    return done;
  }

  /** The store is being closed: ends what runs at its next step. When nothing does, see `#shorten`. */
  async stop(): Promise<void> {
    if (this.#count === 0) await this.#shorten();
    this.#stopped = true;
    await this.#last;
  }

  /**
   * Compacts a file of which a third and more, and much, is free, as it is after a large load, where
   * that does not take long. PERF: 394 to 185 MB after a load of a million entries.
   */
  async #shorten(): Promise<void> {
    const { space, health } = this.#engine;
    const gain = space.freeCount + space.pendingCount;
    const { liveCount } = space;
    if (!health.writable || liveCount > CLOSE_LIVE_PAGES_MAX) return;
    if (gain >= Math.max(liveCount / 2, CLOSE_GAIN_PAGES_MIN)) await this.start({});
  }

  async #run(options: CompactOptions): Promise<CompactReport> {
    const { file, space, reserved, prepared } = this.#engine;
    const bytesBefore = file.size();
    let movedPages = 0;
    let idle = 0;
    let gains = true;
    // What was given up becomes free, so that it can be moved into.
    await this.#checkpoint(options);
    for (let round = 0; round < ROUNDS_MAX; round++) {
      if (idle >= (gains ? 2 : 1) * IDLE_ROUNDS_MAX) break;
      const size = file.size();
      if (gains) {
        const moved = await this.#pass(options, movedPages);
        movedPages += moved;
        gains = moved > 0;
      }
      await this.#checkpoint(options);
      if (file.size() >= size) {
        idle++;
        continue;
      }
      idle = 0;
      gains = true;
    }
    let reservedPages = 0;
    for (const pages of reserved.values()) reservedPages += pages;
    for (const pages of prepared.runs.values()) reservedPages += pages;
    return {
      bytesBefore,
      bytesAfter: file.size(),
      movedPages,
      heldBySnapshots: space.freed.heldCount * PAGE_BYTES,
      reservedBytes: reservedPages * PAGE_BYTES,
    };
  }

  /** One pass over all trees, in steps. @returns how many pages were moved. */
  async #pass(options: CompactOptions, before: number): Promise<number> {
    const { io, pager, space, file } = this.#engine;
    const used = space.pageCount - space.freeCount - space.freed.waitingCount;
    if (space.end <= used) return 0;
    // Pages belong below the log: a single one in between can keep an extent from moving down.
    const boundary = used - space.logPages;
    const relocation = new Relocation(this.#engine, boundary, () => this.#pipeline.beforeApply());
    const steps = relocation.run();
    try {
      for (;;) {
        await this.#ready(options);
        const began = io.monotonic();
        let done = false;
        do done = steps.next().done === true; while (
          !done && !relocation.isShort && io.monotonic() - began < CHECKPOINT_STEP_MS
        );
        const bytes = (before + relocation.moved) * PAGE_BYTES;
        options.onProgress?.({ bytes, fileBytes: file.size() });
        if (done) return relocation.moved;
        if (!relocation.isShort && pager.dirtyCount * 4 < pager.capacity) await nextTurn(io);
        else await this.#checkpoint(options);
        if (relocation.isShort && space.freed.waitingCount === 0) return relocation.moved;
        relocation.isShort = false;
      }
    } finally {
      steps.return();
    }
  }

  /** Waits for a checkpoint under way; throws when there is no going on. */
  async #ready({ signal }: CompactOptions): Promise<void> {
    while (this.#checkpointer.running !== undefined) await this.#checkpointer.running;
    signal?.throwIfAborted();
    this.#engine.health.check();
    if (!this.#stopped) return;
    throw new StateError("CLOSED", `Cannot compact "${this.#engine.path}": it is being closed`);
  }

  async #checkpoint(options: CompactOptions): Promise<void> {
    await this.#ready(options);
    await this.#checkpointer.want({ compact: true });
  }
}
