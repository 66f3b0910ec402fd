/**
 * What the campaigns run: the same power cuts, faults and second lives for every structure.
 */

import type { SimulatedDisk, SimulatedDiskOptions } from "../../adapters/simulated.ts";
import type { Prng } from "../../src/base/prng.ts";

/** What a store died of: with its process only what was handed to no system is lost. */
export type Death = "power" | "process";

/** What the states of a subject count for in the report. */
export type Structure =
  | "kernel"
  | "log"
  | "streams"
  | "blocks"
  | "journal"
  | "index"
  | "segment"
  | "once map"
  | "register"
  | "vector"
  | "content";

/**
 * What is left is whole, and older than what was acknowledged: only a disk that lies may leave it.
 * Thrown by `Witness.judge`, and by `Subject.play` where a store is opened again in it.
 */
export class LostError extends Error {}

/** The check of a store found damage, and its data are right as far as they can be read. */
export class DamageFoundError extends Error {}

/** A structure in one course of operations. Deterministic in its disk and its random numbers. */
export interface Subject {
  readonly name: string;
  readonly structure: Structure;
  /** How its disk is built; the seed is the campaign's. */
  readonly disk: SimulatedDiskOptions;
  /**
   * Runs on an empty disk, to its end or until nothing goes on. An error with a code is expected
   * once the power is gone (`disk.isDark`) or a planned failure was met (`disk.injected > 0`): then
   * it may go on trying, and what the store acknowledges counts. Every other error is thrown, and
   * so is wrong data met on the way. When it returns all that it started has ended: the disk
   * changes no more.
   */
  play(disk: SimulatedDisk, random: Prng): Promise<Witness>;
}

/** What was asked and acknowledged until a death, and so what must hold after it. */
export interface Witness {
  /**
   * Opens what is left, reads all of it and compares. It may be called for many disks.
   * @throws for a state that must not be: lost, reordered, half applied, of a refused change.
   */
  judge(disk: SimulatedDisk, death: Death): Promise<Recovered>;
  /** Opens what is left and looks no further: a recovery that the power may end. */
  recover(disk: SimulatedDisk): Promise<void>;
}

/** A store that was opened after a death, and found right. It is left as it is, or gone on with. */
export interface Recovered {
  /** Equal for equal content: what a recovery that was interrupted must lead to as well. */
  readonly content: string;
  /**
   * Goes on with other operations, the first of the size of what was lost, under the rules of
   * `Subject.play`.
   */
  proceed(random: Prng): Promise<Witness>;
}
