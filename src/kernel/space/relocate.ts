/**
 * Moves what lies high in the file to lower places, a leaf at a time.
 *
 * Crash argument: nothing is changed in place. Pages are copied as every commit copies them, values
 * to runs that nothing names; the old places stay as they are until the superblock of an ordinary
 * checkpoint is durable that names the new ones. A crash before leaves the old image and its log,
 * which may name old runs: they are still there. What is stored does not change, so records written
 * meanwhile replay to the same state.
 *
 * @module
 */

import { CorruptionError } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import { PAGE_BYTES } from "../limits.ts";
import { referenceLength, referencePage, runPages } from "../page/overflow.ts";
import {
  type Arena,
  cellAt,
  cellHead,
  childOf,
  keyLength,
  LEAF_CELL_HEAD,
  OVERFLOW,
  OVERFLOW_REF_BYTES,
  searchPage,
  setU32At,
  slotCount,
  u32At,
} from "../page/page.ts";
import { CATALOG_TREE, FIRST_TREE, ROOTS_TREE } from "../tree/state.ts";

/** Bytes of a value copied at once: 256 KiB, well below a millisecond. */
const COPY_BYTES = 64 * PAGE_BYTES;

/** Free pages that are left to others. */
const SPARE_PAGES = 64;

/** A value in a run of its own. */
interface LargeValue {
  readonly key: Uint8Array;
  readonly reference: Uint8Array;
}

/** One pass over all trees. */
export class Relocation {
  /** Pages moved so far. */
  moved = 0;
  /** Too few pages are free to go on: a checkpoint has to release some. */
  isShort = false;

  readonly #engine: Engine;
  readonly #boundary: number;
  readonly #beforeChange: () => void;

  /**
   * Prepares a pass that moves what lies at page `boundary` or above.
   * @param beforeChange called before the trees change, so that open transactions keep their view
   */
  constructor(engine: Engine, boundary: number, beforeChange: () => void) {
    this.#engine = engine;
    this.#boundary = boundary;
    this.#beforeChange = beforeChange;
  }

  /** Moves; anything may happen to the trees whenever it yields. */
  *run(): Generator<void, void> {
    yield* this.#tree(ROOTS_TREE);
    yield* this.#tree(CATALOG_TREE);
    for (let id = FIRST_TREE; id < this.#engine.nextTree; id++) yield* this.#tree(id);
  }

  *#tree(id: number): Generator<void, void> {
    let from: Uint8Array | undefined = new Uint8Array(0);
    while (from !== undefined) {
      const values: LargeValue[] = [];
      from = this.#leaf(id, from, values);
      for (const value of values) yield* this.#value(id, value);
      yield;
    }
  }

  /** Moves the path to one leaf as far as it lies high. @returns where the next leaf begins. */
  #leaf(id: number, from: Uint8Array, values: LargeValue[]): Uint8Array | undefined {
    const { pager, tree, states } = this.#engine;
    const root = states.root(states.working, id);
    if (root.page === 0) return undefined;
    pager.clock++;
    let next: Uint8Array | undefined;
    let deepest = this.#isHigh(root.page) ? 0 : -1;
    let frame = pager.frame(root.page, root.checksum);
    for (let depth = 0; depth < root.level; depth++) {
      const arena = pager.arena(frame);
      const base = pager.base(frame);
      const slot = childSlot(arena, base, from, root.level - depth);
      if (slot + 1 < slotCount(arena, base)) next = keyOf(arena, base, slot + 1, 1);
      if (this.#isHigh(childOf(arena, base, slot))) deepest = depth + 1;
      frame = tree.childFrame(arena, base, slot);
    }
    this.#collect(pager.arena(frame), pager.base(frame), values);
    if (deepest >= 0) this.#movePath(id, from, deepest);
    return next;
  }

