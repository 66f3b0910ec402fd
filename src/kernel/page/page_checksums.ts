/**
 * The checksums of pages whose parents do not know them yet. A parent learns a child's checksum when
 * a checkpoint seals it; until then, and for copies of the parent made meanwhile, it is kept here.
 *
 * - *written*: volatile pages that left the cache early, in the interval that is running.
 * - *settling*: pages of the image that the running checkpoint writes.
 * - *settled*: pages of the last checkpoint: branches copied while it ran may not know them. They learn
 *   of them when they are copied or sealed, so one checkpoint back is enough.
 *
 * @module
 */

import { type Arena, cellAt, childOf, setU32At, slotCount } from "./page.ts";

/** Newest checksums by page number. */
export class PageChecksums {
  #written = new Map<number, number>();
  #settling = new Map<number, number>();
  #settled = new Map<number, number>();

  /** A page was written: of the image of the running checkpoint, or of the interval since. */
  set(page: number, checksum: number, isFrozen: boolean): void {
    (isFrozen ? this.#settling : this.#written).set(page, checksum);
  }

  /** A volatile page changes again, or is gone. */
  forget(page: number): void {
    this.#written.delete(page);
  }

  /** The newest known checksum of a page, or `otherwise`. */
  get(page: number, otherwise: number): number {
    return this.#written.get(page) ?? this.#settling.get(page) ?? this.#settled.get(page) ??
      otherwise;
  }

  /** A checkpoint froze its image: what was written early belongs to it. */
  freeze(): void {
    this.#settling = this.#written;
    this.#written = new Map();
  }

  /** The checkpoint is durable. */
  settle(): void {
    this.#settled = this.#settling;
    this.#settling = new Map();
  }

  /** Fills what the last checkpoint wrote into a branch that is being copied. */
  fillCopy(arena: Arena, base: number): void {
    fill(arena, base, this.#settled);
  }

  /** Fills all that is known into a branch that is being sealed. */
  fillSealed(arena: Arena, base: number): void {
    fill(arena, base, this.#settled);
    fill(arena, base, this.#settling);
  }
}

function fill(arena: Arena, base: number, known: ReadonlyMap<number, number>): void {
  if (known.size === 0) return;
  for (let slot = slotCount(arena, base) - 1; slot >= 0; slot--) {
    const checksum = known.get(childOf(arena, base, slot));
    if (checksum !== undefined) setU32At(arena.u8, base + cellAt(arena, base, slot) + 4, checksum);
  }
}
