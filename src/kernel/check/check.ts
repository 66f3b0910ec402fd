/**
 * Verifies a whole store: every page and value as it is in the file, the order of keys, the bounds
 * that separators promise, counts, levels, and that every page has exactly one owner.
 *
 * @module
 */

import { compareBytes } from "../../base/compare.ts";
import { isHoldfastError } from "../../errors.ts";
import { SlotRegister } from "../../journal/slot_register.ts";
import type { TreeRoot } from "../tree/btree.ts";
import { catalogProblems, namedTrees } from "./catalog_check.ts";
import type { Definition } from "../definition.ts";
import type { Engine } from "../engine.ts";
import { PAGE_BYTES, SUPERBLOCK_SLOTS } from "../limits.ts";
import { SLOT_LAYOUT } from "../open_store.ts";
import { referenceLength, referencePage, runPages } from "../page/overflow.ts";
import {
  type Arena,
  cellAt,
  childChecksum,
  childOf,
  freeBytes,
  HEADER_BYTES,
  keyLength,
  LEAF_CELL_HEAD,
  levelOf,
  OVERFLOW,
  slotCount,
} from "../page/page.ts";
import { bookkeepingProblem, isSoundPage, keyOf } from "../page/page_shape.ts";
import { referencesIn } from "../two_phase/prepared_sets.ts";
import { CATALOG_TREE, DROPPED_TREE, FIRST_TREE, ROOTS_TREE, type State } from "../tree/state.ts";
import { treeIds } from "../tree/tree_ids.ts";
import type { WriteSet } from "../commit/write_set.ts";

/** One thing that is wrong. */
export interface CheckProblem {
  /** What kind of damage: a `CORRUPT_*` code, or `INVARIANT` for an inconsistency of our own. */
  readonly code: string;
  /** The page concerned. */
  readonly page?: number;
  /** Its offset in the file. */
  readonly offset?: number;
  /** A sentence for people. */
  readonly message: string;
}

/** What a check found. */
export interface CheckReport {
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  /** What is wrong, at most 1,000 entries. */
  readonly problems: readonly CheckProblem[];
  /** Tree pages verified. */
  readonly pages: number;
  /** Entries counted. */
  readonly entries: number;
  /** Used share of leaf pages, 0 to 1. */
  readonly leafFill: number;
}

const PROBLEMS_MAX = 1000;

/** How to check. */
export interface CheckOptions {
  /** Structures to compare with what belongs to them, too: records with their secondary indexes. */
  readonly structures?: readonly Pick<
    Definition<unknown>,
    "name" | "kind" | "format" | "verify"
  >[];
  /** Ends the check between two pages; it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** Called now and then with the bytes verified, of those in use. */
  readonly onProgress?: (progress: { readonly bytes: number; readonly totalBytes: number }) => void;
}

/** Pages between two calls of `onProgress`: 1 MiB. */
const PROGRESS_PAGES = 256;

/** Walks one state of an engine. */
export class StoreCheck {
  readonly #engine: Engine;
  readonly #state: State;
  readonly #options: CheckOptions;
  readonly #problems: CheckProblem[] = [];
  readonly #owner: Uint8Array;
  #pages = 0;
  #entries = 0;
  #leaves = 0;
  #leafBytes = 0;
  #owned = 0;
  #shown = 0;

  /** Prepares a walk; the state is pinned by the caller. */
  constructor(engine: Engine, state: State, options: CheckOptions = {}) {
    this.#engine = engine;
    this.#state = state;
    this.#options = options;
    this.#owner = new Uint8Array(engine.space.pageCount);
  }

