/**
 * What a log holds, read back to be applied. Records of one batch become one write set: they are
 * applied together or not at all, and their order is that of its operations. Those of a batch that
 * prepares or decides transactions stay apart, as each has its own part in that.
 *
 * PERF: reading a log of 127,000 single puts makes 2,000 sets instead of as many as puts; 0.3 of
 * 1.3 seconds were spent on them and on collecting them (Node, 2026-11-22).
 *
 * @module
 */

import type { LogRecord } from "../../block/log_scanner.ts";
import { IN_DOUBT_TREE } from "../tree/state.ts";
import { WriteSet } from "./write_set.ts";

/** The sets of one batch. */
export function decodeBatch(records: readonly LogRecord[]): readonly WriteSet[] {
  const all = WriteSet.decode(records);
  return all.touches(IN_DOUBT_TREE) ? records.map((record) => WriteSet.decode([record])) : [all];
}

/** The sets of all accepted batches, oldest first. */
export class LoggedSets {
  /** The sets. */
  readonly sets: WriteSet[] = [];
  /** Records up to the end of each. */
  readonly #ends: number[] = [];
  #records = 0;

  /** Adds those of a batch with so many records. */
  add(batch: readonly WriteSet[], records: number): void {
    for (const [i, set] of batch.entries()) {
      this.sets.push(set);
      this.#ends.push(batch.length === 1 ? this.#records + records : this.#records + i + 1);
    }
    this.#records += records;
  }

  /** How many of the sets lie within the first so many records. */
  within(records: number): number {
    const first = this.#ends.findIndex((end) => end > records);
    return first < 0 ? this.sets.length : first;
  }
}
