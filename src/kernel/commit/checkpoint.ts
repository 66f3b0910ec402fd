/**
 * The checkpoint: folds what the log holds into the trees' image and moves the superblock to it.
 *
 * 1. *Freeze*: records gathered so far are written; the roots of changed trees enter the tree of
 *    roots; dirty pages become the image; new commits go to the next log extent and copy pages.
 * 2. Write the image's pages, children before parents, into places nothing durable refers to.
 * 3. Write the free space bitmap, likewise; sync. All of the new image is durable, unreferenced.
 * 4. Write the superblock to the older slot; sync. The new image is the database.
 * 5. Release what only the old image used, give its log extent a new salt, and cut the file's free
 *    tail (see `file_tail.ts`).
 *
 * Crash argument: before 4 is durable the old superblock is valid, its pages and both log extents
 * are untouched, and replay leads to the same state; after it, replay begins where the image ends.
 * A superblock torn in 4 leaves the older slot.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import type { TreeRoot } from "../tree/btree.ts";
import type { Engine } from "../engine.ts";
import {
  growExtent,
  lowerBitmap,
  lowerExtent,
  nextExtents,
  releasePlaces,
  reserveForCheckpoint,
  writeBitmap,
} from "./checkpoint_places.ts";
import { cutTail } from "../space/file_tail.ts";
import { clearRun } from "../space/free_space.ts";
import { ASYNC_SYNC_BYTES, CHECKPOINT_BACKLOG_BYTES } from "../limits.ts";
import type { FrozenPages } from "../page/frozen_pages.ts";
import { ROOTS_TREE, treeKey } from "../tree/state.ts";
import { encodeRoot, extentOf, type Superblock } from "../superblock.ts";
import { ImageWriter } from "./image_writer.ts";

/** A store that is smaller than this (1 MiB) never makes commits wait for its copies. */
const CROWDED_PAGES_MIN = 256;

/** Pages that may wait for a checkpoint in a small store: 4 MiB. */
const WAITING_PAGES_MIN = 1024;

interface FrozenImage {
  readonly pages: FrozenPages;
  readonly bitmap: Uint32Array;
  /** Root page by tree id. */
  readonly roots: Map<number, number>;
  readonly sequence: number;
  readonly chain: number;
  readonly epoch: number;
  readonly generation: number;
  readonly nextTree: number;
  /** The tree of roots; its checksum is known once its pages are written. */
  readonly rootsTree: TreeRoot;
}

/** What a checkpoint is asked for. */
export interface CheckpointRequest {
  /** Nothing is committed while it runs: the log starts over in its first extent. */
  readonly exclusive?: boolean;
  /** The store is being closed. */
  readonly clean?: boolean;
  /** What the checkpoint itself occupies moves down, and all of the free tail is cut. */
  readonly compact?: boolean;
}

interface Settle {
  resolve(): void;
  reject(error: unknown): void;
}

/** What a step waits for: other work, the disk to keep up, or a sync of all that was written. */
type Pause = "turn" | "backlog" | "sync";

/** Runs one checkpoint at a time for an engine. */
export class Checkpointer {
  /** Extent bytes wanted by a record that does not fit. */
  wantedBytes = 0;
  /** Checkpoints completed. */
  completed = 0;
  /** Called when a checkpoint is wanted: the pipeline is to come to the end of a batch. */
  onWanted: () => void = () => {};

  readonly #engine: Engine;
  readonly #writer: ImageWriter;
  #running: Promise<void> | undefined;
  #steps: Generator<Pause, void> | undefined;
  /** What it waits for before its next step. */
  #pause: Pause | undefined;
  #settle: Settle | undefined;
  #wanted: (Settle & { readonly request: CheckpointRequest })[] = [];

  /** A checkpointer for an engine. */
  constructor(engine: Engine) {
    this.#engine = engine;
    this.#writer = new ImageWriter(engine);
  }

  /** The running checkpoint, if any. Rejects when it fails. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /**
   * Whether commits should wait for the running checkpoint: its image and the pages copied since
   * take as much space beside what is stored as steady churn may.
   */
  get isCrowded(): boolean {
    const { freed, liveCount } = this.#engine.space;
    return this.#running !== undefined &&
      freed.waitingCount >= Math.max(liveCount, CROWDED_PAGES_MIN);
  }

