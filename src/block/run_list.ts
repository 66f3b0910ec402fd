/**
 * The part of an allocator that all kinds of storage share: order, ids, and one call at a time.
 *
 * @module
 */

import { SerialQueue } from "../base/serial_queue.ts";
import { StateError } from "../errors.ts";
import {
  type AllocateOptions,
  type BlockAllocator,
  type Blocks,
  type BlockShape,
  checkShape,
} from "./blocks.ts";
import { Run, type RunPlace } from "./run.ts";

/** What makes and frees the storage of runs. Calls never overlap. */
export interface RunSource {
  /** Makes the storage of a new run, durable and all zeros; or nothing, when it throws. */
  create(id: number, shape: BlockShape, options: AllocateOptions): Promise<RunPlace>;
  /** Opens the storage of a live run again. */
  open(id: number, shape: BlockShape): Promise<RunPlace>;
  /** Makes it durable that the runs up to `id` are gone; what is left of them is removed next. */
  forget(id: number): Promise<void>;
  /** Removes what is left of a run that was forgotten. */
  remove(id: number): Promise<void>;
  /** Gives up the storage. */
  close(): Promise<void>;
}

/** A run that is live when the list is made. */
export interface LiveRun extends BlockShape {
  /** Its number. */
  readonly id: number;
  /** Where its bytes are. */
  readonly place: RunPlace;
}

/** Gives out runs of one source. */
export class RunList implements BlockAllocator {
  readonly #queue = new SerialQueue();
  readonly #source: RunSource;
  readonly #shape: BlockShape;
  readonly #runs: Run[];
  readonly #ours = new WeakSet<Blocks>();
  /** Forgotten, but maybe not removed. */
  readonly #leaving = new Set<number>();
  #next: number;
  #closed = false;

  /** Continues with the live runs, oldest first; `next` is the id of the next one. */
  constructor(source: RunSource, shape: BlockShape, live: readonly LiveRun[], next: number) {
    checkShape(shape);
    this.#source = source;
    this.#shape = { blockBytes: shape.blockBytes, blockCount: shape.blockCount };
    this.#next = next;
    this.#runs = live.map((run) => this.#make(run.id, run, run.place));
  }

  allocate(options: AllocateOptions = {}): Promise<Blocks> {
    return this.#run(async () => {
      options.signal?.throwIfAborted();
      if (this.#next >= Number.MAX_SAFE_INTEGER) {
        throw new StateError("TOO_LARGE", "Cannot allocate another run: all ids are used up");
      }
      const place = await this.#source.create(this.#next, this.#shape, options);
      const run = this.#make(this.#next, this.#shape, place);
      this.#next++;
      this.#runs.push(run);
      return run;
    });
  }

  release(blocks: Blocks): Promise<void> {
    return this.#run(async () => {
      if (!this.#ours.has(blocks)) throw new TypeError("The run is not of this allocator");
      const { id } = blocks;
      const [oldest] = this.#runs;
      if (this.#runs.some((run) => run.id === id)) {
        if (oldest?.id !== id) {
          throw new RangeError(`Cannot release the run ${id}: the oldest is ${oldest?.id}`);
        }
        await this.#source.forget(id);
        this.#leaving.add(id);
        this.#runs.shift();
        oldest.close();
      }
      if (!this.#leaving.has(id)) return;
      await this.#source.remove(id);
      this.#leaving.delete(id);
    });
  }

  list(): Promise<Blocks[]> {
    return this.#run(async () => {
      for (const [at, run] of this.#runs.entries()) {
        if (!run.closed) continue;
        this.#runs[at] = this.#make(run.id, run, await this.#source.open(run.id, run));
      }
      return [...this.#runs];
    });
  }

  close(): Promise<void> {
    return this.#queue.run(async () => {
      if (this.#closed) return;
      this.#closed = true;
      for (const run of this.#runs) run.close();
      await this.#source.close();
    });
  }

  #make(id: number, shape: BlockShape, place: RunPlace): Run {
    const run = new Run(id, shape, place);
    this.#ours.add(run);
    return run;
  }

  #run<T>(task: () => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      if (this.#closed) throw new StateError("CLOSED", "The block allocator was closed");
      return await task();
    });
  }
}