  #isHigh(page: number): boolean {
    return page >= this.#boundary && this.#engine.space.lowestFree < page;
  }

  #collect(arena: Arena, base: number, values: LargeValue[]): void {
    for (let slot = slotCount(arena, base) - 1; slot >= 0; slot--) {
      const at = referenceAt(arena, base, slot);
      if (at < 0) continue;
      const end = referencePage(arena.u8, at) + runPages(referenceLength(arena.u8, at));
      if (end <= this.#boundary) continue;
      const reference = arena.u8.slice(at, at + OVERFLOW_REF_BYTES);
      values.push({ key: keyOf(arena, base, slot, 0), reference });
    }
  }

  /** Whether `pages` may be taken without touching what commits were promised. */
  #hasRoom(pages: number): boolean {
    const { space, promisedPages, states } = this.#engine;
    const left = space.freeCount - pages - promisedPages - 2 * states.dirtyTrees.size;
    this.isShort ||= left < SPARE_PAGES;
    return left >= SPARE_PAGES;
  }

  /** Makes the path to a key changeable down to a depth. @returns the last frame, -1 if not moved. */
  #movePath(id: number, key: Uint8Array, deepest: number): number {
    const { pager, tree, states } = this.#engine;
    if (!this.#hasRoom(deepest + 1)) return -1;
    this.#beforeChange();
    states.beforeChange();
    const root = states.writableRoot(id);
    pager.clock++;
    let page = root.page;
    let frame = pager.writable(pager.frame(page, root.checksum));
    root.page = pager.pageOf(frame);
    if (root.page !== page) this.moved++;
    for (let depth = 0; depth < deepest; depth++) {
      const arena = pager.arena(frame);
      const base = pager.base(frame);
      const slot = childSlot(arena, base, key, root.level - depth);
      page = childOf(arena, base, slot);
      frame = tree.writableChild(arena, base, slot);
      if (pager.pageOf(frame) !== page) this.moved++;
    }
    return frame;
  }

  /** Copies a value to a lower run, in steps, and then names it there if it is still the same. */
  *#value(id: number, value: LargeValue): Generator<void, void> {
    const { space, states, reserved } = this.#engine;
    const pages = runPages(referenceLength(value.reference, 0));
    const to = space.findRun(pages);
    if (to < 0 || to >= referencePage(value.reference, 0) || !this.#hasRoom(pages)) return;
    space.markRun(to, pages);
    reserved.set(to, pages);
    // The old run is not reused while this view reaches it.
    const view = states.pin(states.working);
    let isNamed = false;
    try {
      try {
        yield* this.#copy(value.reference, to);
      } finally {
        states.unpin(view);
      }
      isNamed = this.#name(id, value, to);
    } finally {
      reserved.delete(to);
      if (!isNamed) space.release(to, pages);
    }
  }

  /** @throws {CorruptionError} `CORRUPT_VALUE` */
  *#copy(reference: Uint8Array, to: number): Generator<void, void> {
    const { file, path, checksum, pager } = this.#engine;
    const page = referencePage(reference, 0);
    const length = referenceLength(reference, 0);
    const bytes = new Uint8Array(Math.min(runPages(length) * PAGE_BYTES, COPY_BYTES));
    let sum = 0;
    for (let at = 0; at < length; at += COPY_BYTES) {
      if (at > 0) yield;
      const count = Math.min(length - at, COPY_BYTES);
      const whole = bytes.subarray(0, runPages(count) * PAGE_BYTES);
      whole.fill(0, count);
      file.readAt(whole.subarray(0, count), page * PAGE_BYTES + at);
      sum = checksum.of(whole, 0, count, sum);
      file.writeAt(whole, to * PAGE_BYTES + at);
      pager.stats.pagesWritten += runPages(count);
    }
    if (sum === u32At(reference, 4)) return;
    throw new CorruptionError(
      "CORRUPT_VALUE",
      `Cannot move the value at page ${page} of "${path}": it does not match its checksum`,
      { path, page, offset: page * PAGE_BYTES },
    );
  }

  /** Lets the entry name the new run. @returns `false` when the entry has changed meanwhile. */
  #name(id: number, { key, reference }: LargeValue, to: number): boolean {
    const { pager, tree, states, overflow } = this.#engine;
    const root = states.root(states.working, id);
    if (!tree.find(root, key, 0, key.length) || tree.valueLength !== OVERFLOW) return false;
    for (let i = 0; i < OVERFLOW_REF_BYTES; i++) {
      if (tree.bytes[tree.valueAt + i] !== reference[i]) return false;
    }
    const frame = this.#movePath(id, key, root.level);
    if (frame < 0) return false;
    const arena = pager.arena(frame);
    const base = pager.base(frame);
    const at = referenceAt(arena, base, searchPage(arena, base, key, 0, key.length, 0));
    overflow.free(arena.u8, at);
    setU32At(arena.u8, at, to);
    this.moved += runPages(referenceLength(reference, 0));
    return true;
  }
}

function childSlot(arena: Arena, base: number, key: Uint8Array, level: number): number {
  const found = searchPage(arena, base, key, 0, key.length, level);
  return found >= 0 ? found : ~found - 1;
}

function keyOf(arena: Arena, base: number, slot: number, level: number): Uint8Array {
  const at = base + cellAt(arena, base, slot) + cellHead(level);
  return arena.u8.slice(at, at + keyLength(arena, base, slot));
}

/** Offset of the reference of a leaf's slot, -1 if its value is inline. */
function referenceAt(arena: Arena, base: number, slot: number): number {
  const at = base + cellAt(arena, base, slot);
  if ((arena.u8[at]! | arena.u8[at + 1]! << 8) !== OVERFLOW) return -1;
  return at + LEAF_CELL_HEAD + keyLength(arena, base, slot);
}