  /**
   * Whether one should begin although the log has room: three quarters of the cache are dirty, which
   * crowds out reads; or what was given up takes as much space as what is stored.
   *
   * PERF: at one half a load of a million entries into a cache of 256 MiB writes 229,000 pages, at
   * three quarters 175,000 (Node, 2026-11-22).
   */
  get isDue(): boolean {
    const { pager, space: { freed, liveCount } } = this.#engine;
    return this.#running === undefined &&
      (pager.dirtyCount * 4 > pager.capacity * 3 ||
        freed.waitingCount >= Math.max(liveCount, WAITING_PAGES_MIN));
  }

  /**
   * Freezes the image at once and writes it in steps. No batch may be between its write and its
   * application. The promise resolves when the new superblock is durable; any failure poisons.
   * @throws {IoError} `NO_SPACE` before anything was frozen: the store stays usable
   */
  start(request: CheckpointRequest = {}): Promise<void> {
    const { health } = this.#engine;
    health.check();
    if (request.compact) lowerBitmap(this.#engine);
    reserveForCheckpoint(this.#engine, 0, true);
    if (request.compact) lowerExtent(this.#engine);
    else if (!request.exclusive) growExtent(this.#engine, this.wantedBytes);
    try {
      this.#steps = this.#write(this.#freeze(request), request);
    } catch (error) {
      health.poison(error);
      throw error;
    }
    const running = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever awaits it learns of a failure, and so does every later commit: it poisons.
    running.catch(() => {});
    this.#running = running;
    void this.#drive(this.#steps);
    return running;
  }

  /**
   * Asks for a checkpoint, which begins at the end of a batch, however many commits wait; all who ask
   * before it does share it. Resolves when it is durable.
   */
  want(request: CheckpointRequest = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wanted.push({ request, resolve, reject });
      this.onWanted();
    });
  }

  /** No batch is under way: begins what is wanted, or refuses it. */
  startWanted(refusal?: unknown): void {
    if (this.#wanted.length === 0) return;
    if (refusal === undefined && (this.#running || this.#engine.log.pendingCount > 0)) return;
    const wanted = this.#wanted;
    this.#wanted = [];
    const reject = (error: unknown): void => wanted.forEach((each) => each.reject(error));
    if (refusal !== undefined) return reject(refusal);
    const all: CheckpointRequest = Object.assign({}, ...wanted.map(({ request }) => request));
    try {
      this.start(all).then(() => wanted.forEach(({ resolve }) => resolve()), reject);
    } catch (error) {
      reject(error);
    }
  }

  /** Carries the running checkpoint to its end on this thread. */
  finishNow(): void {
    const steps = this.#steps;
    while (steps !== undefined && this.#steps === steps) {
      try {
        // Durable after this: what is to be, before the next step; a sync off the thread that has not
        // returned yet says nothing.
        if (this.#pause === "sync") this.#engine.file.sync();
      } catch (error) {
        return this.#end(error);
      }
      this.#advance(steps);
    }
  }

  async #drive(steps: Generator<Pause, void>): Promise<void> {
    const { io, file, health } = this.#engine;
    // Of a sync that it has begun and not waited for. It makes nothing durable that anybody relies on.
    let failure: unknown;
    while (this.#steps === steps) {
      try {
        const pause = this.#advance(steps);
        if (pause === "backlog") {
          // The disk gets what was written while it was busy with what was written before.
          await file.syncsReturned();
          if (this.#steps !== steps) return;
          if (file.unsynced >= CHECKPOINT_BACKLOG_BYTES) {
            file.syncAsync().catch((error) => failure = error);
          }
        }
        if (pause === "turn" || pause === "backlog") await nextTurn(io);
        if (pause === "sync") await file.syncAsync();
      } catch (error) {
        if (this.#steps !== steps) return;
        this.#end(failure ?? error);
        return;
      }
      if (health.poisoned && this.#steps === steps) return this.#end(failure ?? health.error());
    }
  }

  /** Takes one step. @returns what to wait for, or `undefined` at the end. */
  #advance(steps: Generator<Pause, void>): Pause | undefined {
    try {
      const step = steps.next();
      if (!step.done) return this.#pause = step.value;
    } catch (error) {
      this.#end(error);
      return undefined;
    }
    this.#end(undefined);
    return undefined;
  }

  #end(error: unknown): void {
    const settle = this.#settle;
    this.#steps = this.#settle = this.#running = undefined;
    this.#pause = undefined;
    if (this.#wanted.length > 0) this.onWanted();
    if (error === undefined) return settle?.resolve();
    this.#engine.health.poison(error);
    settle?.reject(error);
  }

  #freeze(request: CheckpointRequest): FrozenImage {
    const engine = this.#engine;
    const { states, pager, space, log } = engine;
    if (log.pendingCount > 0) log.write(false);
    states.beforeChange();
    const roots = new Map<number, number>();
    const value = new ByteWriter(32);
    for (const id of states.dirtyTrees) {
      if (id === ROOTS_TREE) continue;
      const root = states.root(states.working, id);
      roots.set(id, root.page);
      const key = treeKey(id);
      const rootsTree = states.writableRoot(ROOTS_TREE);
      if (root.page === 0) {
        // A tree without pages needs no entry: that of a dropped one is gone with its last page.
        engine.tree.remove(rootsTree, key, 0, key.length);
        states.working.trees.delete(id);
        continue;
      }
      value.reset();
      encodeRoot(root, value);
      engine.tree.put(rootsTree, key, 0, key.length, value.bytes, 0, value.length);
    }
    states.dirtyTrees = new Set();
    const generation = pager.generation;
    const pages = pager.freeze();
    const image = {
      pages,
      bitmap: space.freeze(),
      roots,
      sequence: log.position.sequence,
      chain: log.position.chain,
      epoch: pager.epoch - 1,
      generation,
      nextTree: engine.nextTree,
      rootsTree: { ...states.root(states.working, ROOTS_TREE) },
    };
    // Runs of uncommitted values belong to nobody until a durable record names them. Another run may
    // take the place of the spare one before the image's bitmap is written.
    for (const [page, count] of engine.reserved) clearRun(image.bitmap, page, count);
    clearRun(image.bitmap, engine.spareBitmap!.page, engine.spareBitmap!.pages);
    states.renew();
    if (!request.exclusive) log.switchTo(extentOf(engine.superblock.next));
    return image;
  }

  *#write(image: FrozenImage, request: CheckpointRequest): Generator<Pause, void> {
    const engine = this.#engine;
    const { file, space, pager, states } = engine;
    yield* this.#writer.write(image.pages, image.roots);
    states.learnChecksums();
    const { rootsTree } = image;
    const rootsChecksum = pager.checksumOf(rootsTree.page, rootsTree.checksum);

    const old = engine.superblock;
    const extents = nextExtents(engine, request.exclusive === true);
    const { bitmap, pageCount } = writeBitmap(engine, image.bitmap, extents);
    // Durable after this: every page, bitmap and extent the new superblock is going to name.
    if ((file.isSyncing || file.unsynced > ASYNC_SYNC_BYTES) && engine.io.capabilities.asyncSync) {
      yield "sync";
    } else {
      file.sync();
    }
    const superblock: Superblock = {
      clean: request.clean === true,
      identity: old.identity,
      sequence: image.sequence,
      chain: image.chain,
      epoch: image.epoch,
      pageCount,
      nextTree: image.nextTree,
      roots: { ...rootsTree, checksum: rootsChecksum },
      bitmap,
      current: extents.current,
      next: extents.next,
    };
    // Durable after this: the new image is the database, replay begins at its sequence.
    engine.switchSuperblock(superblock);

    engine.log.synced(Math.max(engine.log.durable, image.sequence));
    pager.settle();
    releasePlaces(engine, old);
    space.freed.settle(image.generation);
    space.rewind();
    cutTail(engine, request.clean || request.compact ? "all" : "excess");
    if (request.exclusive) engine.log.switchTo(extentOf(extents.current));
    this.completed++;
    engine.onSettle();
  }
}

/** Lets other work run. */
export function nextTurn(io: Engine["io"]): Promise<void> {
  return new Promise((resolve) => io.nextTurn(resolve));
}
