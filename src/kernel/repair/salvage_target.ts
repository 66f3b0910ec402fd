/**
 * The new store that repair fills: written past the log, because only the finished file counts, with
 * checkpoints that keep the changed pages within the cache.
 *
 * @module
 */

import { CorruptionError, type ErrorCode, isHoldfastError } from "../../errors.ts";
import type { IoAdapter } from "../../io/adapter.ts";
import type { Checkpointer } from "../commit/checkpoint.ts";
import type { Engine } from "../engine.ts";
import { CELL_BYTES_MAX, KEY_BYTES_MAX, LOG_BYTES_MIN, PAGE_BYTES } from "../limits.ts";
import { createStore, openStore } from "../open_store.ts";
import { runPages } from "../page/overflow.ts";
import {
  type Arena,
  cellAt,
  keyLength,
  LEAF_CELL_HEAD,
  OVERFLOW,
  OVERFLOW_REF_BYTES,
  setU32At,
} from "../page/page.ts";
import { RunCopy } from "../page/run_copy.ts";
import type { SalvageSource } from "./salvage_source.ts";
import { FIRST_TREE, ROOTS_TREE } from "../tree/state.ts";
import { PUT, PUT_REFERENCE, type WriteSet } from "../commit/write_set.ts";

/** Page cache of the store that is being built: 32 MiB. */
const CACHE_BYTES: number = 32 * 1024 * 1024;

/** Highest tree id that is believed: what counts on 32 signed bits elsewhere stays below. */
const TREE_MAX = 0x3fffffff;

/** Values may be named more than once in a damaged file: copies of them end at this many file sizes. */
const COPIES_MAX = 4;

/** What a value that cannot be read is reported as. */
const LOST: ErrorCode = "CORRUPT_VALUE";

/** Pages that one change of a tree may take beside a large value: a path, split twice. */
const DEPTH_PAGES = 64;

/** Whether an id can be one of a tree that holds entries. */
export function isTreeId(id: number): boolean {
  return id !== ROOTS_TREE && id <= TREE_MAX;
}

/** Takes salvaged entries. */
export class SalvageTarget {
  /** Values that were named and could not be read. */
  lostValues = 0;

  readonly #engine: Engine;
  readonly #checkpointer: Checkpointer;
  readonly #source: SalvageSource;
  readonly #trees = new Set<number>();
  #copyBytes: number;

  private constructor(engine: Engine, checkpointer: Checkpointer, source: SalvageSource) {
    this.#engine = engine;
    this.#checkpointer = checkpointer;
    this.#source = source;
    this.#copyBytes = COPIES_MAX * source.size();
  }

