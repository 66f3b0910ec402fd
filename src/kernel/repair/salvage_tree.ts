/**
 * Walks one tree of a damaged file from its root. Every page must be the one that its parent knows
 * by checksum; where it is not, the key range that its parent gives it is lost, and the walk goes on
 * behind it. Each page is visited once, so that the walk ends on any contents.
 *
 * @module
 */

import { compareBytes } from "../../base/compare.ts";
import { DEPTH_MAX } from "../tree/btree.ts";
import { PAGE_BYTES } from "../limits.ts";
import {
  type Arena,
  childChecksum,
  childOf,
  createArena,
  KIND_LEAF,
  levelOf,
  slotCount,
} from "../page/page.ts";
import { keyOf } from "../page/page_shape.ts";
import type { SalvageSource } from "./salvage_source.ts";
import type { StoredRoot } from "../superblock.ts";

/** Encoded keys from `from` on and below `to`; a missing end is open. */
export interface KeyRange {
  /** Lowest key of the range. */
  readonly from?: Uint8Array;
  /** First key above the range. */
  readonly to?: Uint8Array;
}

/** Ranges kept apart; from then on the last one is extended. */
const RANGES_MAX = 1000;

/** One tree. */
export class SalvageTree {
  /** What could not be read, in key order. */
  readonly lost: KeyRange[] = [];
  readonly #source: SalvageSource;
  readonly #tree: number;
  readonly #arenas: Arena[] = [];

  /** A tree by its id. */
  constructor(source: SalvageSource, tree: number) {
    this.#source = source;
    this.#tree = tree;
  }

  /** The leaves below a root, in key order, each valid until the next step. */
  *leaves(root: StoredRoot): Generator<Arena> {
    if (root.page === 0) return;
    if (root.level >= DEPTH_MAX) this.#lose("its root has an impossible level", root.page, {});
    else yield* this.#visit(root.page, root.checksum, root.level, {});
  }

  *#visit(page: number, checksum: number, level: number, range: KeyRange): Generator<Arena> {
    if (!this.#source.claim(page)) {
      this.#lose("it lies outside the file or is part of something else", page, range);
      return;
    }
    const arena = this.#arenas[level] ??= createArena(PAGE_BYTES);
    if (!this.#isThePage(arena, page, checksum, level, range)) {
      this.#lose("it is not the page that its parent knows", page, range);
      return;
    }
    if (level === 0) {
      yield arena;
      return;
    }
    const count = slotCount(arena, 0);
    for (let slot = 0; slot < count; slot++) {
      const from = slot === 0 ? range.from : keyOf(arena, 0, slot);
      const to = slot + 1 < count ? keyOf(arena, 0, slot + 1) : range.to;
      const below = rangeOf(from, to);
      yield* this.#visit(childOf(arena, 0, slot), childChecksum(arena, 0, slot), level - 1, below);
    }
  }

  #isThePage(
    arena: Arena,
    page: number,
    checksum: number,
    level: number,
    range: KeyRange,
  ): boolean {
    if (!this.#source.readPage(page, arena)) return false;
    if (arena.i32[0]! >>> 0 !== checksum || arena.i32[3]! >>> 0 !== this.#tree) return false;
    if (levelOf(arena, 0) !== level) return false;
    const first = arena.u8[16] === KIND_LEAF ? 0 : 1;
    const last = slotCount(arena, 0) - 1;
    return last < first || isWithin(keyOf(arena, 0, first), range) &&
        isWithin(keyOf(arena, 0, last), range);
  }

  #lose(problem: string, page: number, range: KeyRange): void {
    this.#source.report("CORRUPT_PAGE", `Page ${page} of tree ${this.#tree}: ${problem}`, page);
    const last = this.lost.at(-1);
    if (last !== undefined && (this.lost.length >= RANGES_MAX || isSame(last.to, range.from))) {
      this.lost.pop();
      this.lost.push(rangeOf(last.from, range.to));
    } else {
      this.lost.push(range);
    }
  }
}

/** Whether a key lies in a range. */
export function isWithin(key: Uint8Array, { from, to }: KeyRange): boolean {
  return (from === undefined || compare(key, from) >= 0) &&
    (to === undefined || compare(key, to) < 0);
}

function rangeOf(from: Uint8Array | undefined, to: Uint8Array | undefined): KeyRange {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && compare(a, b) === 0;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}
