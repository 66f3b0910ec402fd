/**
 * How much the kernel comparison does.
 *
 * @module
 */

/** Counts, from the command line. */
export interface Settings {
  /** Entries of the load and of all that reads it. */
  readonly entries: number;
  /** Puts of one caller a round. */
  readonly puts: number;
  /** Puts and appends of 64 callers a round. */
  readonly shared: number;
  /** Random gets a round. */
  readonly gets: number;
  /** Operations of the 80/20 rows a round. */
  readonly mixed: number;
  /** Counted rounds of every row but the load. */
  readonly rounds: number;
  /** Counted rounds of the load. */
  readonly loadRounds: number;
}
