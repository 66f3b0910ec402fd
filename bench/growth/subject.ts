/**
 * What a growth run measures: stores that are filled to a size, with operations that leave the size
 * as it is. Everything but the operation itself is off the clock.
 *
 * @module
 */

import { performance } from "node:perf_hooks";
import { KEY_BYTES, randomBytes } from "../compare/workload.ts";
import type { GrowthSeries } from "./growth_report.ts";

/** How much is done in a round. */
export interface GrowthCounts {
  /** Durable puts and appends of one caller. */
  readonly puts: number;
  /** Transactions of {@link BATCH}. */
  readonly transactions: number;
  /** Gets of an index and a once map; a tenth of it from a content store, a hundredth ranges. */
  readonly gets: number;
}

/** A store that holds so many things. */
export interface GrowthStore {
  /** Each operation by its name: does it many times. @returns microseconds per operation */
  readonly operations: Readonly<Record<string, (round: number) => number | Promise<number>>>;
  close(): Promise<void>;
}

/** A kind of store. */
export interface GrowthSubject {
  readonly name: string;
  /** What the sizes count. */
  readonly of: GrowthSeries["of"];
  /** The largest size that it is filled to; beyond it filling takes too long. */
  readonly most?: number;
  /** Shows what the machine does; nothing is asked of it. */
  readonly isYardstick?: boolean;
  fill(path: string, size: number, cacheBytes: number, counts: GrowthCounts): Promise<GrowthStore>;
}

/** Entries of a transaction. */
export const BATCH = 1000;

/** Adds the time of `step` to the `elapsed` milliseconds. */
export class Stopwatch {
  elapsed = 0;

  async time(step: () => unknown): Promise<void> {
    const begin = performance.now();
    await step();
    this.elapsed += performance.now() - begin;
  }

  /** Microseconds per operation. */
  micros(count: number): number {
    return this.elapsed * 1000 / count;
  }
}

/** Random keys, in one run of bytes: ten million are as many objects otherwise. */
export class Keys {
  readonly size: number;
  readonly #bytes: Uint8Array;

  constructor(seed: number, size: number) {
    this.size = size;
    this.#bytes = randomBytes(seed, size * KEY_BYTES);
  }

  at(i: number): Uint8Array {
    return this.#bytes.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES);
  }
}

/** Numbers below `size`, other ones for each round. */
export function picks(round: number, count: number, size: number): Uint32Array {
  const numbers = new Uint32Array(randomBytes(0x91c5 + round, count * 4).buffer);
  return numbers.map((number) => number % size);
}

/** A key that was read must have the value that it was given. */
export function expectBytes(found: Uint8Array | undefined, wanted: Uint8Array): void {
  if (found?.length !== wanted.length || !wanted.every((byte, i) => byte === found[i])) {
    throw new Error("what was acknowledged cannot be read back");
  }
}
