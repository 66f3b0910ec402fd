/**
 * A damaged file, as repair reads it: every number is checked before it is used, and a place that the
 * medium cannot read is zeros, which verify as nothing. Never writes.
 *
 * @module
 */

import type { Checksum } from "../../base/checksum.ts";
import { type ErrorCode, InvariantError, isHoldfastError } from "../../errors.ts";
import type { IoFile } from "../../io/adapter.ts";
import type { CheckProblem } from "../check/check.ts";
import { PAGE_BYTES, SUPERBLOCK_SLOTS } from "../limits.ts";
import type { Arena } from "../page/page.ts";
import { isSoundPage } from "../page/page_shape.ts";

/** Problems kept for the report; the others are only counted. */
const PROBLEMS_MAX = 1000;

/** Reads a damaged file and keeps what is to be said of it. */
export class SalvageSource implements IoFile {
  /** Whole pages of the file. */
  readonly pageCount: number;
  /** What was found wrong, at most 1,000 entries. */
  readonly problems: CheckProblem[] = [];
  /** Bytes read, each as often as it was. */
  bytesRead = 0;

  readonly #file: IoFile;
  readonly #checksum: Checksum;
  /** One bit a page: it belongs to something that was found. */
  readonly #claimed: Uint32Array;

  /** Takes over a file that was opened for reading. */
  constructor(file: IoFile, checksum: Checksum) {
    this.#file = file;
    this.#checksum = checksum;
    this.pageCount = Math.floor(file.size() / PAGE_BYTES);
    this.#claimed = new Uint32Array((this.pageCount + 31) >>> 5);
    const rest = file.size() % PAGE_BYTES;
    if (rest > 0) {
      this.report("CORRUPT_PAGE", `The file ends ${rest} bytes into it`, this.pageCount);
    }
  }

  /** Notes something that is wrong. */
  report(code: ErrorCode, message: string, page?: number): void {
    if (this.problems.length >= PROBLEMS_MAX) return;
    const place = page === undefined ? {} : { page, offset: page * PAGE_BYTES };
    this.problems.push({ code, ...place, message });
  }

  /** Claims a page. @returns `false` when it lies outside the file or something else has it. */
  claim(page: number): boolean {
    if (page < SUPERBLOCK_SLOTS || page >= this.pageCount || this.isClaimed(page)) return false;
    this.#claimed[page >>> 5] = this.#claimed[page >>> 5]! | 1 << (page & 31);
    return true;
  }

  /** Claims what there is of a run. */
  claimRun(first: number, pages: number): void {
    const end = Math.min(first + pages, this.pageCount);
    for (let page = first; page < end; page++) this.claim(page);
  }

  /** Whether something has the page. */
  isClaimed(page: number): boolean {
    return (this.#claimed[page >>> 5]! >>> (page & 31) & 1) === 1;
  }

  /** Reads a page of the file to the start of an arena. @returns whether it vouches for itself. */
  readPage(page: number, into: Arena): boolean {
    const read = this.readAt(into.u8.subarray(0, PAGE_BYTES), page * PAGE_BYTES);
    return read === PAGE_BYTES && this.isOwn(page, into, 0);
  }

  /** Whether bytes are a whole and sound tree page of this number. */
  isOwn(page: number, arena: Arena, base: number): boolean {
    const words = base >> 2;
    return arena.i32[words + 1]! >>> 0 === page &&
      this.#checksum.of(arena.u8, base + 4, base + PAGE_BYTES) === arena.i32[words]! >>> 0 &&
      isSoundPage(arena, base);
  }

  readAt(buffer: Uint8Array, offset: number): number {
    this.bytesRead += buffer.length;
    try {
      return this.#file.readAt(buffer, offset);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      return this.#readPieces(buffer, offset);
    }
  }

  /** What the medium does not give is zeros. */
  #readPieces(buffer: Uint8Array, offset: number): number {
    for (let at = 0; at < buffer.length; at += PAGE_BYTES) {
      const piece = buffer.subarray(at, Math.min(at + PAGE_BYTES, buffer.length));
      try {
        const read = this.#file.readAt(piece, offset + at);
        if (read < piece.length) return at + read;
      } catch (error) {
        if (!isHoldfastError(error)) throw error;
        piece.fill(0);
        this.report(error.code, error.message, Math.floor((offset + at) / PAGE_BYTES));
      }
    }
    return buffer.length;
  }

  size(): number {
    return this.#file.size();
  }

  writeAt(): void {
    throw readOnly();
  }

  truncate(): void {
    throw readOnly();
  }

  sync(): void {
    throw readOnly();
  }

  syncAsync(): Promise<void> {
    return Promise.reject(readOnly());
  }

  close(): void {
    this.#file.close();
  }
}

function readOnly(): InvariantError {
  return new InvariantError("INVARIANT", "Repair never writes to the file that it repairs");
}
