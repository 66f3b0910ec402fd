/**
 * What a power cut may do to writes that were on their way, by name.
 *
 * @module
 */

import type { Outcome } from "./simulated_policy.ts";

/**
 * What may become of the sectors of a write that no sync has covered. In all of them a sector is
 * kept, dropped or torn inside (new bytes at one end, old ones at the other), each apart from the
 * others and in any order, except in "prefix".
 *
 * - "sector512", the default: nothing more, in sectors of 512 bytes.
 * - "page4k": the same in units of 4096 bytes.
 * - "hostile": the written part of a sector may also hold garbage.
 * - "no-psow" (no powersafe overwrite): the garbage fills the whole sector, so that a write damages
 *   older bytes beside it.
 * - "prefix": writes, sizes and names become durable in the order in which they were made; what is
 *   left is a beginning of what was pending, and the last write of it may be torn.
 * - "stale": the written part of a sector may also hold an older version of those bytes, from before
 *   the one that was durable: what a reused block held, well formed and out of date. The blocks of a
 *   new file held what the file that was last removed or replaced in its folder had there.
 */
export type SimulatedProfile =
  | "sector512"
  | "page4k"
  | "hostile"
  | "no-psow"
  | "prefix"
  | "stale";

/** A profile in terms of its parts. */
export interface ProfileRules {
  /** The unit that is kept or dropped. */
  readonly sectorBytes: number;
  /** What random policies do to sectors besides tearing them. */
  readonly damage: Extract<Outcome, "garbage" | "stale"> | undefined;
  /** Garbage fills whole sectors, also the bytes beside the written range. */
  readonly wholeSectors: boolean;
  /** Only beginnings of what is pending are left. */
  readonly inOrder: boolean;
  /** Older versions of sectors are remembered. */
  readonly keepsHistory: boolean;
}

const PROFILES: readonly string[] = [
  "sector512",
  "page4k",
  "hostile",
  "no-psow",
  "prefix",
  "stale",
] satisfies SimulatedProfile[];

/**
 * Takes a profile apart.
 * @throws {TypeError} for an unknown profile.
 * @throws {RangeError} for another sector size than 512 and 4096, or than the profile names.
 */
export function rulesOf(
  profile: SimulatedProfile | undefined,
  sectorBytes: number | undefined,
): ProfileRules {
  if (profile !== undefined && !PROFILES.includes(profile)) {
    throw new TypeError(`unknown profile ${String(profile)}`);
  }
  const named = profile === "page4k" ? 4096 : profile === "sector512" ? 512 : undefined;
  const unit = sectorBytes ?? named ?? 512;
  if ((unit !== 512 && unit !== 4096) || unit !== (named ?? unit)) {
    throw new RangeError(`sectorBytes is 512 or 4096, as the profile says, not ${unit}`);
  }
  const garbage = profile === "hostile" || profile === "no-psow";
  return {
    sectorBytes: unit,
    damage: garbage ? "garbage" : profile === "stale" ? "stale" : undefined,
    wholeSectors: profile === "no-psow",
    inOrder: profile === "prefix",
    keepsHistory: profile === "stale",
  };
}
