/**
 * What a content store is, as types.
 *
 * @module
 */

import type { Digest, DigestName } from "../../base/digest.ts";
import type { ErrorCode } from "../../errors.ts";
import type { Change } from "../../kernel/watch/change.ts";
import type { ContentId } from "./content_id.ts";

/** Options of {@linkcode contentStore}. */
export interface ContentStoreOptions {
  /**
   * What blobs are named by: a name, or a digest of one's own. Its name and length belong to the
   * format of the store: another digest under a used name is `TYPE_MISMATCH`.
   * @default "sha256"
   */
  readonly digest?: DigestName | Digest;
}

/** One blob of a store. */
export interface ContentEntry {
  /** Its id. */
  readonly id: ContentId;
  /** Its length in bytes. */
  readonly length: number;
  /** Whether it was set aside by a `verify`, because its bytes were found damaged. */
  readonly aside: boolean;
}

/** The blobs of a store: to be walked through once, one way or the other. */
export interface ContentEntries extends IterableIterator<ContentEntry> {
  /** The same walk, for those who wait. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ContentEntry>;
}

/** A blob whose bytes are not what its id says. */
export interface DamagedContent {
  /** Its id. */
  readonly id: ContentId;
  /** What a `get` of it throws: `CORRUPT_CONTENT`, or what the kernel found. */
  readonly code: ErrorCode;
}

/** How far a `verify` is. */
export interface ContentProgress {
  /** Blobs done. */
  readonly blobs: number;
  /** Bytes done. */
  readonly bytes: number;
}

/** What a `verify` found. */
export interface ContentReport extends ContentProgress {
  /** Whether nothing is damaged. */
  readonly ok: boolean;
  /** What is, those that were set aside before included. */
  readonly damaged: readonly DamagedContent[];
}

/** Options of `verify`. */
export interface ContentVerifyOptions {
  /** Ends it: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** Told after each blob. */
  readonly onProgress?: (progress: ContentProgress) => void;
}

/** Options of `verify` in a transaction. */
export interface ContentRepairOptions extends ContentVerifyOptions {
  /**
   * Sets what is damaged aside, when all is verified: `get` goes on to throw, `has` is `false`, and a
   * `put` of the right bytes stores them again. Without it such a `put` finds the id there, and
   * does not read what is stored under it.
   */
  readonly quarantine?: boolean;
}

/** Options of a `put` of a stream. */
export interface ContentPutOptions {
  /** Ends it: what has arrived is taken back, and it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a content store. An id of another digest names no blob here. What is damaged is never handed
 * out, and never taken for absent: it throws a `CorruptionError`, `CORRUPT_CONTENT` or what the
 * kernel has found.
 */
export interface ContentReader {
  /**
   * A blob of up to 64 MiB, verified against its id; owned by the caller. `undefined`: absent.
   * @throws {CorruptionError} `CORRUPT_CONTENT`, `CORRUPT_VALUE`, `CORRUPT_PAGE`
   * @throws {StateError} `TOO_LARGE`: use `stream` or `range`
   */
  get(id: ContentId): Uint8Array | undefined;
  /**
   * As `get`, at the moment of the call; but the digest of what is not small is made off the thread,
   * where the platform can: others run meanwhile, and many reads use many processors.
   * @throws {CorruptionError} `CORRUPT_CONTENT`, `CORRUPT_VALUE`, `CORRUPT_PAGE`
   * @throws {StateError} `TOO_LARGE`: use `stream` or `range`
   */
  read(id: ContentId): Promise<Uint8Array | undefined>;
  /**
   * A blob of any length, piece by piece as it is read: up to 256 KiB each, checked by checksum, the
   * last one only when all of it agrees with its id; else the stream fails, as `get` throws. It
   * shows the moment of the call, and holds it until it is read to its end, cancelled or fails: do
   * one of these. `undefined`: absent.
   */
  stream(id: ContentId): ReadableStream<Uint8Array> | undefined;
  /**
   * The bytes of a blob from offset `from` up to offset `to`, as far as it goes; owned by the caller.
   * `undefined`: absent. Each chunk (256 KiB) is checked by its checksum; the digest is not, as that
   * would take the whole blob.
   * @throws {RangeError} unless they are whole numbers, and `0 <= from <= to`
   * @throws {StateError} `TOO_LARGE`: more than 64 MiB
   */
  range(id: ContentId, from: number, to?: number): Uint8Array | undefined;
  /** Whether a blob is there, and not set aside as damaged. Its bytes are not read. */
  has(id: ContentId): boolean;
  /** Length of a blob in bytes. */
  length(id: ContentId): number | undefined;
  /** All blobs by id, as they are at the call: for `for await`, or at once for `for`. */
  entries(): ContentEntries;
  /** Reads all blobs, as they are at the call, and compares them with their ids. */
  verify(options?: ContentVerifyOptions): Promise<ContentReport>;
}

/** Reads and changes a content store in a transaction. */
export interface ContentWriter extends ContentReader {
  /**
   * Stores bytes, which are copied. What is there already is not stored again, nor read: it is
   * marked as put, so that a garbage collection that goes on spares it.
   */
  put(bytes: Uint8Array): ContentId;
  /**
   * Stores what a stream yields, of any length, in memory of about 256 KiB: bytes go to fresh pages of
   * the file while they arrive, and are free again if the transaction is rolled back, if the power
   * goes, or if it turns out that they are there already. A stream that fails, a signal or a full
   * disk takes back what has arrived; the transaction goes on. Await it before the commit.
   *
   * `Database.update` runs its body again after a conflict: make the stream within the body.
   * @throws what the stream fails with, and the reason of the signal
   * @throws {TypeError} for a stream of something else than `Uint8Array`s
   * @throws {StateError} `TRANSACTION_DONE`: it has ended before the stream, or a savepoint was
   * rolled back that was made while it arrived; `POISONED`
   * @throws {IoError} `NO_SPACE`
   */
  put(stream: ReadableStream<Uint8Array>, options?: ContentPutOptions): Promise<ContentId>;
  /**
   * Marks a blob as put now, so that a garbage collection that goes on spares it: for a transaction
   * that adds a reference to what is there without putting it. @returns whether it is there.
   */
  touch(id: ContentId): boolean;
  /** Removes a blob, damaged or not. @returns whether it was there. */
  delete(id: ContentId): boolean;
  /** Reads all blobs, as they are at the call; may set those aside that are damaged. */
  verify(options?: ContentRepairOptions): Promise<ContentReport>;
}

/** The access types of a content store. */
export interface ContentAccess {
  /** `db.open(...)`. */
  readonly reader: ContentReader;
  /** `tx.open(...)`. */
  readonly writer: ContentWriter;
  /** `db.watch(...)`: the id of a blob, and its length. A `put` of what is there is a change, too. */
  readonly change: Change<ContentId, number>;
}
