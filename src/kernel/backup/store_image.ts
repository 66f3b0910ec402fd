/**
 * A whole store as a new file, page after page from the first to the last: what a backup writes.
 * The contents are those of a pinned state, so that laying it out twice gives the same bytes.
 *
 * | pages     | contents                                                               |
 * | --------- | ---------------------------------------------------------------------- |
 * | 0 to 2    | superblocks, marked as cleanly closed                                  |
 * | 3 to 130  | two log extents of 256 KiB, zeros                                      |
 * | then      | the trees by ascending id: values before their leaf, leaves before     |
 * |           | their branch; last the tree of roots                                   |
 * | the rest  | free space bitmap: every page is in use                                |
 *
 * The superblock comes first and needs the checksum of the root that comes last. So the image is
 * laid out twice: once to count and to learn the checksums, without reading large values, and once
 * to write. Memory: one page per level, one chunk, the ids of the trees.
 *
 * The copy has an identity and salts of its own: log batches of the original are not valid in it.
 *
 * @module
 */

import type { IoAdapter } from "../../io/adapter.ts";
import { assert } from "../../errors.ts";
import { encodeSlot } from "../../journal/slot_register.ts";
import { ByteWriter } from "../../base/byte_writer.ts";
import type { TreeRoot } from "../tree/btree.ts";
import type { Engine } from "../engine.ts";
import { setRun } from "../space/free_space.ts";
import type { ImagePages } from "./image_pages.ts";
import { LeafWalk } from "../tree/leaf_walk.ts";
import { LOG_BYTES_MIN, PAGE_BYTES } from "../limits.ts";
import { SLOT_LAYOUT } from "../open_store.ts";
import {
  type Arena,
  cellAt,
  createArena,
  formatPage,
  keyLength,
  LEAF_CELL_HEAD,
  openCell,
  OVERFLOW,
  slotCount,
} from "../page/page.ts";
import { copyPrepared } from "./prepared_image.ts";
import { RunCopy } from "../page/run_copy.ts";
import { DROPPED_TREE, IN_DOUBT_TREE, ROOTS_TREE, type State, treeKey } from "../tree/state.ts";
import { encodeRoot, encodeSuperblock, type StoredRoot, type Superblock } from "../superblock.ts";
import { droppedIds, treeIds } from "../tree/tree_ids.ts";
import { IMAGE_EPOCH, TreeImage } from "../tree/tree_image.ts";

const EXTENT_PAGES: number = LOG_BYTES_MIN / PAGE_BYTES;

/** Where the log begins. */
const LOG_PAGE = SLOT_LAYOUT.slots;

/** What an image holds. */
export interface ImageSummary {
  /** Its superblock. */
  readonly superblock: Superblock;
  /** Trees that are not empty. */
  readonly trees: number;
  /** Entries of these trees. */
  readonly entries: number;
}

/** Lays out the image of one pinned state. */
export class StoreImage {
  readonly #engine: Engine;
  readonly #state: State;
  readonly #random = new Uint8Array(36);
  readonly #sequence: number;
  readonly #nextTree: number;

