/**
 * How to build a simulated disk.
 *
 * @module
 */

import type { IoAdapter } from "../../src/io/adapter.ts";
import type { SimulatedProfile } from "./simulated_profile.ts";

/** How to build a simulated disk. */
export interface SimulatedDiskOptions {
  /** Seed of the entropy that the adapter supplies. Default 0. */
  readonly seed?: number | bigint;
  /** What a power cut may do to writes that were on their way. Default "sector512". */
  readonly profile?: SimulatedProfile;
  /**
   * The unit that is kept or dropped: for "hostile", "no-psow", "prefix" and "stale"; the other two
   * have it in their names. Default 512.
   */
  readonly sectorBytes?: 512 | 4096;
  /** Bytes that files may take, in pages of 4 KiB; holes are free. Default: no limit. */
  readonly capacityBytes?: number;
  /**
   * Milliseconds of simulated time that a sync takes. When above 0 the adapter has the capability
   * `asyncSync`. Default 0.
   */
  readonly syncMilliseconds?: number;
  /**
   * Milliseconds of simulated time that a write takes: what a program does in steps of some
   * milliseconds lets others run between them. Default 0.
   */
  readonly writeMilliseconds?: number;
  /**
   * The checksums that the adapter supplies, for example native ones, which are faster. Default:
   * none, so that Holdfast takes its own.
   */
  readonly checksums?: Pick<IoAdapter, "crc32" | "digest">;
}
