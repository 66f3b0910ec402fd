/**
 * What a process of the system tests works on: a store in a folder of its own, changed by some
 * workers in numbered steps. What a store holds follows from how many steps each worker has taken,
 * so a count for each worker is all that anybody outside has to know of it.
 *
 * @module
 */

import type { IoAdapter } from "../../mod.ts";

/** Workers of each scene. Those of odd numbers ask for durability "os", the others for "disk". */
export const WORKERS = 4;

/** The durability that a worker asks for: the death of a process must take nothing of either. */
export function durabilityOf(worker: number): "os" | "disk" {
  return worker % 2 === 1 ? "os" : "disk";
}

/** A store that is open, and was read and found right. */
export interface Scene {
  /** The number of steps that each worker has taken, as the store shows it. */
  readonly counts: readonly number[];
  /**
   * Takes the next step of a worker: `number` is one more than it has taken. Resolves when the step
   * is as durable as the worker asks for. One step of a worker at a time.
   */
  step(worker: number, number: number): Promise<void>;
  /** Upkeep that is due after a step: what it changes follows from no count. */
  tend?(worker: number, number: number): Promise<void>;
  /** Closes the store. */
  close(): Promise<void>;
}

/**
 * Opens the store in a folder, or makes it, reads all of it and compares it with what the steps of
 * its workers must have left.
 * @throws {Wrong} for what must not be
 */
export type OpenScene = (io: IoAdapter, folder: string) => Promise<Scene>;

/** A store holds what it must not hold, or lacks what it must hold. */
export class Wrong extends Error {}

/** Throws {@linkcode Wrong} unless a condition holds. */
export function demand(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Wrong(what);
}
