/**
 * Online backup: the committed state at the call as a new, compact, cleanly closed store, while
 * commits go on. It is pinned, laid out twice (see `store_image.ts`) in steps of 1.5 ms, and let go.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import type { IoAdapter } from "../../io/adapter.ts";
import { type BackupTarget, FileTarget, StreamTarget } from "./backup_target.ts";
import { nextTurn } from "../commit/checkpoint.ts";
import type { Engine } from "../engine.ts";
import { ImagePages } from "./image_pages.ts";
import { CHECKPOINT_STEP_MS, PAGE_BYTES } from "../limits.ts";
import { type ImageSummary, StoreImage } from "./store_image.ts";

/** How far a backup is. */
export interface BackupProgress {
  /** Bytes written. */
  readonly bytes: number;
  /** Bytes of the whole backup. */
  readonly totalBytes: number;
}

/** How to make a backup. */
export interface BackupOptions {
  /** Ends the backup; nothing is left behind. It rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** Called after each part written, about every 256 KiB. */
  readonly onProgress?: (progress: BackupProgress) => void;
  /** Most bytes a second on average, by the clock of the database's adapter. @default unlimited */
  readonly bytesPerSecond?: number;
  /** The adapter of the target file. @default the one of the database */
  readonly io?: IoAdapter;
}

/** What a backup holds. */
export interface BackupReport {
  /** Bytes written: the size of the file. */
  readonly bytes: number;
  /** Entries of all structures, those of the kernel's own trees included. */
  readonly entries: number;
  /** Trees that are not empty, those of the kernel included. */
  readonly trees: number;
}

/** Most steps, each of about a leaf, before other work gets a turn, whatever the clock says. */
const STEPS_MAX = 256;

/** Longest sleep of a throttled backup before it looks at the clock and the signal again. */
const THROTTLE_STEP_MS = 10;

/** The backups that run on one store. */
export class Backups {
  readonly #engine: Engine;
  readonly #running = new Map<AbortController, Promise<unknown>>();
  #stopped: StateError | undefined;

  /** No backup runs at first. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Backs up what plain reads see now.
   * @throws {StateError} `CLOSED`; `POISONED`: a commit was carried out in part
   * @throws {IoError} `ALREADY_EXISTS`, `NO_SPACE`, `IO_*`
   * @throws {CorruptionError} `CORRUPT_*`
   */
  async start(
    target: string | WritableStream<Uint8Array>,
    options: BackupOptions = {},
  ): Promise<BackupReport> {
    checkOptions(options);
    if (this.#stopped !== undefined) throw this.#stopped;
    const stop = new AbortController();
    const running = this.#run(target, options, stop.signal);
    this.#running.set(stop, running);
    try {
      return await running;
    } finally {
      this.#running.delete(stop);
    }
  }

  /** Ends all backups: the store closes. */
  async stop(): Promise<void> {
    this.#stopped = new StateError(
      "CLOSED",
      `Cannot back up "${this.#engine.path}": it was closed`,
    );
    const all = [...this.#running];
    for (const [stop] of all) stop.abort(this.#stopped);
    await Promise.allSettled(all.map(([, running]) => running));
  }

  async #run(
    target: string | WritableStream<Uint8Array>,
    options: BackupOptions,
    closing: AbortSignal,
  ): Promise<BackupReport> {
    const { states, io } = this.#engine;
    const signal = options.signal === undefined
      ? closing
      : AbortSignal.any([options.signal, closing]);
    signal.throwIfAborted();
    // Its pages hold a part of a transaction: no backup of that.
    if (states.visible.rest.length > 0) throw this.#engine.health.error();
    const state = states.pin(states.visible);
    const stopped = rejection(signal);
    try {
      const sink = typeof target === "string"
        ? await FileTarget.create(options.io ?? io, target)
        : new StreamTarget(target, stopped.promise);
      try {
        const image = new StoreImage(this.#engine, state, io);
        const { superblock, entries, trees } = await this.#copy(image, sink, options, signal);
        await sink.finish();
        return { bytes: superblock.pageCount * PAGE_BYTES, entries, trees };
      } catch (error) {
        await sink.abandon(error);
        throw error;
      }
    } finally {
      stopped.end();
      states.unpin(state);
    }
  }

  async #copy(
    image: StoreImage,
    target: BackupTarget,
    options: BackupOptions,
    signal: AbortSignal,
  ): Promise<ImageSummary> {
    // The counting run: damage of tree pages shows before anything is written.
    const planned = await this.#lay(image.layOut(new ImagePages(true)), signal, () => undefined);
    const pages = new ImagePages(false);
    const totalBytes = planned.superblock.pageCount * PAGE_BYTES;
    const start = this.#engine.io.monotonic();
    let bytes = 0;
    const deliver = async (chunk: Uint8Array): Promise<void> => {
      bytes += chunk.length;
      await target.write(chunk);
      options.onProgress?.({ bytes, totalBytes });
      await this.#throttle(start, bytes, options.bytesPerSecond ?? Infinity, signal);
    };
    return await this.#lay(image.layOut(pages, planned), signal, () => {
      const chunk = pages.take();
      return chunk === undefined ? undefined : deliver(chunk);
    });
  }

  /** Takes the steps of a run, with room for other work after each 1.5 ms and each chunk. */
  async #lay(
    steps: Generator<void, ImageSummary>,
    signal: AbortSignal,
    deliver: () => Promise<void> | undefined,
  ): Promise<ImageSummary> {
    const { io } = this.#engine;
    let began = io.monotonic();
    for (let count = 1;; count++) {
      const step = steps.next();
      let isDue = count % STEPS_MAX === 0 || io.monotonic() - began >= CHECKPOINT_STEP_MS;
      for (let done = deliver(); done !== undefined; done = deliver()) {
        await done;
        isDue = true;
      }
      if (step.done) return step.value;
      if (!isDue) continue;
      await nextTurn(io);
      signal.throwIfAborted();
      began = io.monotonic();
    }
  }

  /** Waits until the adapter's clock allows `bytes`. */
  async #throttle(start: number, bytes: number, rate: number, signal: AbortSignal): Promise<void> {
    const { io } = this.#engine;
    for (;;) {
      const left = start + bytes / rate * 1000 - io.monotonic();
      if (left <= 0) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(left, THROTTLE_STEP_MS)));
      signal.throwIfAborted();
    }
  }
}

/** A promise that rejects when the signal says so, which it has not yet; `end` lets go of it. */
function rejection(signal: AbortSignal): { promise: Promise<never>; end(): void } {
  let end = (): void => {};
  const promise = new Promise<never>((_, reject) => {
    const stop = (): void => reject(signal.reason);
    end = (): void => signal.removeEventListener("abort", stop);
    signal.addEventListener("abort", stop, { once: true });
  });
  // It may reject while nobody waits for it.
  promise.catch(() => {});
  return { promise, end };
}

function checkOptions({ bytesPerSecond }: BackupOptions): void {
  if (bytesPerSecond !== undefined && !(bytesPerSecond > 0)) {
    throw new RangeError("The option bytesPerSecond is above 0");
  }
}
