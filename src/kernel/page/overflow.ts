/**
 * Large values in runs of neighbouring pages: the raw bytes, zero-padded to whole pages, verified
 * by length and CRC-32 of the reference that names them.
 *
 * | offset | type | field of a reference                          |
 * | ------ | ---- | --------------------------------------------- |
 * | 0      | u32  | first page                                    |
 * | 4      | u32  | CRC-32 of the value                           |
 * | 8      | u64  | length of the value in bytes                  |
 *
 * A run is never changed in place and, because a log record may name it, is always freed as
 * pending. Its bytes are durable with the next sync of the file.
 *
 * @module
 */

import type { Checksum } from "../../base/checksum.ts";
import type { Codec } from "../../base/key_codec.ts";
import { CorruptionError } from "../../errors.ts";
import type { IoFile } from "../../io/adapter.ts";
import { PAGE_BYTES, VALUE_BYTES_MAX } from "../limits.ts";
import { OVERFLOW_REF_BYTES, setU32At, u32At } from "./page.ts";
import type { Pager } from "./pager.ts";

/** Pages of a run that holds `bytes` bytes. */
export function runPages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}

/** First page of a reference. */
export function referencePage(bytes: Uint8Array, at: number): number {
  return u32At(bytes, at);
}

/** Length in bytes of the value of a reference. */
export function referenceLength(bytes: Uint8Array, at: number): number {
  return u32At(bytes, at + 8) + u32At(bytes, at + 12) * 0x1_0000_0000;
}

/** Has room for values, if it is asked, or proves them itself. */
export type ValueTaker = Pick<Codec<unknown>, "room" | "provenByCaller">;

/** Reads the run of a reference, or `undefined` when it is not what the reference says. */
export function readRun(
  file: IoFile,
  checksum: Checksum,
  bytes: Uint8Array,
  at: number,
  to?: ValueTaker,
): Uint8Array | undefined {
  const length = referenceLength(bytes, at);
  const offset = referencePage(bytes, at) * PAGE_BYTES;
  if (length > VALUE_BYTES_MAX || offset + length > file.size()) return undefined;
  const value = to?.room?.(length) ?? new Uint8Array(length);
  const read = file.readAt(value, offset);
  if (read !== length) return undefined;
  const isRight = to?.provenByCaller || checksum.of(value, 0, length) === u32At(bytes, at + 4);
  return isRight ? value : undefined;
}

/** Writes, reads and frees runs. */
export class OverflowStore {
  readonly #file: IoFile;
  readonly #path: string;
  readonly #checksum: Checksum;
  readonly #pager: Pager;
  /** Whole pages are written through this buffer's tail, so that the padding is zeros. */
  readonly #tail = new Uint8Array(PAGE_BYTES);
  readonly #reference = new Uint8Array(OVERFLOW_REF_BYTES);
  /** Write epoch by first page, of the runs written since there are views. */
  readonly #born = new Map<number, number>();

  /** Binds to the file, its cache and its free space. */
  constructor(file: IoFile, path: string, checksum: Checksum, pager: Pager) {
    this.#file = file;
    this.#path = path;
    this.#checksum = checksum;
    this.#pager = pager;
  }

  /** Writes a value to a fresh run. @returns its reference, valid until the next call. */
  write(value: Uint8Array, begin: number, length: number): Uint8Array {
    const page = this.#pager.space.allocateRun(runPages(length));
    const whole = length - length % PAGE_BYTES;
    const at = page * PAGE_BYTES;
    if (whole > 0) this.#file.writeAt(value.subarray(begin, begin + whole), at);
    if (whole < length) {
      this.#tail.fill(0);
      this.#tail.set(value.subarray(begin + whole, begin + length));
      this.#file.writeAt(this.#tail, at + whole);
    }
    this.#pager.stats.pagesWritten += runPages(length);
    this.#forgetWithoutViews();
    if (this.#pager.space.freed.newestView >= 0) this.#born.set(page, this.#pager.epoch);
    const reference = this.#reference;
    setU32At(reference, 0, page);
    setU32At(reference, 4, this.#checksum.of(value, begin, begin + length));
    setU32At(reference, 8, length);
    setU32At(reference, 12, Math.floor(length / 0x1_0000_0000));
    return reference;
  }

  /**
   * Reads the value of a reference into a fresh buffer, or where `to` has room for it, and verifies
   * it unless `to` does.
   * @throws {CorruptionError} `CORRUPT_VALUE`
   */
  read(bytes: Uint8Array, at: number, to?: ValueTaker): Uint8Array {
    const value = readRun(this.#file, this.#checksum, bytes, at, to);
    if (value !== undefined) return value;
    const page = referencePage(bytes, at);
    throw new CorruptionError(
      "CORRUPT_VALUE",
      `Cannot read the value at page ${page} of "${this.#path}": it does not match its checksum`,
      { path: this.#path, page, offset: page * PAGE_BYTES },
    );
  }

  /** Frees the run of a reference, once no superblock, log record or view can name it. */
  free(bytes: Uint8Array, at: number): void {
    const { space, generation, epoch } = this.#pager;
    const page = referencePage(bytes, at);
    this.#forgetWithoutViews();
    const born = this.#born.get(page) ?? 0;
    this.#born.delete(page);
    space.freed.wait(page, runPages(referenceLength(bytes, at)), born, epoch, generation);
  }

  /** All views to come are younger than all runs there are. */
  #forgetWithoutViews(): void {
    if (this.#born.size > 0 && this.#pager.space.freed.newestView < 0) this.#born.clear();
  }
}
