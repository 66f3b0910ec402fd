/**
 * Finds leaves by their own headers, where no parent leads to them any more. What a header gives: that
 * the page is whole and at its place, its tree, and the write epoch in which it got its number. What
 * it does not give: whether the page is part of the newest state, or an older one that nobody has
 * written over yet. A free space bitmap tells; without one, entries that were removed or moved long
 * ago come back. Of several leaves with the same key the one with the newest epoch is right.
 *
 * @module
 */

import { PAGE_BYTES, SUPERBLOCK_SLOTS } from "../limits.ts";
import { type Arena, createArena, KIND_LEAF } from "../page/page.ts";
import type { SalvageSource } from "./salvage_source.ts";

/** Pages read at once. */
const CHUNK_PAGES = 64;
/** Fields of a leaf in the list. */
const STRIDE = 3;

/** A leaf that vouches for itself. */
export interface FoundLeaf {
  /** Its number. */
  readonly page: number;
  /** Its tree. */
  readonly tree: number;
  /** Its write epoch. */
  readonly epoch: number;
}

/** All leaves of a file: 12 bytes each. */
export class SalvageScan {
  readonly #source: SalvageSource;
  #fields = new Uint32Array(1024 * STRIDE);
  #count = 0;

  /** A list that is empty until `run`. */
  constructor(source: SalvageSource) {
    this.#source = source;
  }

  /** Leaves found. */
  get count(): number {
    return this.#count;
  }

  /** Reads the whole file, in steps of 256 KiB. */
  *run(): Generator<void> {
    const source = this.#source;
    const arena = createArena(CHUNK_PAGES * PAGE_BYTES);
    for (let first = 0; first < source.pageCount; first += CHUNK_PAGES) {
      const pages = Math.min(CHUNK_PAGES, source.pageCount - first);
      source.readAt(arena.u8.subarray(0, pages * PAGE_BYTES), first * PAGE_BYTES);
      for (let page = 0; page < pages; page++) this.#look(first + page, arena, page * PAGE_BYTES);
      yield;
    }
  }

  /** The leaves that `isWanted` takes, the newest first. */
  *newestFirst(isWanted: (leaf: FoundLeaf) => boolean): Generator<FoundLeaf> {
    const order = new Uint32Array(this.#count);
    let wanted = 0;
    for (let i = 0; i < this.#count; i++) if (isWanted(this.#leaf(i))) order[wanted++] = i;
    const epochs = this.#fields;
    const sorted = order.subarray(0, wanted).sort((a, b) =>
      epochs[b * STRIDE + 2]! - epochs[a * STRIDE + 2]!
    );
    for (const i of sorted) yield this.#leaf(i);
  }

  /** The ids of the trees of the leaves that `isWanted` takes. */
  trees(isWanted: (leaf: FoundLeaf) => boolean): Set<number> {
    const trees = new Set<number>();
    for (let i = 0; i < this.#count; i++) {
      const leaf = this.#leaf(i);
      if (isWanted(leaf)) trees.add(leaf.tree);
    }
    return trees;
  }

  #leaf(index: number): FoundLeaf {
    const at = index * STRIDE;
    const fields = this.#fields;
    return { page: fields[at]!, tree: fields[at + 1]!, epoch: fields[at + 2]! };
  }

  #look(page: number, arena: Arena, base: number): void {
    if (
      page < SUPERBLOCK_SLOTS || arena.u8[base + 16] !== KIND_LEAF ||
      !this.#source.isOwn(page, arena, base)
    ) {
      return;
    }
    const at = this.#count * STRIDE;
    if (at === this.#fields.length) {
      const fields = new Uint32Array(at * 2);
      fields.set(this.#fields);
      this.#fields = fields;
    }
    this.#fields[at] = page;
    this.#fields[at + 1] = arena.i32[(base >> 2) + 3]!;
    this.#fields[at + 2] = arena.i32[(base >> 2) + 2]!;
    this.#count++;
  }
}