  /** Creates an empty store for what is found in `source`. */
  static async create(io: IoAdapter, path: string, source: SalvageSource): Promise<SalvageTarget> {
    await createStore(io, path);
    const file = await io.open(path, "write");
    try {
      const options = {
        cacheBytes: CACHE_BYTES,
        logBytes: LOG_BYTES_MIN,
        maxBytes: Number.MAX_SAFE_INTEGER,
        retainChangeBytes: 0,
      };
      const { engine, checkpointer } = await openStore(io, path, file, options);
      return new SalvageTarget(engine, checkpointer, source);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** The store, to read what it holds by now and to add names. */
  get engine(): Engine {
    return this.#engine;
  }

  /** The trees that got entries, ascending. */
  get trees(): number[] {
    return [...this.#trees].sort((a, b) => a - b);
  }

  /** Entries of a tree by now. */
  count(tree: number): number {
    return this.#engine.states.root(this.#engine.states.working, tree).count;
  }

  /** Whether a key is there. */
  has(tree: number, bytes: Uint8Array, begin: number, length: number): boolean {
    const { states } = this.#engine;
    return this.#engine.tree.find(states.root(states.working, tree), bytes, begin, length);
  }

  /** Puts the entry of a leaf's slot. @returns `false` when its value could not be read */
  putSlot(tree: number, leaf: Arena, slot: number): boolean {
    const cell = cellAt(leaf, 0, slot);
    const length = leaf.u8[cell]! | leaf.u8[cell + 1]! << 8;
    const key = cell + LEAF_CELL_HEAD;
    const value = key + keyLength(leaf, 0, slot);
    if (length === OVERFLOW) return this.#putRun(tree, leaf.u8, key, value - key, leaf.u8, value);
    this.put(tree, leaf.u8, key, value - key, leaf.u8, value, length);
    return true;
  }

  /** Puts an entry. */
  put(
    tree: number,
    key: Uint8Array,
    keyAt: number,
    length: number,
    value: Uint8Array,
    valueAt: number,
    valueLength: number,
  ): void {
    const { tree: trees, space } = this.#engine;
    const isLarge = LEAF_CELL_HEAD + length + valueLength > CELL_BYTES_MAX;
    space.ensure(DEPTH_PAGES + (isLarge ? runPages(valueLength) : 0));
    trees.put(this.#root(tree), key, keyAt, length, value, valueAt, valueLength);
  }

  /** Removes a key, if it is there. */
  remove(tree: number, key: Uint8Array): void {
    if (!this.has(tree, key, 0, key.length)) return;
    this.#engine.space.ensure(DEPTH_PAGES);
    this.#engine.tree.remove(this.#root(tree), key, 0, key.length);
  }

  /** Carries out a record of the log. */
  apply(set: WriteSet): void {
    const bytes = set.out.bytes;
    for (let op = 0; op < set.count; op++) {
      const tree = set.tree(op);
      const length = set.keyLength(op);
      if (!isTreeId(tree) || length > KEY_BYTES_MAX) {
        throw new CorruptionError("CORRUPT_LOG", "A record names no key of a tree");
      }
      const keyAt = set.keyAt(op);
      const valueAt = set.valueAt(op);
      if (set.kind(op) === PUT) {
        this.put(tree, bytes, keyAt, length, bytes, valueAt, set.valueLength(op));
      } else if (set.kind(op) === PUT_REFERENCE) {
        // Not even the value before is right when the value that took its place is lost.
        if (!this.#putRun(tree, bytes, keyAt, length, bytes, valueAt)) this.#remove(set, op);
      } else {
        this.#remove(set, op);
      }
    }
  }

  /** Writes changed pages when they fill half of the cache. */
  settle(): void {
    const { pager } = this.#engine;
    if (pager.dirtyCount * 2 > pager.capacity) this.#checkpoint(false);
  }

  /** Makes everything durable and closes the store cleanly. @returns bytes of the file */
  finish(): number {
    this.#checkpoint(true);
    const bytes = this.#engine.space.pageCount * PAGE_BYTES;
    this.#engine.file.close();
    return bytes;
  }

  /** Lets go of the file as it is. */
  close(): void {
    this.#engine.file.close();
  }

  /** Copies a value beside the tree, and names it when it was whole. */
  #putRun(
    tree: number,
    key: Uint8Array,
    keyAt: number,
    length: number,
    bytes: Uint8Array,
    at: number,
  ): boolean {
    const page = this.copyRun(tree, bytes, at);
    if (page === undefined) return false;
    const reference = bytes.slice(at, at + OVERFLOW_REF_BYTES);
    setU32At(reference, 0, page);
    this.#engine.tree.putReference(this.#root(tree), key, keyAt, length, reference, 0);
    return true;
  }

  /**
   * Copies the value of a reference in parts. @returns its first page; `undefined` when it was not
   * whole, which is reported
   */
  copyRun(tree: number, bytes: Uint8Array, at: number): number | undefined {
    const engine = this.#engine;
    let run: { page: number; pages: number } | undefined;
    try {
      const copy = new RunCopy(this.#source, "the damaged file", engine.checksum, bytes, at);
      this.#copyBytes -= copy.pages * PAGE_BYTES;
      if (this.#copyBytes < 0 || copy.pages === 0) {
        throw new CorruptionError("CORRUPT_VALUE", "The file names more values than it can hold");
      }
      engine.space.ensure(copy.pages + DEPTH_PAGES);
      run = { page: engine.space.allocateRun(copy.pages), pages: copy.pages };
      let offset = run.page * PAGE_BYTES;
      for (let part = copy.next(); part !== undefined; part = copy.next()) {
        engine.file.writeAt(part, offset);
        offset += part.length;
      }
      this.#source.claimRun(copy.page, copy.pages);
    } catch (error) {
      if (!isHoldfastError(error) || error.code !== LOST) throw error;
      if (run !== undefined) engine.space.release(run.page, run.pages);
      this.lostValues++;
      this.#source.report(LOST, `A value of tree ${tree} is lost: ${error.message}`, error.page);
      return undefined;
    }
    return run.page;
  }

  #root(tree: number): ReturnType<Engine["states"]["writableRoot"]> {
    const engine = this.#engine;
    engine.nextTree = Math.max(engine.nextTree, tree + 1, FIRST_TREE);
    this.#trees.add(tree);
    engine.states.beforeChange();
    return engine.states.writableRoot(tree);
  }

  #remove(set: WriteSet, op: number): void {
    const at = set.keyAt(op);
    this.remove(set.tree(op), set.out.bytes.slice(at, at + set.keyLength(op)));
  }

  #checkpoint(clean: boolean): void {
    void this.#checkpointer.start({ exclusive: true, clean });
    this.#checkpointer.finishNow();
    this.#engine.health.check();
  }
}
