/**
 * What a power cut leaves of one write, sector by sector.
 *
 * @module
 */

import type { Prng } from "../../src/base/prng.ts";
import type { SectorHistory } from "./sector_history.ts";
import type { PagedBytes } from "./simulated_bytes.ts";
import type { Outcome } from "./simulated_policy.ts";

/** Gives the outcomes of consecutive decisions, and where damaged ones are cut. */
export interface OutcomeSource {
  /** Garbage fills all of a sector, also the bytes beside the written range. */
  readonly wholeSectors: boolean;
  /** The outcome of the next decision. */
  next(): Outcome;
  /** Randomness for the decision just given. */
  readonly damage: Prng;
}

/** Where the sector that holds byte `at` ends. */
export function sectorEnd(at: number, sectorBytes: number): number {
  return at - (at % sectorBytes) + sectorBytes;
}

/** Brings into `content` what the outcomes leave of a write. `bytes` must never change. */
export function writeSectors(
  content: PagedBytes,
  bytes: Uint8Array,
  offset: number,
  sectorBytes: number,
  source: OutcomeSource,
  history: SectorHistory | undefined,
): void {
  const end = offset + bytes.length;
  // Kept sectors in a row are written as one.
  let kept = offset;
  for (let at = offset; at < end;) {
    const stop = Math.min(end, sectorEnd(at, sectorBytes));
    const outcome = source.next();
    if (outcome !== "kept") {
      content.write(bytes.subarray(kept - offset, at - offset), kept);
      const sector = bytes.subarray(at - offset, stop - offset);
      damageSector(content, sector, at, sectorBytes, outcome, source, history);
      kept = stop;
    }
    at = stop;
  }
  content.write(bytes.subarray(kept - offset), kept);
}

function damageSector(
  content: PagedBytes,
  bytes: Uint8Array,
  offset: number,
  sectorBytes: number,
  outcome: Exclude<Outcome, "kept">,
  source: OutcomeSource,
  history: SectorHistory | undefined,
): void {
  if (outcome === "garbage") {
    const garbage = new Uint8Array(source.wholeSectors ? sectorBytes : bytes.length);
    source.damage.fill(garbage);
    content.write(garbage, source.wholeSectors ? offset - (offset % sectorBytes) : offset);
  } else if (outcome === "torn") {
    const cut = source.damage.below(bytes.length + 1);
    if (source.damage.below(2) === 0) content.write(bytes.subarray(0, cut), offset);
    else content.write(bytes.subarray(cut), offset + cut);
  } else if (outcome === "stale") {
    const older = history?.older(offset, offset + bytes.length, source.damage);
    if (older !== undefined) content.write(older, offset);
  }
}
