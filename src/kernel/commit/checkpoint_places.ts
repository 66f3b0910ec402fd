/**
 * The places in the file that a checkpoint takes for itself: the free space bitmap and the extents
 * of the log. Each is written where nothing durable refers to, and named by the new superblock.
 *
 * @module
 */

import { isHoldfastError } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import { clearRun, setRun } from "../space/free_space.ts";
import { LOG_BYTES_MIN, PAGE_BYTES } from "../limits.ts";
import type { ExtentPages, Superblock } from "../superblock.ts";

/** Slack for copies of the tree of roots and its splits; a changed root takes two pages at most. */
const RESERVE_PAGES = 16;

/** Pages for removals and drops alone, so that space can be made when the file is full. */
const FREEING_PAGES = 16;

/** The extents that a superblock is going to name. */
export interface Extents {
  /** In use: replay begins there. */
  readonly current: ExtentPages;
  /** The one that follows, with a new salt. */
  readonly next: ExtentPages;
}

/**
 * Makes sure that `pages` pages can be allocated beside all that the next checkpoint and the commits
 * before it need. Every commit does so before it takes its place, so that a full disk refuses commits
 * and never stops a checkpoint. What frees space (`isFreeing`) may take some pages that others leave.
 * @throws {IoError} `NO_SPACE`
 */
export function reserveForCheckpoint(engine: Engine, pages: number, isFreeing = false): void {
  const { space, states } = engine;
  const slack = isFreeing ? RESERVE_PAGES : RESERVE_PAGES + FREEING_PAGES;
  const reserve = slack + 2 * states.dirtyTrees.size + engine.promisedPages + pages;
  space.ensure(reserve);
  const needed = bitmapPages(engine);
  // While a superblock becomes durable, the bitmap of the one before is the next spare one.
  const spare = engine.spareBitmap ?? (engine.comingBitmap && engine.superblock.bitmap);
  if (spare !== undefined && spare.pages >= needed) return;
  const page = space.allocateRun(needed);
  if (engine.spareBitmap !== undefined) {
    space.release(engine.spareBitmap.page, engine.spareBitmap.pages);
  }
  engine.spareBitmap = { page, pages: needed };
  space.ensure(reserve);
}

/** One page of bitmap more than needed covers 128 MiB of growth until it is written. */
function bitmapPages(engine: Engine): number {
  return Math.ceil(engine.space.pageCount / 8 / PAGE_BYTES) + 1;
}

/** Gives the run for the next bitmap up, if there is a lower or smaller one. */
export function lowerBitmap(engine: Engine): void {
  const { space, spareBitmap } = engine;
  if (spareBitmap === undefined) return;
  const pages = bitmapPages(engine);
  const lower = space.findRun(pages);
  if (spareBitmap.pages <= pages && (lower < 0 || lower > spareBitmap.page)) return;
  space.release(spareBitmap.page, spareBitmap.pages);
  engine.spareBitmap = undefined;
}

/**
 * Takes a larger extent for the use after the next one, if the log was half full; else a lower one,
 * if the present one is the last thing in the file.
 */
export function growExtent(engine: Engine, wantedBytes: number): void {
  const { space, log } = engine;
  const { current, next } = engine.superblock;
  const limit = Math.max(engine.options.logBytes, LOG_BYTES_MIN);
  const isFull = (log.used + log.pendingBytes) * 2 >= log.extent.bytes;
  const doubled = isFull ? next.pages * PAGE_BYTES * 2 : 0;
  const wanted = Math.max(doubled, wantedBytes);
  const pages = Math.ceil(Math.min(wanted, limit) / PAGE_BYTES);
  if (pages > current.pages) takeExtent(engine, pages);
  else if (current.page + current.pages === space.end) takeExtent(engine, current.pages);
}

/** Takes a lower extent for the use after the next one, a smaller one if the log is quiet. */
export function lowerExtent(engine: Engine): void {
  const { log, superblock: { current } } = engine;
  let pages = LOG_BYTES_MIN / PAGE_BYTES;
  while (pages * PAGE_BYTES < 4 * (log.used + log.pendingBytes)) pages *= 2;
  takeExtent(engine, Math.min(pages, current.pages));
}

