/**
 * The page cache: pages of the file in a bounded set of frames, copy-on-write.
 *
 * - A page born since the last freeze and after the newest view is *volatile*: no superblock and
 *   no view can reach it, so it changes in place. Any other page is copied to a new number first.
 * - A page is never written over in the file while a durable superblock can reach it, so dirty
 *   pages may be written at any time ("stolen") without a crash ever seeing them.
 * - `clock` stamps the frames touched by the running operation; they are never evicted by it.
 *
 * @module
 */

import type { Checksum } from "../../base/checksum.ts";
import { assert } from "../../errors.ts";
import type { IoFile } from "../../io/adapter.ts";
import type { FreeSpace } from "../space/free_space.ts";
import { PAGE_BYTES } from "../limits.ts";
import { FrameArenas } from "./frame_arenas.ts";
import { FrozenPages } from "./frozen_pages.ts";
import { type Arena, createArena, epochOf, formatPage, levelOf, treeOf } from "./page.ts";
import { PageChecksums } from "./page_checksums.ts";
import { PageReader } from "./page_reader.ts";
import type { PagerStats } from "./pager_stats.ts";

/** Frame states. */
const FREE = 0;
const CLEAN = 1;
const DIRTY = 2;
/** Dirty when the running checkpoint froze the image, and not written yet. */
const FROZEN = 3;

/** Added to the level of a page of the tree of roots: above all levels, which are one byte. */
const ROOTS_RANK = 256;

/** Above this part of the frames, dirty leaves are written early to get some. */
const CROWDED = 0.875;

/** Reads, caches, copies and writes the pages of one file. */
export class Pager {
  /** Epoch in which pages are born now; raised before a view or an image must not change. */
  epoch: number;
  /** Epoch of the newest image: pages born later are in none. */
  imageEpoch: number;
  /** Counts checkpoints; frees of one generation are released together. */
  generation = 1;
  /** Stamp of the running operation: raise it at the start of each. */
  clock = 1;
  /** Dirty pages in frames. */
  dirtyCount = 0;
  /** Which pages are in use. */
  readonly space: FreeSpace;
  /** Counters. */
  readonly stats: PagerStats = { cacheHits: 0, pagesRead: 0, pagesWritten: 0 };
  /** Most frames. */
  readonly capacity: number;

  readonly #file: IoFile;
  readonly #reader: PageReader;
  readonly #checksum: Checksum;
  /** Tree whose leaves hold root checksums, so that they are sealed last. */
  readonly #rootsTree: number;
  readonly #arenas: FrameArenas;
  /** Frame plus one by page number; 0 is absent. */
  #table: Int32Array;
  readonly #framePage: Uint32Array;
  readonly #frameStamp: Uint32Array;
  readonly #frameState: Uint8Array;
  /** Where the page of a frame stands in the order of writing: its level, behind all others in the tree of roots. */
  readonly #frameRank: Uint16Array;
  readonly #freeFrames: number[] = [];
  #frameCount = 0;
  #frozenCount = 0;
  #hand = 0;
  readonly #checksums = new PageChecksums();

  /** Makes an empty cache over a file. */
  constructor(
    file: IoFile,
    path: string,
    checksum: Checksum,
    space: FreeSpace,
    cacheBytes: number,
    epoch: number,
    rootsTree: number,
  ) {
    this.#file = file;
    this.#reader = new PageReader(file, path, checksum, space);
    this.#checksum = checksum;
    this.space = space;
    this.epoch = epoch;
    this.imageEpoch = epoch - 1;
    this.#rootsTree = rootsTree;
    this.capacity = Math.floor(cacheBytes / PAGE_BYTES);
    this.#arenas = new FrameArenas(this.capacity);
    this.#framePage = new Uint32Array(this.capacity);
    this.#frameStamp = new Uint32Array(this.capacity);
    this.#frameState = new Uint8Array(this.capacity);
    this.#frameRank = new Uint16Array(this.capacity);
    this.#table = new Int32Array(space.pageCount + 1024);
    space.onFree = (page) => {
      const frame = this.#frameOf(page);
      this.#checksums.forget(page);
      if (frame >= 0) this.#dropFrame(frame);
    };
  }

  /** The arena of a frame. */
  arena(frame: number): Arena {
    return this.#arenas.arena(frame);
  }

  /** Offset of a frame in its arena. */
  base(frame: number): number {
    return this.#arenas.base(frame);
  }

  /**
   * The frame of a page, read from the file and verified when it is not cached. The frame stays
   * valid until the clock moves on.
   * @param checksum what the parent says; used only when nothing newer is known.
   * @throws {CorruptionError} `CORRUPT_PAGE`
   */
  frame(page: number, checksum: number): number {
    const frame = this.#frameOf(page);
    if (frame >= 0) {
      this.#frameStamp[frame] = this.clock;
      this.stats.cacheHits++;
      return frame;
    }
    return this.#load(page, checksum);
  }

