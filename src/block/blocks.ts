/**
 * Runs of blocks, and what gives them out: the storage that streams are written on.
 *
 * @module
 */

/** Smallest block: what a disk writes whole. */
export const BLOCK_BYTES_MIN = 4096;
/** Largest block (16 MiB). */
export const BLOCK_BYTES_MAX = 16_777_216;
/** Most bytes of one run (4 PiB): every offset in it, and in a file around it, is a safe integer. */
export const RUN_BYTES_MAX: number = 2 ** 52;

/** The size of a run of blocks. */
export interface BlockShape {
  /** Bytes of a block: a power of two from 4 KiB to 16 MiB. */
  readonly blockBytes: number;
  /** Number of blocks, at least 1; all together at most 2^52 bytes. */
  readonly blockCount: number;
}

/**
 * A fixed run of blocks: `blockBytes * blockCount` bytes, which read as zeros before they are
 * written. Nothing in them is the allocator's own. Methods are those of an `IoFile` that can neither
 * grow nor shrink. One owner; not shared between threads.
 *
 * Errors: `StateError` with `CLOSED` after `close`, or once the run was released; `IoError`.
 */
export interface Blocks extends BlockShape {
  /** Its number: higher than that of every run its allocator gave out before. From 1. */
  readonly id: number;
  /**
   * Reads into the whole of `buffer` from byte `offset`.
   * @returns bytes read: less than `buffer.length` only at the end of the run.
   * @throws {RangeError} if `offset` is not an integer from 0
   */
  readAt(buffer: Uint8Array, offset: number): number;
  /**
   * Writes the whole of `buffer` at byte `offset`. Not durable until `sync`. On failure any part
   * may have been written.
   * @throws {RangeError} if any part of it is outside the run; nothing is written
   * @throws {IoError} `NO_SPACE`, where the run was allocated without `reserve`
   */
  writeAt(buffer: Uint8Array, offset: number): void;
  /**
   * Returns when all writes that returned before the call are durable. After a failure the state of
   * those writes is unknown, and a later success proves nothing: never retry.
   */
  sync(): void;
  /** Like `sync`, off the thread where the storage can. */
  syncAsync(): Promise<void>;
  /** Lets go of the descriptor; `list` gives the run anew. Idempotent. Makes nothing durable. */
  close(): void;
}

/** How to allocate. */
export interface AllocateOptions {
  /** Gives up: the promise rejects with its reason, and no run was made. */
  readonly signal?: AbortSignal;
  /**
   * Whether files take the space of the run now. Then no write to it meets a full disk, and a sync of
   * what overwrites it costs least. Without, the run is there at once, and what is written to it in
   * large parts between few syncs is written once instead of twice. @default true
   */
  readonly reserve?: boolean;
}

/**
 * Makes, lists and frees runs of blocks. The only owner of them. Calls may overlap: they take effect
 * one after the other, in call order.
 *
 * Errors: `StateError` with `CLOSED` after `close`, and with `POISONED` once nobody knows what is on
 * the disk; `IoError`.
 */
export interface BlockAllocator {
  /**
   * Makes a run behind all others. When it resolves, the run is durable: its name, its size, and
   * that it reads as zeros.
   * @throws {IoError} `NO_SPACE`: nothing was made, and the allocator stays usable
   */
  allocate(options?: AllocateOptions): Promise<Blocks>;
  /**
   * Frees the oldest run. When it resolves, the run is gone for good: no crash brings it back. After
   * an `IoError` it may be called again with the same run, which is not listed any more.
   * @throws {RangeError} if the run is not the oldest: the order of the others has no gaps
   * @throws {TypeError} if it is not of this allocator
   */
  release(blocks: Blocks): Promise<void>;
  /** The live runs, oldest first: the same objects each time, but a closed one is given anew. */
  list(): Promise<Blocks[]>;
  /** Closes all runs and gives up the storage. Idempotent. Makes nothing durable. */
  close(): Promise<void>;
}

/**
 * Checks the size of a run; the same bounds for every kind of storage.
 * @throws {RangeError}
 */
export function checkShape(shape: BlockShape): void {
  const { blockBytes, blockCount } = shape;
  if (!isBlockSize(blockBytes)) {
    throw new RangeError(
      `blockBytes must be a power of two from ${BLOCK_BYTES_MIN} to ${BLOCK_BYTES_MAX}, ` +
        `not ${blockBytes}`,
    );
  }
  if (!isShape(shape)) {
    const most = RUN_BYTES_MAX / blockBytes;
    throw new RangeError(`blockCount must be an integer from 1 to ${most}, not ${blockCount}`);
  }
}

/** Whether a size is within the bounds. */
export function isShape({ blockBytes, blockCount }: BlockShape): boolean {
  return isBlockSize(blockBytes) && Number.isInteger(blockCount) && blockCount >= 1 &&
    blockCount <= RUN_BYTES_MAX / blockBytes;
}

function isBlockSize(bytes: number): boolean {
  return Number.isInteger(bytes) && bytes >= BLOCK_BYTES_MIN && bytes <= BLOCK_BYTES_MAX &&
    (bytes & (bytes - 1)) === 0;
}
