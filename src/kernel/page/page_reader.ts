/**
 * Reads pages from the file and verifies them.
 *
 * @module
 */

import type { Checksum } from "../../base/checksum.ts";
import { CorruptionError } from "../../errors.ts";
import type { IoFile } from "../../io/adapter.ts";
import type { FreeSpace } from "../space/free_space.ts";
import { PAGE_BYTES, SUPERBLOCK_SLOTS } from "../limits.ts";
import type { Arena } from "./page.ts";

/** Reads pages of one file. */
export class PageReader {
  readonly #file: IoFile;
  readonly #path: string;
  readonly #checksum: Checksum;
  readonly #space: FreeSpace;

  /** Binds to the file and to what is known of its length. */
  constructor(file: IoFile, path: string, checksum: Checksum, space: FreeSpace) {
    this.#file = file;
    this.#path = path;
    this.#checksum = checksum;
    this.#space = space;
  }

  /**
   * Reads a page into an arena.
   * @param expected its checksum as its parent knows it
   * @throws {CorruptionError} `CORRUPT_PAGE`
   */
  read(arena: Arena, base: number, page: number, expected: number): void {
    if (page < SUPERBLOCK_SLOTS || page >= this.#space.pageCount) {
      throw this.#corrupt(page, `it lies outside the file of ${this.#space.pageCount} pages`);
    }
    const bytes = arena.u8.subarray(base, base + PAGE_BYTES);
    const read = this.#file.readAt(bytes, page * PAGE_BYTES);
    const checksum = arena.i32[base >> 2]! >>> 0;
    const problem = read < PAGE_BYTES
      ? "the file ends inside it"
      : this.#checksum.of(arena.u8, base + 4, base + PAGE_BYTES) !== checksum
      ? "its checksum does not match its bytes"
      : arena.i32[(base >> 2) + 1]! >>> 0 !== page
      ? `it says that it is page ${arena.i32[(base >> 2) + 1]! >>> 0}`
      : checksum !== expected
      ? "its checksum is not the one its parent knows: a lost or stale write"
      : undefined;
    if (problem !== undefined) throw this.#corrupt(page, problem);
  }

  #corrupt(page: number, problem: string): CorruptionError {
    return new CorruptionError(
      "CORRUPT_PAGE",
      `Cannot use page ${page} of "${this.#path}": ${problem}`,
      { path: this.#path, page, offset: page * PAGE_BYTES },
    );
  }
}
