/**
 * What a child process does with one store; each task returns what it found.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { CALLERS } from "../callers.ts";
import type { Contestant } from "../compare/contestant.ts";
import { CACHE_BYTES } from "../compare/contestant.ts";
import { BATCH, KEY_BYTES, valueOf } from "../compare/workload.ts";
import { median } from "../median.ts";
import { percentile } from "../streams/percentile.ts";
import type { StoreModule } from "./contestant.ts";
import { keysOf, Picks, valuesOf, writeKey } from "./entries.ts";

const STALL_BATCH = 100;
/** Reads between two turns of the event loop. */
const READ_TURN = 1000;
/** How often a store is opened again in a process. */
const REOPENS = 9;
/** Of the process that is killed, when the store has no log that could be full. */
const PUTS_WITHOUT_LOG = 2000;
/** A log that is not full after so many never will be. */
const PUTS_MOST = 2_000_000;

/** What a task is told. */
export interface TaskOptions {
  readonly directory: string;
  /** Entries of the store. */
  readonly entries: number;
  readonly seed: number;
  /** Cache of the store; {@link CACHE_BYTES} if absent. */
  readonly cacheBytes?: number;
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
  const store = await module.open(directory, "disk");
  for (let first = 0; first < entries; first += BATCH) {
    const numbers = numbersFrom(first, Math.min(BATCH, entries - first));
    await store.load(keysOf(numbers), valuesOf(numbers));
  }
  await store.close();
  return { entries };
}

/** Opens the store and gets one entry, for the first time in this process and, closed, again. */
async function open(module: StoreModule, options: TaskOptions): Promise<TaskResult> {
  const { directory, entries, seed, cacheBytes = CACHE_BYTES, acknowledged, isVerified } = options;
  const picks = new Picks(seed, entries);
  const times: number[] = [];
  for (let i = 0; i <= REOPENS; i++) {
    const number = picks.next();
    const [key] = keysOf([number]);
    const begin = performance.now();
    const store = await module.open(directory, "disk", cacheBytes);
    const value = await store.get(key!);
    times.push(performance.now() - begin);
    expectValue(value, number);
    if (isVerified) {
      for (let j = entries; j < entries + acknowledged; j++) expectValue(await getOf(store, j), j);
    }
    await store.close();
    // What a crash left is replayed once: later openings are clean ones.
    if (acknowledged > 0) return { millis: times[0]! };
  }
  const [first, ...again] = times;
  return { millis: first!, againMillis: median(again) };
}

/**
 * 64 callers put until the log is full. Then a line says how many puts were acknowledged, and the
 * process stays as it is until somebody kills it.
 */
async function kill(module: StoreModule, options: TaskOptions): Promise<never> {
  const { directory, entries, cacheBytes = CACHE_BYTES } = options;
  const store = await module.open(directory, "disk", cacheBytes);
  const { log } = module;
  const isFull = (puts: number): boolean =>
    log === undefined
      ? puts >= PUTS_WITHOUT_LOG
      : (store.upkeep?.().logBytes ?? log.bytesIn(directory)) >= log.fullBytes;
  let puts = 0;
  const caller = async (): Promise<void> => {
    while (!isFull(puts)) {
      if (puts === PUTS_MOST) throw new Error(`the log is not full after ${puts} puts`);
      const number = entries + puts++;
      const [key] = keysOf([number]);
      await store.putShared(key!, valueOf(number));
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  writeSync(1, `${JSON.stringify({ acknowledged: puts })}\n`);
  return await new Promise<never>(() => setInterval(() => {}, 1000));
}

/**
 * One writer overwrites entries at random, which fills the log again and again: for so long, and
 * until a checkpoint has ended where a store has them.
 */
async function stall(module: StoreModule, options: TaskOptions): Promise<TaskResult> {
  const { directory, entries, seed, millis } = options;
  const store = await module.open(directory, "disk");
  const picks = new Picks(seed, entries);
  const all: number[] = [];
  const beside: number[] = [];
  const end = performance.now() + millis;
  let now = 0;
  while (now < end || store.upkeep?.().checkpoints === 0) {
    const numbers = Array.from({ length: STALL_BATCH }, () => picks.next());
    const keys = keysOf(numbers);
    const values = valuesOf(numbers);
    const before = store.upkeep?.().pagesWritten;
    const begin = performance.now();
    const pending = store.load(keys, values);
    if (pending !== undefined) await pending;
    now = performance.now();
    all.push(now - begin);
    if (store.upkeep?.().pagesWritten !== before) beside.push(now - begin);
  }
  await store.close();
  return {
    allMedian: median(all),
    allP99: percentile(all, 0.99),
    allMost: percentile(all, 1),
    ...beside.length === 0 ? {} : { besideP99: percentile(beside, 0.99) },
  };
}

/** Random reads, and what memory the process has then. */
async function read(module: StoreModule, options: TaskOptions): Promise<TaskResult> {
  const { directory, entries, seed, cacheBytes = CACHE_BYTES, reads } = options;
  const store = await module.open(directory, "disk", cacheBytes);
  const picks = new Picks(seed, entries);
  const key = new Uint8Array(KEY_BYTES);
  for (let i = 0; i < reads; i++) {
    const number = picks.next();
    writeKey(number, key);
    const found = store.get(key);
    expectValue(found instanceof Promise ? await found : found, number);
    if (i % READ_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const resident = process.memoryUsage().rss;
  await store.close();
  return { resident };
}

function numbersFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

function getOf(store: Contestant, number: number): ReturnType<Contestant["get"]> {
  return store.get(keysOf([number])[0]!);
}

function expectValue(value: Uint8Array | undefined, number: number): void {
  if (value === undefined || Buffer.compare(value, valueOf(number)) !== 0) {
    throw new Error(`entry ${number} is not what was put`);
  }
}
