/**
 * A stretch of a file in which batches are written one behind the other, and what ties a use of it
 * to its log.
 *
 * @module
 */

/** A stretch of a file for batches. */
export interface LogExtent {
  /** Offset in the file, a multiple of 4 KiB. */
  readonly offset: number;
  /** Length in bytes, a multiple of 4 KiB. */
  readonly bytes: number;
  /** Random for each use: batches of an earlier use never pass for present ones. */
  readonly salt: bigint;
}

/** Where a log continues: all that the next batch must agree with. */
export interface LogPosition {
  /** Sequence of the next record. */
  sequence: number;
  /** Header checksum of the batch before; a random start value for the first. */
  chain: number;
}
