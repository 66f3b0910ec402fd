/**
 * Rows that an engine runs by itself, in a process of its own, where calls from here would cost more
 * than what they call. It times them there, on the keys and values of `workload.ts`.
 *
 * @module
 */

import type { ScanResult } from "./contestant.ts";

/** The rows of `workload.ts` with the same names; each returns what its twin returns. */
export interface WholeRows {
  putOne(seed: number, count: number): Promise<number>;
  putShared(seed: number, count: number): Promise<number>;
  appendShared(count: number): Promise<number>;
  load(keyBytes: Uint8Array): Promise<number>;
  getRandom(keyBytes: Uint8Array, seed: number, count: number): Promise<number>;
  scanAll(): Promise<{ rate: number; result: ScanResult }>;
  /** Of five operations four read an entry and one adds one to its second byte, durably. */
  mixed(keyBytes: Uint8Array, seed: number, count: number): Promise<number>;
}