  /**
   * A private copy of a page, verified as it stands in the file unless it is dirty.
   * @throws {CorruptionError} `CORRUPT_PAGE`
   */
  verified(page: number, checksum: number): Arena {
    const copy = createArena(PAGE_BYTES);
    const frame = this.#frameOf(page);
    if (frame >= 0 && this.#frameState[frame] !== CLEAN) {
      const base = this.base(frame);
      copy.u8.set(this.arena(frame).u8.subarray(base, base + PAGE_BYTES));
    } else {
      this.#read(copy, 0, page, checksum);
    }
    return copy;
  }

  /** Whether the page in a frame may be changed in place. */
  isVolatile(frame: number): boolean {
    const born = epochOf(this.arena(frame), this.base(frame));
    return born > this.imageEpoch && born > this.space.freed.newestView;
  }

  /**
   * Makes the page of `frame` changeable, under a new number unless it is volatile.
   * @returns the frame that may be changed; its page number is {@linkcode Pager.pageOf}.
   */
  writable(frame: number): number {
    if (this.isVolatile(frame)) {
      this.#markDirty(frame);
      return frame;
    }
    const old = this.#framePage[frame]!;
    const born = epochOf(this.arena(frame), this.base(frame));
    const page = this.space.allocate();
    let target = frame;
    if (this.#frameState[frame] === CLEAN) {
      // The file has the old page for whoever still needs it: the frame simply moves on.
      this.#table[old] = 0;
    } else {
      target = this.#takeFrame();
      const from = this.base(frame);
      this.arena(target).u8.set(
        this.arena(frame).u8.subarray(from, from + PAGE_BYTES),
        this.base(target),
      );
    }
    const base = this.base(target);
    const arena = this.arena(target);
    arena.i32[(base >> 2) + 1] = page;
    arena.i32[(base >> 2) + 2] = this.epoch;
    if (levelOf(arena, base) > 0) this.#checksums.fillCopy(arena, base);
    this.#enter(target, page, DIRTY);
    this.freePage(old, born);
    return target;
  }

