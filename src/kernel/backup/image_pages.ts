/**
 * The pages of a new file in the order of their numbers: gathered in chunks that whoever takes them
 * owns, or only counted.
 *
 * @module
 */

import { PAGE_BYTES } from "../limits.ts";

/** Pages of a chunk: 256 KiB. */
const CHUNK_PAGES = 64;

/** Collects or counts the pages of a file. */
export class ImagePages {
  /** Number of the next page. */
  next = 0;

  readonly #isCounting: boolean;
  readonly #full: Uint8Array[] = [];
  #chunk: Uint8Array | undefined;
  #used = 0;

  /** Begins at page 0; one that is counting keeps no bytes. */
  constructor(isCounting: boolean) {
    this.#isCounting = isCounting;
  }

  /** Whether bytes are not kept: large contents need not be read then. */
  get isCounting(): boolean {
    return this.#isCounting;
  }

  /** Appends bytes, padded with zeros to whole pages. @returns the number of the first page. */
  append(bytes: Uint8Array): number {
    const first = this.next;
    const pages = Math.ceil(bytes.length / PAGE_BYTES);
    if (this.#isCounting) return this.skip(pages);
    for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
      this.#nextPage().set(bytes.subarray(at, Math.min(at + PAGE_BYTES, bytes.length)));
    }
    return first;
  }

  /** Counts pages. @returns the number of the first. */
  skip(pages: number): number {
    const first = this.next;
    this.next += pages;
    return first;
  }

  /** A chunk that is full, if there is one. The caller owns it. */
  take(): Uint8Array | undefined {
    return this.#full.shift();
  }

  /** No more pages follow: the last chunk may be taken as it is. */
  finish(): void {
    if (this.#chunk === undefined) return;
    this.#full.push(this.#chunk.subarray(0, this.#used));
    this.#chunk = undefined;
  }

  #nextPage(): Uint8Array {
    this.#chunk ??= new Uint8Array(CHUNK_PAGES * PAGE_BYTES);
    const page = this.#chunk.subarray(this.#used, this.#used + PAGE_BYTES);
    this.next++;
    this.#used += PAGE_BYTES;
    if (this.#used === this.#chunk.length) {
      this.#full.push(this.#chunk);
      this.#chunk = undefined;
      this.#used = 0;
    }
    return page;
  }
}
