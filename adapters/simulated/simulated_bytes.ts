/**
 * Bytes of a simulated file in 4 KiB pages that copies share until one of them writes.
 *
 * @module
 */

/** The unit of sharing, and of what `allocated` counts. */
export const PAGE_BYTES = 4096;

const ZEROS = new Uint8Array(PAGE_BYTES);

/**
 * A growable byte array. A `clone` costs nothing until one side changes, then one pointer per page.
 * Invariant: bytes of a page beyond `size` are zero, so growing needs no clearing.
 */
export class PagedBytes {
  #pages: (Uint8Array | undefined)[] = [];
  /** Page numbers that nobody shares, hence writable in place. */
  #owned = new Set<number>();
  /** The list of pages is a clone's too. */
  #shared = false;
  #size = 0;
  #allocatedPages = 0;

  /** Length in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Bytes that take space: holes do not. */
  get allocated(): number {
    return this.#allocatedPages * PAGE_BYTES;
  }

  /** A copy that shares all pages. */
  clone(): PagedBytes {
    const copy = new PagedBytes();
    copy.#pages = this.#pages;
    copy.#size = this.#size;
    copy.#allocatedPages = this.#allocatedPages;
    copy.#shared = this.#shared = true;
    return copy;
  }

  /** Copies bytes from `offset` into `buffer`; returns how many the file has there. */
  read(buffer: Uint8Array, offset: number): number {
    const count = Math.max(0, Math.min(buffer.length, this.#size - offset));
    for (let done = 0; done < count;) {
      const inPage = (offset + done) % PAGE_BYTES;
      const length = Math.min(count - done, PAGE_BYTES - inPage);
      const page = this.#pages[Math.floor((offset + done) / PAGE_BYTES)] ?? ZEROS;
      buffer.set(length === PAGE_BYTES ? page : page.subarray(inPage, inPage + length), done);
      done += length;
    }
    return count;
  }

  /**
   * Writes `bytes` at `offset`, growing the file when they end beyond it. They must never change
   * afterwards: whole pages of them are not copied.
   */
  write(bytes: Uint8Array, offset: number): void {
    if (bytes.length === 0) return;
    this.#unshare();
    for (let done = 0; done < bytes.length;) {
      const inPage = (offset + done) % PAGE_BYTES;
      const number = Math.floor((offset + done) / PAGE_BYTES);
      const length = Math.min(bytes.length - done, PAGE_BYTES - inPage);
      const part = bytes.subarray(done, done + length);
      if (length === PAGE_BYTES) {
        this.#owned.delete(number);
        this.#place(number, part);
      } else this.#writable(number).set(part, inPage);
      done += length;
    }
    this.#size = Math.max(this.#size, offset + bytes.length);
  }

  /** How many bytes of a write to [offset, offset + length) fit when `free` more may be taken. */
  fitting(offset: number, length: number, free: number): number {
    if (free === Infinity) return length;
    let left = free;
    for (let at = offset - (offset % PAGE_BYTES); at < offset + length; at += PAGE_BYTES) {
      if (this.#pages[at / PAGE_BYTES] !== undefined) continue;
      left -= PAGE_BYTES;
      if (left < 0) return Math.max(0, at - offset);
    }
    return length;
  }

  /** Sets the size, cutting or extending with zeros. */
  truncate(size: number): void {
    if (size < this.#size) {
      this.#unshare();
      const pages = Math.ceil(size / PAGE_BYTES);
      for (let number = pages; number < this.#pages.length; number++) {
        if (this.#pages[number] !== undefined) this.#allocatedPages--;
        this.#owned.delete(number);
      }
      if (pages < this.#pages.length) this.#pages.length = pages;
      const tail = size % PAGE_BYTES;
      if (tail > 0 && this.#pages[pages - 1] !== undefined) this.#writable(pages - 1).fill(0, tail);
    }
    this.#size = size;
  }

  /** Inverts one bit of an existing byte. */
  flip(offset: number, bit: number): void {
    this.#unshare();
    const page = this.#writable(Math.floor(offset / PAGE_BYTES));
    const inPage = offset % PAGE_BYTES;
    page[inPage] = (page[inPage] ?? 0) ^ (1 << bit);
  }

  /** A copy of the content from `start` to `end`, or to where it ends. */
  bytes(start = 0, end: number = this.#size): Uint8Array {
    const copy = new Uint8Array(Math.max(0, Math.min(end, this.#size) - start));
    this.read(copy, start);
    return copy;
  }

  #unshare(): void {
    if (!this.#shared) return;
    this.#shared = false;
    this.#pages = this.#pages.slice();
    this.#owned = new Set();
  }

  #writable(number: number): Uint8Array {
    const present = this.#pages[number];
    if (present !== undefined && this.#owned.has(number)) return present;
    const page = present === undefined ? new Uint8Array(PAGE_BYTES) : present.slice();
    this.#place(number, page);
    this.#owned.add(number);
    return page;
  }

  #place(number: number, page: Uint8Array): void {
    if (this.#pages[number] === undefined) {
      this.#allocatedPages++;
      while (this.#pages.length < number) this.#pages.push(undefined);
    }
    this.#pages[number] = page;
  }
}
