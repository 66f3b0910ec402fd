/**
 * Reads the run of a large value in parts, so that a value of any length takes little memory, and
 * verifies it at the end.
 *
 * @module
 */

import type { Checksum } from "../../base/checksum.ts";
import { CorruptionError } from "../../errors.ts";
import type { IoFile } from "../../io/adapter.ts";
import { PAGE_BYTES, SUPERBLOCK_SLOTS, VALUE_BYTES_MAX } from "../limits.ts";
import { referenceLength, referencePage, runPages } from "./overflow.ts";
import { u32At } from "./page.ts";

/** Bytes of a part: whole pages. */
const PART_BYTES: number = 64 * PAGE_BYTES;

/** One value, part after part. */
export class RunCopy {
  /** First page of the run. */
  readonly page: number;
  /** Pages of the run. */
  readonly pages: number;

  readonly #file: IoFile;
  readonly #path: string;
  readonly #checksum: Checksum;
  readonly #length: number;
  readonly #expected: number;
  readonly #part = new Uint8Array(PART_BYTES);
  #read = 0;
  #sum = 0;

  /**
   * Prepares to read what the reference at `bytes[at]` names.
   * @throws {CorruptionError} `CORRUPT_VALUE` when it lies outside the file
   */
  constructor(file: IoFile, path: string, checksum: Checksum, bytes: Uint8Array, at: number) {
    this.#file = file;
    this.#path = path;
    this.#checksum = checksum;
    this.page = referencePage(bytes, at);
    this.#length = referenceLength(bytes, at);
    this.#expected = u32At(bytes, at + 4);
    this.pages = runPages(this.#length);
    const end = this.page * PAGE_BYTES + this.#length;
    if (this.page < SUPERBLOCK_SLOTS || this.#length > VALUE_BYTES_MAX || end > file.size()) {
      throw this.#corrupt("it lies outside the file");
    }
  }

  /**
   * The next part, valid until the next call; whole pages but for the last. `undefined` at the end.
   * @throws {CorruptionError} `CORRUPT_VALUE` at the end, when the parts were not what was written
   */
  next(): Uint8Array | undefined {
    const left = this.#length - this.#read;
    if (left === 0) {
      if (this.#sum !== this.#expected) throw this.#corrupt("it does not match its checksum");
      return undefined;
    }
    const part = this.#part.subarray(0, Math.min(left, PART_BYTES));
    const read = this.#file.readAt(part, this.page * PAGE_BYTES + this.#read);
    if (read < part.length) throw this.#corrupt("the file ends inside it");
    this.#sum = this.#checksum.of(part, 0, part.length, this.#sum);
    this.#read += part.length;
    return part;
  }

  #corrupt(problem: string): CorruptionError {
    return new CorruptionError(
      "CORRUPT_VALUE",
      `Cannot read the value at page ${this.page} of "${this.#path}": ${problem}`,
      { path: this.#path, page: this.page, offset: this.page * PAGE_BYTES },
    );
  }
}
