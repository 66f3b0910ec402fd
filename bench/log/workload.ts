/**
 * The timed loops of logs: the same records in the same order for every contestant. What was appended
 * is read back when the clock has stopped, and every byte compared.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { performance } from "node:perf_hooks";
import { randomBytes } from "../compare/workload.ts";
import type { LogContestant } from "./contestant.ts";

const CALLERS = 64;
/** Different records enough that no engine can compress or share them. */
const DIFFERENT = 2048;
/** Most bytes of a batch. */
const BATCH_BYTES = 100_000;

/** The records of a log, by number, without end. */
export class Records {
  readonly bytes: number;
  readonly #different: Uint8Array[] = [];

  constructor(bytes: number) {
    this.bytes = bytes;
    const all = randomBytes(bytes, bytes * DIFFERENT);
    for (let i = 0; i < DIFFERENT; i++) {
      this.#different.push(all.subarray(i * bytes).slice(0, bytes));
    }
  }

  at(number: number): Uint8Array {
    return this.#different[number % DIFFERENT]!;
  }

  /** The first `count`, as they are handed over without syncs: 1,000 of 100 B, 24 of 4 KiB. */
  batches(count: number): Uint8Array[][] {
    const size = Math.floor(BATCH_BYTES / this.bytes);
    const batches: Uint8Array[][] = [];
    for (let i = 0; i < count; i++) {
      if (i % size === 0) batches.push([]);
      batches.at(-1)!.push(this.at(i));
    }
    return batches;
  }
}

/** Megabytes per second of records that are with the operating system at the end. */
export async function appendAll(
  log: LogContestant,
  records: Records,
  count: number,
): Promise<number> {
  const batches = records.batches(count);
  const begin = performance.now();
  for (const batch of batches) {
    const pending = log.appendAll!(batch);
    if (pending !== undefined) await pending;
  }
  await log.flush!();
  return perSecond(count, begin) * records.bytes / 1e6;
}

/** Records per second of one caller, each durable before the next. */
export async function appendSynced(
  log: LogContestant,
  records: Records,
  first: number,
  count: number,
): Promise<number> {
  const syncs = log.syncs?.() ?? 0;
  const begin = performance.now();
  for (let i = first; i < first + count; i++) {
    const pending = log.appendSynced!(records.at(i));
    if (pending !== undefined) await pending;
  }
  const rate = perSecond(count, begin);
  if (log.syncs !== undefined && log.syncs() - syncs < count) {
    throw new Error("fewer syncs than records that were acknowledged one by one");
  }
  return rate;
}

/** Records per second of 64 callers, each waiting for its own record to be durable before its next. */
export async function appendShared(
  log: LogContestant,
  records: Records,
  first: number,
  count: number,
): Promise<number> {
  const end = first + count;
  let next = first;
  const caller = async (): Promise<void> => {
    while (next < end) await log.appendShared!(records.at(next++));
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return perSecond(count, begin);
}

/** Megabytes per second of all `count` records; a fold of each record's length and ends is timed too. */
export async function replay(
  log: LogContestant,
  records: Records,
  count: number,
): Promise<number> {
  let expected = 0;
  for (let i = 0; i < count; i++) expected = fold(expected, records.at(i));
  let folded = 0;
  const begin = performance.now();
  await log.replay(0, (record) => {
    folded = fold(folded, record);
  });
  const rate = perSecond(count, begin) * records.bytes / 1e6;
  if (folded !== expected) throw new Error("a replay gave other records than were appended");
  return rate;
}

/**
 * Compares every byte of the records from `first` up to `end`, where the log must end. Twice, and
 * what was compared is overwritten: it must have been the caller's own.
 */
export async function verify(
  log: LogContestant,
  records: Records,
  first: number,
  end: number,
): Promise<void> {
  for (let pass = 0; pass < 2; pass++) {
    let number = first;
    await log.replay(first, (record) => {
      if (number >= end || Buffer.compare(record, records.at(number)) !== 0) {
        throw new Error(`record ${number} is not what was appended`);
      }
      number++;
      record.fill(~record[0]!);
    });
    if (number !== end) throw new Error(`a log ends at record ${number} instead of ${end}`);
  }
}

function fold(hash: number, record: Uint8Array): number {
  const { length } = record;
  const ends = record[0]! ^ (record[length - 1]! << 8) ^ (length << 16);
  return (Math.imul(hash, 31) + ends) | 0;
}

function perSecond(count: number, begin: number): number {
  return count / (performance.now() - begin) * 1000;
}