  /** Whether a frame holds a page that may be changed in place and is dirty already; touches it. */
  holds(frame: number, page: number): boolean {
    if (this.#framePage[frame] !== page || this.#frameState[frame] !== DIRTY) return false;
    this.#frameStamp[frame] = this.clock;
    return this.isVolatile(frame);
  }

  /** A new, empty, volatile page. */
  create(tree: number, level: number): number {
    const page = this.space.allocate();
    const frame = this.#takeFrame();
    formatPage(this.arena(frame), this.base(frame), page, this.epoch, tree, level);
    this.#enter(frame, page, DIRTY);
    return frame;
  }

  /** The page number in a frame. */
  pageOf(frame: number): number {
    return this.#framePage[frame]!;
  }

  /** Gives up the page of a frame: at once when nothing else can reach it. */
  giveUp(frame: number): void {
    const page = this.#framePage[frame]!;
    if (!this.isVolatile(frame)) {
      return this.freePage(page, epochOf(this.arena(frame), this.base(frame)));
    }
    this.#checksums.forget(page);
    this.#dropFrame(frame);
    this.space.release(page, 1);
  }

  /** A superblock or a view may reach the page. */
  freePage(page: number, born: number): void {
    const { freed } = this.space;
    if (born > this.imageEpoch) freed.hold(page, 1, born, this.epoch);
    else freed.wait(page, 1, born, this.epoch, this.generation);
  }

  /**
   * Freezes the image for a checkpoint: all dirty pages. The epoch moves on, so that they stay as
   * they are.
   */
  freeze(): FrozenPages {
    const pages = new FrozenPages(this.space.pageCount);
    for (let frame = 0; frame < this.#frameCount; frame++) {
      if (this.#frameState[frame] !== DIRTY) continue;
      this.#frameState[frame] = FROZEN;
      pages.add(this.#framePage[frame]!, this.#frameRank[frame]!);
    }
    this.dirtyCount = 0;
    this.#frozenCount += pages.length;
    this.#checksums.freeze();
    this.imageEpoch = this.epoch++;
    this.generation++;
    return pages;
  }

  /**
   * Finishes a frozen page: fills in the checksums of its children and its own.
   * @param fillRoots fills the checksums of roots into a leaf of the tree of roots
   * @returns its frame, or -1 when it was written before, because its frame was needed.
   */
  seal(page: number, fillRoots: (arena: Arena, base: number) => void): number {
    const frame = this.#frameOf(page);
    if (frame < 0 || this.#frameState[frame] !== FROZEN) return -1;
    const arena = this.arena(frame);
    const base = this.base(frame);
    if (levelOf(arena, base) > 0) this.#checksums.fillSealed(arena, base);
    else if (this.#isOfRoots(arena, base)) fillRoots(arena, base);
    this.#checksums.set(page, this.#sealBytes(arena, base), true);
    return frame;
  }

  /** Copies the bytes of a sealed page for writing; its frame may be evicted from now on. */
  takeSealed(frame: number, into: Uint8Array, at: number): void {
    const base = this.base(frame);
    into.set(this.arena(frame).u8.subarray(base, base + PAGE_BYTES), at);
    this.#frameState[frame] = CLEAN;
    this.#frozenCount--;
    this.stats.pagesWritten++;
  }

  /** The checkpoint is durable. */
  settle(): void {
    this.#checksums.settle();
  }

  /** The newest known checksum of a page, or `otherwise`. */
  checksumOf(page: number, otherwise: number): number {
    return this.#checksums.get(page, otherwise);
  }

  /** The frame that a page is in, or -1. */
  #frameOf(page: number): number {
    return (page < this.#table.length ? this.#table[page]! : 0) - 1;
  }

  #isOfRoots(arena: Arena, base: number): boolean {
    return treeOf(arena, base) === this.#rootsTree;
  }

  #sealBytes(arena: Arena, base: number): number {
    const checksum = this.#checksum.of(arena.u8, base + 4, base + PAGE_BYTES);
    arena.i32[base >> 2] = checksum;
    return checksum;
  }

  #markDirty(frame: number): void {
    if (this.#frameState[frame] === DIRTY) return;
    this.#frameState[frame] = DIRTY;
    this.dirtyCount++;
    this.#checksums.forget(this.#framePage[frame]!);
  }

  /** The page is in no frame: it was not found in one, or it was free, and what is freed leaves its. */
  #enter(frame: number, page: number, state: number): void {
    if (page >= this.#table.length) {
      const table = new Int32Array(Math.max(page + 1024, this.#table.length * 2));
      table.set(this.#table);
      this.#table = table;
    }
    if (state === DIRTY && this.#frameState[frame] !== DIRTY) this.dirtyCount++;
    this.#table[page] = frame + 1;
    this.#framePage[frame] = page;
    const arena = this.arena(frame);
    const base = this.base(frame);
    this.#frameRank[frame] = levelOf(arena, base) + (this.#isOfRoots(arena, base) ? ROOTS_RANK : 0);
    this.#frameState[frame] = state;
    this.#frameStamp[frame] = this.clock;
  }

  #dropFrame(frame: number): void {
    if (this.#frameState[frame] === DIRTY) this.dirtyCount--;
    if (this.#frameState[frame] === FROZEN) this.#frozenCount--;
    const page = this.#framePage[frame]!;
    if (this.#table[page] === frame + 1) this.#table[page] = 0;
    this.#frameState[frame] = FREE;
    this.#freeFrames.push(frame);
  }

  #load(page: number, parentChecksum: number): number {
    const frame = this.#takeFrame();
    try {
      this.#read(this.arena(frame), this.base(frame), page, parentChecksum);
    } catch (error) {
      this.#freeFrames.push(frame);
      throw error;
    }
    this.#enter(frame, page, CLEAN);
    return frame;
  }

  #read(arena: Arena, base: number, page: number, parentChecksum: number): void {
    this.#reader.read(arena, base, page, this.checksumOf(page, parentChecksum));
    this.stats.pagesRead++;
  }

  #takeFrame(): number {
    const free = this.#freeFrames.pop();
    if (free !== undefined) return free;
    if (this.#frameCount < this.capacity) {
      this.#arenas.take(this.#frameCount);
      return this.#frameCount++;
    }
    // Clock over untouched frames. Leaves are written early only when few frames are clean.
    const crowded = this.dirtyCount + this.#frozenCount > this.capacity * CROWDED;
    let victim = -1;
    for (let step = 0; step < 3 * this.capacity; step++) {
      const frame = this.#hand;
      this.#hand = frame + 1 === this.capacity ? 0 : frame + 1;
      const stamp = this.#frameStamp[frame]!;
      if (stamp === this.clock) continue;
      if (this.#frameState[frame] !== CLEAN && !crowded && step < 2 * this.capacity) continue;
      this.#frameStamp[frame] = 0;
      if (stamp === 0 && (this.#frameState[frame] === CLEAN || this.#steal(frame))) {
        victim = frame;
        break;
      }
    }
    assert(victim >= 0, "the page cache is too small for one operation");
    this.#dropFrame(victim);
    return this.#freeFrames.pop()!;
  }

  /** Writes a dirty or frozen leaf ahead of its checkpoint; branches wait for their children. */
  #steal(frame: number): boolean {
    const arena = this.arena(frame);
    const base = this.base(frame);
    if (levelOf(arena, base) > 0 || this.#isOfRoots(arena, base)) return false;
    const page = this.#framePage[frame]!;
    const checksum = this.#sealBytes(arena, base);
    this.#file.writeAt(arena.u8.subarray(base, base + PAGE_BYTES), page * PAGE_BYTES);
    this.stats.pagesWritten++;
    this.#checksums.set(page, checksum, this.#frameState[frame] === FROZEN);
    return true;
  }
}
