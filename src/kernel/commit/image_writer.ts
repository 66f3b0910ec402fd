/**
 * Writes the pages of a frozen image, neighbours in one call, in steps between which other work runs.
 *
 * @module
 */

import type { Engine } from "../engine.ts";
import { CHECKPOINT_BACKLOG_BYTES, CHECKPOINT_STEP_MS, PAGE_BYTES } from "../limits.ts";
import type { FrozenPages } from "../page/frozen_pages.ts";
import {
  type Arena,
  cellAt,
  keyLength,
  LEAF_CELL_HEAD,
  setU32At,
  slotCount,
  u32At,
} from "../page/page.ts";

/** Pages written in one call: 256 KiB. */
const STAGING_PAGES = 64;

/** Root page by tree id. */
type Roots = ReadonlyMap<number, number>;

/** Seals and writes pages for the checkpoints of an engine. */
export class ImageWriter {
  readonly #engine: Engine;
  #staging = new Uint8Array(0);

  /** A writer for an engine. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Writes all pages that are still frozen. Nothing of it is durable at the end.
   * @param roots fills the tree of roots, whose pages come last
   * @returns steps; each says what to wait for before the next one
   */
  *write(pages: FrozenPages, roots: Roots): Generator<"turn" | "backlog", void> {
    const { file, io, pager } = this.#engine;
    const room = Math.min(pages.length, STAGING_PAGES) * PAGE_BYTES;
    if (this.#staging.length < room) this.#staging = new Uint8Array(room);
    const fillRoots = (arena: Arena, base: number): void => this.#fillRoots(arena, base, roots);
    let staged = 0;
    let first = 0;
    let stepBegan = io.monotonic();
    for (const page of pages) {
      if (staged > 0 && (page !== first + staged || staged === STAGING_PAGES)) {
        this.#writeStaged(first, staged);
        staged = 0;
        const isAhead = file.unsynced >= CHECKPOINT_BACKLOG_BYTES;
        if (isAhead || io.monotonic() - stepBegan >= CHECKPOINT_STEP_MS) {
          yield isAhead ? "backlog" : "turn";
          stepBegan = io.monotonic();
        }
      }
      // Sealed only now: pages written early while this waited are skipped.
      const frame = pager.seal(page, fillRoots);
      if (frame < 0) continue;
      if (staged === 0) first = page;
      pager.takeSealed(frame, this.#staging, staged * PAGE_BYTES);
      staged++;
    }
    if (staged > 0) this.#writeStaged(first, staged);
  }

  #writeStaged(first: number, pages: number): void {
    this.#engine.file.writeAt(this.#staging.subarray(0, pages * PAGE_BYTES), first * PAGE_BYTES);
  }

  /** Fills the checksums of changed roots into a leaf of the tree of roots. */
  #fillRoots(arena: Arena, base: number, roots: Roots): void {
    for (let slot = slotCount(arena, base) - 1; slot >= 0; slot--) {
      const at = base + cellAt(arena, base, slot) + LEAF_CELL_HEAD;
      const u8 = arena.u8;
      const id = (u8[at]! << 24 | u8[at + 1]! << 16 | u8[at + 2]! << 8 | u8[at + 3]!) >>> 0;
      const page = roots.get(id);
      if (page === undefined || page === 0) continue;
      const value = at + keyLength(arena, base, slot);
      // A root that was to be changed, but could not be read, is where it was.
      setU32At(u8, value + 4, this.#engine.pager.checksumOf(page, u32At(u8, value + 4)));
    }
  }
}