  /** Checks everything; yields between trees so that a caller may let other work run. */
  *run(): Generator<void, CheckReport> {
    const { superblock, reserved, prepared, spareBitmap, spareExtent } = this.#engine;
    this.#checkSuperblock();
    this.#own(0, SUPERBLOCK_SLOTS, "superblock");
    this.#own(superblock.bitmap.page, superblock.bitmap.pages, "bitmap");
    this.#own(superblock.current.page, superblock.current.pages, "log");
    this.#own(superblock.next.page, superblock.next.pages, "log");
    if (spareBitmap !== undefined) this.#own(spareBitmap.page, spareBitmap.pages, "bitmap");
    if (spareExtent !== undefined) this.#own(spareExtent.page, spareExtent.pages, "log");
    for (const [page, pages] of reserved) this.#own(page, pages, "reserved value");
    for (const [page, pages] of prepared.runs) this.#own(page, pages, "value in doubt");
    for (const { set } of prepared.values()) this.#checkPrepared(set);
    const named = this.#guard("Names", () => namedTrees(this.#engine, this.#state));
    for (const id of this.#treeIds()) {
      const root = this.#root(id);
      if (root !== undefined) this.#checkTree(root, named);
      yield;
    }
    this.#guard("Catalog", () => {
      for (const problem of catalogProblems(this.#engine, this.#state)) {
        this.#report("CORRUPT_VALUE", `Catalog: ${problem}`);
      }
    });
    this.#checkSpace();
    return {
      ok: this.#problems.length === 0,
      problems: this.#problems,
      pages: this.#pages,
      entries: this.#entries,
      leafFill: this.#leaves === 0
        ? 1
        : this.#leafBytes / (this.#leaves * (PAGE_BYTES - HEADER_BYTES)),
    };
  }

  #report(code: string, message: string, page?: number): void {
    if (this.#problems.length >= PROBLEMS_MAX) return;
    this.#problems.push(
      page === undefined
        ? { code, message }
        : { code, page, offset: page * PAGE_BYTES, message: `Page ${page}: ${message}` },
    );
  }

  #own(page: number, pages: number, what: string): boolean {
    let single = true;
    this.#owned += pages;
    if (this.#owned - this.#shown >= PROGRESS_PAGES) this.#showProgress();
    for (let at = page; at < page + pages; at++) {
      if (at >= this.#owner.length) {
        this.#report("INVARIANT", `${what} lies outside the file`, at);
        return false;
      }
      if (this.#owner[at]!++ > 0) {
        this.#report("INVARIANT", `${what} has a second owner`, at);
        single = false;
      }
    }
    return single;
  }

  /** All trees: those of the tree of roots, and those this session made. */
  #treeIds(): Set<number> {
    const ids = new Set([ROOTS_TREE, CATALOG_TREE, DROPPED_TREE, ...this.#state.trees.keys()]);
    this.#guard("Tree of roots", () => {
      const steps = treeIds(this.#engine, this.#state);
      let step = steps.next();
      while (!step.done) step = steps.next();
      for (const id of step.value) ids.add(id);
    });
    return ids;
  }

  #root(id: number): TreeRoot | undefined {
    return this.#guard(
      `Root of tree ${id}`,
      () => this.#engine.states.root(this.#state, id),
    );
  }

  /** Runs `body`; damage that it meets is reported. */
  #guard<T>(what: string, body: () => T): T | undefined {
    try {
      return body();
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      this.#report(error.code, `${what}: ${error.message}`);
      return undefined;
    }
  }

  /** The slots and the bitmap as they are in the file. */
  #checkSuperblock(): void {
    const { file, checksum, superblock } = this.#engine;
    for (const slot of new SlotRegister(file, checksum, SLOT_LAYOUT).read().damaged) {
      this.#report("CORRUPT_SUPERBLOCK", `superblock ${slot} does not match its checksum`, slot);
    }
    const { page, bytes, checksum: expected } = superblock.bitmap;
    const bitmap = new Uint8Array(bytes);
    file.readAt(bitmap, page * PAGE_BYTES);
    if (checksum.of(bitmap, 0, bytes) === expected) return;
    this.#report("CORRUPT_PAGE", "the free space bitmap does not match its checksum", page);
  }

  #showProgress(): void {
    const { signal, onProgress } = this.#options;
    signal?.throwIfAborted();
    const { pageCount, freeCount } = this.#engine.space;
    const totalBytes = (pageCount - freeCount) * PAGE_BYTES;
    this.#shown = this.#owned;
    onProgress?.({ bytes: Math.min(this.#owned * PAGE_BYTES, totalBytes), totalBytes });
  }

  #checkTree(root: TreeRoot, named: ReadonlySet<number> | undefined): void {
    if (root.page === 0) {
      if (root.count !== 0) this.#report("INVARIANT", `Empty tree ${root.id} counts entries`);
      return;
    }
    const entries = this.#entries;
    const pages = this.#pages;
    this.#visit(root, root.page, root.checksum, root.level, undefined, undefined);
    if (this.#entries - entries !== root.count) {
      this.#report(
        "INVARIANT",
        `Tree ${root.id} has ${this.#entries - entries} entries, its root says ${root.count}`,
      );
    }
    if (this.#pages - pages !== root.pages) {
      this.#report(
        "INVARIANT",
        `Tree ${root.id} has ${this.#pages - pages} pages, its root says ${root.pages}`,
      );
    }
    if (root.id >= FIRST_TREE && named?.has(root.id) === false) {
      this.#report(
        "INVARIANT",
        `Tree ${root.id} has pages, no name, and does not wait to be freed`,
      );
    }
  }

  #visit(
    root: TreeRoot,
    page: number,
    checksum: number,
    level: number,
    low: Uint8Array | undefined,
    high: Uint8Array | undefined,
  ): void {
    if (!this.#own(page, 1, `tree ${root.id}`)) return;
    const copy = this.#copy(page, checksum);
    if (copy === undefined) return;
    this.#pages++;
    if (copy.i32[3]! !== root.id || levelOf(copy, 0) !== level) {
      this.#report(
        "CORRUPT_PAGE",
        `belongs to tree ${copy.i32[3]} level ${levelOf(copy, 0)}`,
        page,
      );
      return;
    }
    if (!isSoundPage(copy, 0)) {
      this.#report("CORRUPT_PAGE", "its cells or keys make no sense", page);
      return;
    }
    const problem = bookkeepingProblem(copy, 0);
    if (problem !== undefined) this.#report("CORRUPT_PAGE", problem, page);
    this.#checkKeys(copy, page, level, low, high);
    const count = slotCount(copy, 0);
    if (level === 0) {
      this.#leaves++;
      this.#leafBytes += PAGE_BYTES - HEADER_BYTES - freeBytes(copy, 0);
      this.#entries += count;
      for (let slot = 0; slot < count; slot++) this.#checkValue(copy, slot);
      return;
    }
    for (let slot = 0; slot < count; slot++) {
      this.#visit(
        root,
        childOf(copy, 0, slot),
        childChecksum(copy, 0, slot),
        level - 1,
        slot === 0 ? low : keyOf(copy, 0, slot),
        slot + 1 < count ? keyOf(copy, 0, slot + 1) : high,
      );
    }
  }

  /** A private copy of a page: from the file when it was written, else from the cache. */
  #copy(page: number, checksum: number): Arena | undefined {
    const { pager } = this.#engine;
    try {
      return pager.verified(page, checksum);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      this.#report(error.code, error.message, page);
      return undefined;
    }
  }

  #checkKeys(
    a: Arena,
    page: number,
    level: number,
    low: Uint8Array | undefined,
    high: Uint8Array | undefined,
  ): void {
    const count = slotCount(a, 0);
    for (let slot = level === 0 ? 0 : 1; slot < count; slot++) {
      const key = keyOf(a, 0, slot);
      if (low !== undefined && compare(key, low) < 0) {
        this.#report("CORRUPT_PAGE", `key ${slot} is below its separator`, page);
      }
      if (high !== undefined && compare(key, high) >= 0) {
        this.#report("CORRUPT_PAGE", `key ${slot} is not below the next separator`, page);
      }
    }
  }

  #checkValue(a: Arena, slot: number): void {
    const at = cellAt(a, 0, slot);
    if ((a.u8[at]! | a.u8[at + 1]! << 8) !== OVERFLOW) return;
    const reference = at + LEAF_CELL_HEAD + keyLength(a, 0, slot);
    this.#own(referencePage(a.u8, reference), runPages(referenceLength(a.u8, reference)), "value");
    this.#checkRun(a.u8, reference);
  }

  #checkPrepared(set: WriteSet): void {
    for (const op of referencesIn(set)) this.#checkRun(set.out.bytes, set.valueAt(op));
  }

  #checkRun(bytes: Uint8Array, reference: number): void {
    try {
      this.#engine.overflow.read(bytes, reference);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      this.#report(error.code, error.message, referencePage(bytes, reference));
    }
  }

  /** Used and not pending must be exactly what has an owner: no leak, nothing used twice. */
  #checkSpace(): void {
    const { space } = this.#engine;
    const used = space.freeze();
    let free = 0;
    for (let page = 0; page < this.#owner.length; page++) {
      const isUsed = (used[page >>> 5]! >>> (page & 31) & 1) === 1;
      if (!isUsed) free++;
      if (isUsed === this.#owner[page]! > 0) continue;
      this.#report("INVARIANT", isUsed ? "is in use but has no owner" : "is free but owned", page);
    }
    const counted = space.freeCount + space.pendingCount;
    if (counted !== free) {
      this.#report("INVARIANT", `${free} pages are free or will be, ${counted} are counted`);
    }
  }
}

function compare(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}
