/**
 * Frees the pages of dropped structures, in steps between the batches.
 *
 * Tree 3 holds the ids of the trees that were dropped and still have pages. Key: the id as u32,
 * big-endian; the value is empty. A drop is two ordinary operations of one commit: the name leaves
 * the catalog, the id enters this tree. Ids are never given again.
 *
 * A step takes leaves off the end of a dropped tree, copy-on-write like any change, and is not
 * logged. Crash argument: nothing is committed to a dropped tree, and a page taken off it is reused
 * only once a superblock whose image does without it is durable (`free_space.ts`). So an image
 * holds a dropped tree with exactly the leaves that it had left when it was frozen, and still its
 * id, or neither; an older image that replays the drop gets the whole tree, and its id. Either way
 * trimming goes on from there. Views of the tree as it was keep its pages, as ever.
 *
 * @module
 */

import { CorruptionError, IoError } from "../../errors.ts";
import { reserveForCheckpoint } from "../commit/checkpoint_places.ts";
import type { CommitPipeline } from "../commit/commit_pipeline.ts";
import type { Engine } from "../engine.ts";
import { TRIM_STEP_LEAVES, TRIM_STEP_MS } from "../limits.ts";
import { pagesToRemoveLeaf, removeLastLeaf } from "../tree/remove_last_leaf.ts";
import { DROPPED_TREE, treeKey, treeOfKey } from "../tree/state.ts";
import { TreeCursor } from "../tree/tree_cursor.ts";

/** A share of the file, as divisor: when so much waits for a checkpoint at the end, one is made. */
const WAITING_SHARE = 8;

/** The dropped trees of one open store. */
export class DroppedTrees {
  readonly #engine: Engine;
  readonly #pipeline: CommitPipeline;
  /** Trees with damage: their pages stay in use, and `check()` says why. */
  readonly #damaged = new Set<number>();
  #scheduled = false;
  #stopped = false;
  /** There was no space for copies of branches: goes on when some was freed. */
  #starved = false;
  /** Something was dropped or taken off since the last checkpoint that was asked for. */
  #hasNews = false;
  #checkpoint: Promise<void> | undefined;

  /** Begins with what an earlier session has left. */
  constructor(engine: Engine, pipeline: CommitPipeline) {
    this.#engine = engine;
    this.#pipeline = pipeline;
    engine.onDrop = () => {
      this.#hasNews = true;
      this.#schedule();
    };
    engine.onSettle = () => {
      if (!this.#starved) return;
      this.#starved = false;
      this.#schedule();
    };
    if (this.count > 0) this.#schedule();
  }

  /** Number of dropped trees that still have pages. */
  get count(): number {
    const { states } = this.#engine;
    return states.root(states.working, DROPPED_TREE).count;
  }

  /** Ends trimming for this session. Resolves when a checkpoint that it asked for has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#checkpoint;
  }

  #schedule(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#engine.io.nextTurn(() => {
      this.#scheduled = false;
      if (!this.#stopped && this.#engine.health.writable) this.#step();
    });
  }

  /** Takes leaves off until the time of a step is over, and comes back if there is more. */
  #step(): void {
    const { io } = this.#engine;
    const ends = io.monotonic() + TRIM_STEP_MS;
    try {
      let id = this.#next();
      for (let leaves = 1; id >= 0; leaves++) {
        if (!this.#trim(id)) id = this.#next();
        if (leaves >= TRIM_STEP_LEAVES || io.monotonic() >= ends) return this.#schedule();
      }
    } catch (error) {
      return this.#failed(error);
    }
    const { space } = this.#engine;
    if (space.pendingCount * WAITING_SHARE >= space.pageCount) this.#askForCheckpoint();
  }

  /** The first dropped tree that can be trimmed, or -1. */
  #next(): number {
    const { states, pager, overflow } = this.#engine;
    const root = states.root(states.working, DROPPED_TREE);
    if (root.count <= this.#damaged.size) return -1;
    const cursor = new TreeCursor(pager, overflow, root, {});
    while (cursor.next()) {
      const id = treeOfKey(cursor.keyBytes, cursor.keyBegin);
      if (!this.#damaged.has(id)) return id;
    }
    return -1;
  }

  /** Takes a leaf off a tree. @returns `false` when there is no more to take. */
  #trim(id: number): boolean {
    const { states, tree } = this.#engine;
    const dropped = states.root(states.working, DROPPED_TREE);
    const present = states.root(states.working, id);
    // Beside the branches: the path to the id, and a neighbour that it is joined with.
    reserveForCheckpoint(this.#engine, pagesToRemoveLeaf(present) + 2 * dropped.level + 2, true);
    states.beforeChange();
    if (present.page === 0) {
      const key = treeKey(id);
      tree.remove(states.writableRoot(DROPPED_TREE), key, 0, key.length);
      this.#engine.serials.delete(id);
      return false;
    }
    try {
      removeLastLeaf(tree, states.writableRoot(id));
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      // Reads of a damaged tree fail too, and poison nothing: its pages are lost, not wrong.
      this.#damaged.add(id);
      return false;
    }
    this.#hasNews = true;
    return true;
  }

  #failed(error: unknown): void {
    const { health } = this.#engine;
    // A failed write has poisoned; damage here is that of the tree of ids, which `check()` reports.
    if (health.poisoned || error instanceof CorruptionError) return;
    if (!(error instanceof IoError)) return health.poison(error);
    // There was no space, or it could not read.
    this.#starved = true;
    this.#askForCheckpoint();
  }

  /** A checkpoint lets go of what was taken off; without news there is nothing to gain by it. */
  #askForCheckpoint(): void {
    if (!this.#hasNews || this.#checkpoint !== undefined) return;
    this.#hasNews = false;
    // Without space it waits for somebody else's; any other failure has poisoned the store.
    const ended = (): void => {
      this.#checkpoint = undefined;
    };
    this.#checkpoint = this.#pipeline.checkpoint().then(ended, ended);
  }
}
