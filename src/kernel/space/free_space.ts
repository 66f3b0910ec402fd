/**
 * Which pages are in use. In memory a bitmap; in the file the same bitmap, one bit a page, written
 * with every checkpoint (so opening never walks the file: 10 GB need 328 KB).
 *
 * A page that a durable superblock or a view may reach is not reused when it is freed: it is
 * *pending* until nothing reaches it (see `freed_pages.ts`). Crash argument: whatever superblock
 * recovery picks, none of its pages has been written over.
 *
 * @module
 */

import { IoError } from "../../errors.ts";
import type { IoFile } from "../../io/adapter.ts";
import { FreedPages } from "./freed_pages.ts";
import { GROWTH_PAGES_MAX, GROWTH_PAGES_MIN, PAGE_BYTES, PAGE_COUNT_MAX } from "../limits.ts";

const zeros = new Uint8Array(64 * PAGE_BYTES);

/** Tracks used, free and pending pages of one file, and grows the file in written steps. */
export class FreeSpace {
  /** Pages the file holds. */
  pageCount: number;
  /** Pages free for use now. */
  freeCount: number;
  /** Pages freed but still reachable by a superblock or a view. */
  readonly freed: FreedPages = new FreedPages((first, count) => {
    if (count === 1) this.onFree(first);
    this.release(first, count);
  });
  /** Called before a page that was pending becomes free. */
  onFree: (page: number) => void = () => {};
  /** Pages of both log extents. */
  logPages = 0;

  #bits: Uint32Array;
  #cursor = 0;
  readonly #file: Pick<IoFile, "writeAt">;
  readonly #pagesMax: number;

  /** Takes the bitmap of a file: bit set means in use. */
  constructor(
    file: Pick<IoFile, "writeAt">,
    bitmap: Uint32Array,
    pageCount: number,
    bytesMax: number,
  ) {
    this.#file = file;
    this.#bits = bitmap;
    this.pageCount = pageCount;
    this.#pagesMax = Math.min(PAGE_COUNT_MAX, Math.floor(bytesMax / PAGE_BYTES));
    let used = 0;
    for (let page = 0; page < pageCount; page++) if (this.isUsed(page)) used++;
    this.freeCount = pageCount - used;
  }

  /** Pages freed but still reachable by a superblock or a view. */
  get pendingCount(): number {
    return this.freed.waitingCount + this.freed.heldCount;
  }

  /** Pages of what is stored now: neither free, nor pending, nor of the log. */
  get liveCount(): number {
    return this.pageCount - this.freeCount - this.pendingCount - this.logPages;
  }

  /** Pages that steady churn needs: all that is stored, a copy of it, and the log. */
  get churnBound(): number {
    return 2 * this.liveCount + this.logPages;
  }

