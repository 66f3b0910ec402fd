/**
 * Carries what is left of a damaged file's log into the salvaged trees: from the image's sequence
 * on, batch after batch, as far as the chain holds.
 *
 * @module
 */

import type { Checksum } from "../../base/checksum.ts";
import type { LogExtent } from "../../block/log_extent.ts";
import { type LogRecord, scanLog } from "../../block/log_scanner.ts";
import { isHoldfastError } from "../../errors.ts";
import { identityChecksum } from "../engine.ts";
import { PAGE_BYTES, TRANSACTION_BYTES_MAX } from "../limits.ts";
import { decodeLogged } from "../two_phase/load_prepared.ts";
import { readRun } from "../page/overflow.ts";
import type { SalvageSource } from "./salvage_source.ts";
import type { SalvageTarget } from "./salvage_target.ts";
import { extentOf, type ExtentPages, type Superblock } from "../superblock.ts";
import { PUT_REFERENCE, WriteSet } from "../commit/write_set.ts";

/** The longest extent that is read: one record of the largest transaction, and room. */
const EXTENT_BYTES_MAX: number = TRANSACTION_BYTES_MAX + 16 * PAGE_BYTES;

/** Replays the log of `source`. @returns commits that were carried over */
export function salvageLog(
  source: SalvageSource,
  checksum: Checksum,
  superblock: Superblock,
  target: SalvageTarget,
): number {
  let commits = 0;
  // The last batch waits until it is known to be one: a torn one names values that are not whole.
  let last: WriteSet[] = [];
  const apply = (): void => {
    const sets = last;
    last = [];
    for (const set of sets) {
      target.apply(set);
      commits++;
    }
    target.settle();
  };
  const accept = (records: readonly LogRecord[]): boolean => {
    const next = records.map((record) => WriteSet.decode([record]));
    apply();
    last = next;
    return true;
  };
  const extents = [superblock.current, superblock.next].map((pages) => within(source, pages));
  const identity = identityChecksum(checksum, superblock.identity);
  const start = { sequence: superblock.sequence, chain: superblock.chain };
  guard(source, () => {
    const { droppedBytes } = scanLog(source, "it", checksum, identity, extents, start, accept);
    if (droppedBytes > 0) source.report("CORRUPT_LOG", `The last ${droppedBytes} bytes are torn`);
  });
  guard(source, () => {
    const isLastWhole = last.every((set) =>
      isWhole(source, checksum, set) && decodeLogged(source, checksum, set) &&
      (set.prepared === undefined || isWhole(source, checksum, set.prepared))
    );
    if (isLastWhole) apply();
    else source.report("CORRUPT_LOG", "The last batch of the log names values that are not whole");
  });
  return commits;
}

/** Damage ends the log, not the repair. */
function guard(source: SalvageSource, body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!isHoldfastError(error) || !error.code.startsWith("CORRUPT_")) throw error;
    source.report("CORRUPT_LOG", `The log ends early: ${error.message}`);
  }
}

/** An extent, as far as the file reaches. */
function within(source: SalvageSource, pages: ExtentPages): LogExtent {
  const extent = extentOf(pages);
  const reach = Math.max(0, Math.min(extent.bytes, source.size() - extent.offset));
  return { ...extent, bytes: reach > EXTENT_BYTES_MAX ? 0 : reach };
}

function isWhole(source: SalvageSource, checksum: Checksum, set: WriteSet): boolean {
  for (let op = 0; op < set.count; op++) {
    if (set.kind(op) !== PUT_REFERENCE) continue;
    if (readRun(source, checksum, set.out.bytes, set.valueAt(op)) === undefined) return false;
  }
  return true;
}