  /** An image of a state, which the caller keeps pinned. */
  constructor(engine: Engine, state: State, io: IoAdapter) {
    this.#engine = engine;
    this.#state = state;
    this.#sequence = engine.log.position.sequence;
    this.#nextTree = engine.nextTree;
    io.random(this.#random);
  }

  /**
   * Lays the image out in `pages`, in small steps: take what is full after each, or drop it.
   * @param planned the summary of the counting run; the pages of the superblock are zeros without
   * @throws {CorruptionError} `CORRUPT_PAGE`, `CORRUPT_VALUE`
   */
  *layOut(pages: ImagePages, planned?: ImageSummary): Generator<void, ImageSummary> {
    this.#begin(pages, planned);
    yield;
    const roots = new Map<number, StoredRoot>();
    let entries = 0;
    const dropped = yield* droppedIds(this.#engine, this.#state);
    for (const id of yield* treeIds(this.#engine, this.#state)) {
      // What was dropped is left out, and so is the tree that says so.
      if (id === DROPPED_TREE || dropped.has(id)) continue;
      const root = yield* this.#copyTree(pages, this.#engine.states.root(this.#state, id));
      if (root.page === 0) continue;
      roots.set(id, root);
      entries += root.count;
    }
    const superblock = this.#end(pages, this.#rootsTree(pages, roots));
    pages.finish();
    assert(
      planned === undefined || planned.superblock.roots.checksum === superblock.roots.checksum,
      "a pinned state reads the same twice",
    );
    return { superblock, trees: roots.size, entries };
  }

  *#copyTree(pages: ImagePages, root: TreeRoot): Generator<void, StoredRoot> {
    const { pager, checksum } = this.#engine;
    const image = new TreeImage(pages, checksum, root.id);
    const walk = new LeafWalk(pager, root);
    for (let leaf = walk.next(); leaf !== undefined; leaf = walk.next()) {
      for (let slot = 0; slot < slotCount(leaf, 0); slot++) {
        if (root.id === IN_DOUBT_TREE) {
          image.add(yield* copyPrepared(pages, this.#engine, leaf, slot), 0, undefined);
          continue;
        }
        const run = isReference(leaf, slot) ? yield* this.#copyRun(pages, leaf, slot) : undefined;
        image.add(leaf, slot, run);
      }
      yield;
    }
    return image.finish();
  }

  *#copyRun(pages: ImagePages, leaf: Arena, slot: number): Generator<void, number> {
    const at = cellAt(leaf, 0, slot) + LEAF_CELL_HEAD + keyLength(leaf, 0, slot);
    const first = pages.next;
    const { file, path, checksum } = this.#engine;
    const copy = new RunCopy(file, path, checksum, leaf.u8, at);
    if (pages.isCounting) {
      pages.skip(copy.pages);
      return first;
    }
    for (let part = copy.next(); part !== undefined; part = copy.next()) {
      pages.append(part);
      yield;
    }
    return first;
  }

  #rootsTree(pages: ImagePages, roots: ReadonlyMap<number, StoredRoot>): StoredRoot {
    const image = new TreeImage(pages, this.#engine.checksum, ROOTS_TREE);
    const cell = createArena(PAGE_BYTES);
    const value = new ByteWriter(32);
    for (const [id, root] of roots) {
      value.reset();
      encodeRoot(root, value);
      const key = treeKey(id);
      formatPage(cell, 0, 0, IMAGE_EPOCH, ROOTS_TREE, 0);
      const bytes = LEAF_CELL_HEAD + key.length + value.length;
      const at = openCell(cell, 0, 0, bytes, key, 0, key.length);
      cell.u8[at] = value.length;
      cell.u8[at + 1] = 0;
      cell.u8.set(value.bytes.subarray(0, value.length), at + LEAF_CELL_HEAD + key.length);
      image.add(cell, 0, undefined);
    }
    return image.finish();
  }

  #begin(pages: ImagePages, planned: ImageSummary | undefined): void {
    if (planned === undefined) {
      pages.skip(LOG_PAGE + 2 * EXTENT_PAGES);
      return;
    }
    const value = encodeSuperblock(planned.superblock);
    for (let epoch = 1; epoch <= SLOT_LAYOUT.slots; epoch++) {
      pages.append(encodeSlot(this.#engine.checksum, SLOT_LAYOUT, epoch, value));
    }
    pages.append(new Uint8Array(2 * EXTENT_PAGES * PAGE_BYTES));
  }

  #end(pages: ImagePages, roots: StoredRoot): Superblock {
    const view = new DataView(this.#random.buffer);
    const page = pages.next;
    let bitmapPages = 1;
    while (bitmapPages * PAGE_BYTES * 8 < page + bitmapPages) bitmapPages++;
    const pageCount = page + bitmapPages;
    const words = new Uint32Array((pageCount + 31) >>> 5);
    setRun(words, 0, pageCount);
    const bitmap = new Uint8Array(words.buffer);
    pages.append(bitmap);
    return {
      clean: true,
      identity: this.#random.slice(0, 16),
      sequence: this.#sequence,
      chain: view.getUint32(16, true),
      epoch: IMAGE_EPOCH,
      pageCount,
      nextTree: this.#nextTree,
      roots,
      bitmap: {
        page,
        pages: bitmapPages,
        bytes: bitmap.length,
        checksum: this.#engine.checksum.of(bitmap, 0, bitmap.length),
      },
      current: { page: LOG_PAGE, pages: EXTENT_PAGES, salt: view.getBigUint64(20, true) },
      next: {
        page: LOG_PAGE + EXTENT_PAGES,
        pages: EXTENT_PAGES,
        salt: view.getBigUint64(28, true),
      },
    };
  }
}

function isReference(leaf: Arena, slot: number): boolean {
  const at = cellAt(leaf, 0, slot);
  return (leaf.u8[at]! | leaf.u8[at + 1]! << 8) === OVERFLOW;
}