  /** The first page of the free tail: behind all that is in use or pending. */
  get end(): number {
    let word = (this.pageCount - 1) >>> 5;
    while (word > 0 && this.#bits[word] === 0) word--;
    return word * 32 + 32 - Math.clz32(this.#bits[word]!);
  }

  /** The lowest free page; `Infinity` without one. */
  get lowestFree(): number {
    // From the cursor on, as in `allocate`.
    for (let word = this.#cursor; word * 32 < this.pageCount; word++) {
      const free = ~this.#bits[word]!;
      const page = word * 32 + (31 - Math.clz32(free & -free));
      if (free !== 0) return page < this.pageCount ? page : Infinity;
    }
    return Infinity;
  }

  /** Whether a page is in use or pending. */
  isUsed(page: number): boolean {
    return (this.#bits[page >>> 5]! >>> (page & 31) & 1) === 1;
  }

  /**
   * Makes sure that `pages` pages can be allocated, growing the file by written zeros.
   * @throws {IoError} `NO_SPACE` when the disk or the quota is full; nothing has changed then but
   * the length of the file.
   */
  ensure(pages: number): void {
    if (this.freeCount < pages) this.#grow(pages - this.freeCount);
  }

  /** Takes one free page. */
  allocate(): number {
    if (this.freeCount === 0) this.#grow(1);
    const words = (this.pageCount + 31) >>> 5;
    // Nothing below the cursor is free: it goes back with every release.
    for (; this.#cursor < words; this.#cursor++) {
      const free = ~this.#bits[this.#cursor]!;
      if (free !== 0) {
        const page = this.#cursor * 32 + (31 - Math.clz32(free & -free));
        if (page < this.pageCount) {
          this.#set(page);
          this.freeCount--;
          return page;
        }
      }
    }
    // The count said that there is a free page, the bits say otherwise.
    throw new IoError("IO_FAILED", "Free page count does not match the free space bitmap");
  }

  /** Takes `count` neighbouring free pages, the lowest such run, growing the file when needed. */
  allocateRun(count: number): number {
    if (count === 1) return this.allocate();
    const from = this.findRun(count);
    if (from >= 0) return this.markRun(from, count);
    let tail = 0;
    while (tail < this.pageCount && !this.isUsed(this.pageCount - 1 - tail)) tail++;
    this.#grow(count - Math.min(tail, count));
    return this.markRun(this.pageCount - count, count);
  }

  /** The lowest run of `count` free pages, or -1. */
  findRun(count: number): number {
    if (this.freeCount < count) return -1;
    let run = 0;
    for (let page = 0; page < this.pageCount; page++) {
      if ((page & 31) === 0 && this.#bits[page >>> 5] === 0xffffffff) {
        run = 0;
        page += 31;
      } else if (this.isUsed(page)) {
        run = 0;
      } else if (++run === count) {
        return page - count + 1;
      }
    }
    return -1;
  }

  /** Marks a run as used; its free pages leave the free count. */
  markRun(first: number, count: number): number {
    for (let page = first; page < first + count; page++) {
      if (!this.isUsed(page)) {
        this.#set(page);
        this.freeCount--;
      }
    }
    return first;
  }

  /** Takes in pages that the file has beyond the image: growth that a crash left unrecorded. */
  extendTo(pageCount: number): void {
    this.#reach(pageCount);
    this.freeCount += pageCount - this.pageCount;
    this.pageCount = pageCount;
  }

  /** Gives up the free tail from `pageCount` on: the file ends there. */
  cut(pageCount: number): void {
    this.freeCount -= this.pageCount - pageCount;
    this.pageCount = pageCount;
  }

  /** Frees a run at once: only for pages that no superblock, log record or view can name. */
  release(first: number, count: number): void {
    for (let page = first; page < first + count; page++) this.#clear(page);
    this.freeCount += count;
    this.#cursor = Math.min(this.#cursor, first >>> 5);
  }

  /** Goes back to the low end of the file, so that the file stays short. */
  rewind(): void {
    this.#cursor = 0;
  }

  /**
   * The bitmap of the image frozen now: pending pages are not part of it, because nothing in it
   * reaches them and views do not survive the process.
   */
  freeze(): Uint32Array {
    const bits = this.#bits.slice(0, (this.pageCount + 31) >>> 5);
    this.freed.forEach((first, count) => clearRun(bits, first, count));
    return bits;
  }

  #set(page: number): void {
    this.#bits[page >>> 5] = this.#bits[page >>> 5]! | 1 << (page & 31);
  }

  #clear(page: number): void {
    this.#bits[page >>> 5] = this.#bits[page >>> 5]! & ~(1 << (page & 31));
  }

  #grow(needed: number): void {
    // What may be needed soon, but not beyond the bound of steady churn.
    const room = Math.max(this.churnBound - this.pageCount, GROWTH_PAGES_MIN);
    const wanted = Math.min(Math.max(this.pageCount >>> 3, GROWTH_PAGES_MIN), room);
    const ahead = Math.max(Math.min(wanted, GROWTH_PAGES_MAX), needed);
    const step = Math.min(ahead, this.#pagesMax - this.pageCount);
    if (step < needed) {
      throw new IoError(
        "NO_SPACE",
        `Cannot grow the file by ${needed} pages: the quota is ${this.#pagesMax} pages`,
      );
    }
    // Written, not only extended: a full disk shows here, before a log write has begun.
    const end = (this.pageCount + step) * PAGE_BYTES;
    for (let at = this.pageCount * PAGE_BYTES; at < end; at += zeros.length) {
      this.#file.writeAt(zeros.subarray(0, Math.min(zeros.length, end - at)), at);
    }
    this.#reach(this.pageCount + step);
    this.pageCount += step;
    this.freeCount += step;
  }

  #reach(pageCount: number): void {
    const words = (pageCount + 31) >>> 5;
    if (words > this.#bits.length) {
      const bits = new Uint32Array(Math.max(words, this.#bits.length * 2));
      bits.set(this.#bits);
      this.#bits = bits;
    }
  }
}

/** Clears the bits of a run, as far as the bitmap reaches. */
export function clearRun(bits: Uint32Array, first: number, count: number): void {
  for (let page = first; page < first + count; page++) {
    if (page >>> 5 < bits.length) bits[page >>> 5] = bits[page >>> 5]! & ~(1 << (page & 31));
  }
}

/** Sets the bits of a run; the bitmap must reach. */
export function setRun(bits: Uint32Array, first: number, count: number): void {
  for (let page = first; page < first + count; page++) {
    bits[page >>> 5] = bits[page >>> 5]! | 1 << (page & 31);
  }
}