/**
 * Takes the lowest run for an extent. It may overlap the present one: that is not written any more
 * until the superblock that names the new one is durable.
 */
function takeExtent(engine: Engine, pages: number): void {
  const { space, superblock: { current } } = engine;
  space.release(current.page, current.pages);
  const page = space.findRun(pages);
  const isLower = page >= 0 && page < current.page;
  try {
    if (pages !== current.pages || isLower) {
      engine.spareExtent = { page: space.allocateRun(pages), pages };
    }
  } catch (error) {
    // Another log is a convenience: without space for it the present extents go on.
    if (!isHoldfastError(error) || error.code !== "NO_SPACE") throw error;
  } finally {
    space.markRun(current.page, current.pages);
  }
  const { spareExtent } = engine;
  if (spareExtent === undefined) return;
  try {
    reserveForCheckpoint(engine, engine.inDoubt.pages(engine, 0));
  } catch (error) {
    if (!isHoldfastError(error) || error.code !== "NO_SPACE") throw error;
    space.release(spareExtent.page, spareExtent.pages);
    // Of the present one, what the spare one overlapped.
    space.markRun(current.page, current.pages);
    engine.spareExtent = undefined;
  }
}

/** The extents of the new superblock: the one in use, and the one after it, with a new salt. */
export function nextExtents(engine: Engine, exclusive: boolean): Extents {
  const old = engine.superblock;
  if (exclusive) {
    return {
      current: { ...old.current, salt: engine.randomSalt() },
      next: { ...old.next, salt: engine.randomSalt() },
    };
  }
  const spare = engine.spareExtent;
  engine.spareExtent = undefined;
  return { current: old.next, next: { ...(spare ?? old.current), salt: engine.randomSalt() } };
}

/**
 * Writes the bitmap of an image, with the places of the new superblock in it. From then on its run is
 * that superblock's, and no spare one any more: commits go on while it becomes durable, and one of
 * them may want a larger run for the checkpoint after it.
 * @returns where it is, and how many pages the image has
 */
export function writeBitmap(
  engine: Engine,
  image: Uint32Array,
  extents: Extents,
): Pick<Superblock, "bitmap" | "pageCount"> {
  const { space, file, checksum, superblock } = engine;
  const { page, pages } = engine.comingBitmap = engine.spareBitmap!;
  engine.spareBitmap = undefined;
  const words = new Uint32Array((space.pageCount + 31) >>> 5);
  words.set(image.subarray(0, words.length));
  clearRun(words, superblock.bitmap.page, superblock.bitmap.pages);
  clearRun(words, superblock.current.page, superblock.current.pages);
  setRun(words, page, pages);
  setRun(words, extents.current.page, extents.current.pages);
  setRun(words, extents.next.page, extents.next.pages);
  let last = words.length - 1;
  while (words[last] === 0) last--;
  const bytes = new Uint8Array(words.buffer, 0, (last + 1) * 4);
  file.writeAt(bytes, page * PAGE_BYTES);
  return {
    bitmap: { page, pages, bytes: bytes.length, checksum: checksum.of(bytes, 0, bytes.length) },
    pageCount: last * 32 + 32 - Math.clz32(words[last]!),
  };
}

/**
 * Lets go of the places that only the superblock before named. Its bitmap run is the next one, unless
 * a commit has taken a larger one meanwhile.
 */
export function releasePlaces(engine: Engine, old: Superblock): void {
  const { space } = engine;
  const { current, next } = engine.superblock;
  const { page, pages } = old.bitmap;
  if (engine.spareBitmap === undefined) engine.spareBitmap = { page, pages };
  else space.release(page, pages);
  engine.comingBitmap = undefined;
  // The new places may overlap the old ones.
  space.release(old.current.page, old.current.pages);
  space.markRun(current.page, current.pages);
  space.markRun(next.page, next.pages);
  space.logPages = current.pages + next.pages;
}
