/**
 * What a child process does with one store; each task returns what it found.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { KEY_BYTES, valueOf } from "../compare/workload.ts";
import type { Store, StoreModule } from "./contestant.ts";
import { keysOf, Picks, valuesOf, writeKey } from "./entries.ts";

const CALLERS = 64;
const LOAD_BATCH = 1000;
const STALL_BATCH = 100;
/** Reads between two turns of the event loop. */
const READ_TURN = 1000;
/** How often a store is opened again in a process. */
const REOPENS = 9;
const CACHE_BYTES = 256 * 1024 * 1024;

/** What a task is told. */
export interface TaskOptions {
  readonly directory: string;
  /** Entries of the store. */
  readonly entries: number;
  readonly seed: number;
  readonly cacheBytes: number;
  readonly reads: number;
  readonly millis: number;
  /** Entries behind `entries` that must be there as well. */
  readonly acknowledged: number;
  /** Compare all that was acknowledged, and not only count the time. */
  readonly isVerified: boolean;
}

/** Figures by name. */
export type TaskResult = Readonly<Record<string, number>>;

type Task = (module: StoreModule, options: TaskOptions) => Promise<TaskResult>;

/** The tasks by name. */
export const TASKS: Readonly<Record<string, Task>> = { fill, open, kill, stall, read };

/** Fills a store in durable transactions of 1,000 and closes it. */
async function fill(module: StoreModule, options: TaskOptions): Promise<TaskResult> {
  const { directory, entries } = options;
  const store = await module.open(directory, CACHE_BYTES);
  for (let first = 0; first < entries; first += LOAD_BATCH) {
    const numbers = numbersFrom(first, Math.min(LOAD_BATCH, entries - first));
    await store.commit(keysOf(numbers), valuesOf(numbers));
  }
  await store.close();
  return { entries };
}

/** Opens the store and gets one entry, for the first time in this process and, closed, again. */
async function open(module: StoreModule, options: TaskOptions): Promise<TaskResult> {
  const { directory, entries, seed, acknowledged, isVerified } = options;
  const picks = new Picks(seed, entries);
  const times: number[] = [];
  for (let i = 0; i <= REOPENS; i++) {
    const number = picks.next();
    const [key] = keysOf([number]);
    const begin = performance.now();
    const store = await module.open(directory, CACHE_BYTES);
    const value = store.get(key!);
    times.push(performance.now() - begin);
    expectValue(value, number);
    if (isVerified) {
      for (let j = entries; j < entries + acknowledged; j++) expectValue(getOf(store, j), j);
    }
    await store.close();
    // What a crash left is replayed once: later openings are clean ones.
    if (acknowledged > 0) return { millis: times[0]! };
  }
  const [first, ...again] = times;
  return { millis: first!, againMillis: again.sort((a, b) => a - b)[REOPENS >> 1]! };
}

/**
 * 64 callers put until somebody kills this process, which is to be as soon as it prints a line: the
 * log is full, and so many puts were acknowledged without a gap.
 */
async function kill(module: StoreModule, options: TaskOptions): Promise<never> {
  const { directory, entries } = options;
  const store = await module.open(directory, CACHE_BYTES);
  const isDone: boolean[] = [];
  let puts = 0;
  let next = 0;
  let isTold = false;
  const caller = async (): Promise<never> => {
    for (;;) {
      const number = next++;
      const [key] = keysOf([entries + number]);
      await store.put(key!, valueOf(entries + number));
      isDone[number] = true;
      puts++;
      if (isTold || puts % CALLERS !== 0 || !store.isLogFull(puts)) continue;
      isTold = true;
      const gap = isDone.findIndex((done) => done !== true);
      const acknowledged = gap < 0 ? isDone.length : gap;
      writeSync(1, `${JSON.stringify({ acknowledged, puts })}\n`);
    }
  };
  return await Promise.race(Array.from({ length: CALLERS }, caller));
}

/**
 * One writer overwrites entries at random, which fills the log again and again: for so long, and
 * until a checkpoint has ended where a store has them.
 */
async function stall(module: StoreModule, options: TaskOptions): Promise<TaskResult> {
  const { directory, entries, seed, millis } = options;
  const store = await module.open(directory, CACHE_BYTES);
  const picks = new Picks(seed, entries);
  const all: number[] = [];
  const beside: number[] = [];
  const end = performance.now() + millis;
  let now = 0;
  while (now < end || store.checkpoints?.().completed === 0) {
    const numbers = Array.from({ length: STALL_BATCH }, () => picks.next());
    const keys = keysOf(numbers);
    const values = valuesOf(numbers);
    const before = store.checkpoints?.().pagesWritten;
    const begin = performance.now();
    const pending = store.commit(keys, values);
    if (pending !== undefined) await pending;
    now = performance.now();
    all.push(now - begin);
    if (store.checkpoints?.().pagesWritten !== before) beside.push(now - begin);
  }
  const hasCheckpoints = store.checkpoints !== undefined;
  await store.close();
  return {
    ...spreadOf(all, "all"),
    ...hasCheckpoints ? spreadOf(beside, "beside") : {},
  };
}

/** Random reads, and what memory the process has then. */
async function read(module: StoreModule, options: TaskOptions): Promise<TaskResult> {
  const { directory, entries, seed, cacheBytes, reads } = options;
  const store = await module.open(directory, cacheBytes);
  const picks = new Picks(seed, entries);
  const key = new Uint8Array(KEY_BYTES);
  for (let i = 0; i < reads; i++) {
    const number = picks.next();
    writeKey(number, key);
    expectValue(store.get(key), number);
    if (i % READ_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const resident = process.memoryUsage().rss;
  await store.close();
  return { resident };
}

function spreadOf(times: number[], name: string): Record<string, number> {
  if (times.length === 0) return {};
  times.sort((a, b) => a - b);
  const at = (part: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * part))]!;
  return { [`${name}Median`]: at(0.5), [`${name}P99`]: at(0.99), [`${name}Most`]: at(1) };
}

function numbersFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

function getOf(store: Store, number: number): Uint8Array | undefined {
  return store.get(keysOf([number])[0]!);
}

function expectValue(value: Uint8Array | undefined, number: number): void {
  if (value === undefined || Buffer.compare(value, valueOf(number)) !== 0) {
    throw new Error(`entry ${number} is not what was put`);
  }
}
