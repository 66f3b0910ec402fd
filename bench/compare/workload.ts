/**
 * The timed loops: the same keys, values and counts for every contestant. All return operations
 * per second and check what the engine did after the clock has stopped.
 *
 * @module
 */

import { performance } from "node:perf_hooks";
import type { Contestant, ScanResult } from "./contestant.ts";

export const KEY_BYTES = 16;
export const VALUE_BYTES = 100;
export const CALLERS = 64;
export const BATCH = 1000;

/** Different values enough that no engine can compress or share them. */
const VALUES = 4096;

/** `count` keys of 16 random bytes, equal for equal seeds. */
export function randomKeys(seed: number, count: number): Uint8Array[] {
  return slices(randomBytes(seed, count * KEY_BYTES), KEY_BYTES);
}

const values = slices(randomBytes(0x7a11, VALUES * VALUE_BYTES), VALUE_BYTES);

/** The value that belongs to the i-th key of a set. */
export function valueOf(i: number): Uint8Array {
  return values[i % VALUES]!;
}

/** One caller, each put durable before the next. */
export async function putOne(store: Contestant, seed: number, count: number): Promise<number> {
  const keys = randomKeys(seed, count);
  const begin = performance.now();
  for (let i = 0; i < count; i++) {
    const pending = store.put(keys[i]!, valueOf(i));
    if (pending !== undefined) await pending;
  }
  const rate = perSecond(count, begin);
  keys.forEach((key, i) => expectEntry(store, key, valueOf(i)));
  return rate;
}

/** 64 callers, each waiting for its own put to be durable before its next. */
export async function putShared(store: Contestant, seed: number, count: number): Promise<number> {
  const keys = randomKeys(seed, count);
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) {
      const i = next++;
      await store.putShared(keys[i]!, valueOf(i));
    }
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const rate = perSecond(count, begin);
  keys.forEach((key, i) => expectEntry(store, key, valueOf(i)));
  return rate;
}

/** 64 callers, each waiting for its own record to be durable before its next. */
export async function appendShared(store: Contestant, count: number): Promise<number> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await store.append(valueOf(next++));
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return perSecond(count, begin);
}

/** All keys in durable transactions of 1,000; views are cut outside the clock. */
export async function load(store: Contestant, keyBytes: Uint8Array): Promise<number> {
  const count = keyBytes.length / KEY_BYTES;
  let elapsed = 0;
  for (let first = 0; first < count; first += BATCH) {
    const size = Math.min(BATCH, count - first);
    const keys = slices(
      keyBytes.subarray(first * KEY_BYTES, (first + size) * KEY_BYTES),
      KEY_BYTES,
    );
    const batch = keys.map((_, i) => valueOf(first + i));
    const begin = performance.now();
    const pending = store.load(keys, batch);
    if (pending !== undefined) await pending;
    elapsed += performance.now() - begin;
  }
  for (const i of [0, count >> 1, count - 1]) {
    expectEntry(store, keyBytes.slice(i * KEY_BYTES, (i + 1) * KEY_BYTES), valueOf(i));
  }
  return count / elapsed * 1000;
}

/** Random gets of keys that exist, in one turn of the event loop. */
export function getRandom(
  store: Contestant,
  keyBytes: Uint8Array,
  seed: number,
  count: number,
): number {
  const entries = keyBytes.length / KEY_BYTES;
  const picks = new Uint32Array(randomBytes(seed, count * 4).buffer);
  const keys: Uint8Array[] = [];
  let expected = 0;
  for (let i = 0; i < count; i++) {
    const pick = picks[i]! % entries;
    keys.push(keyBytes.subarray(pick * KEY_BYTES, (pick + 1) * KEY_BYTES));
    const value = valueOf(pick);
    expected += value.length + value[0]!;
  }
  let sum = 0;
  const begin = performance.now();
  for (let i = 0; i < count; i++) {
    const value = store.get(keys[i]!);
    if (value !== undefined) sum += value.length + value[0]!;
  }
  const rate = perSecond(count, begin);
  if (sum !== expected) throw new Error("gets returned other values than were put");
  expectOwned(store, keys[0]!);
  return rate;
}

/** A full scan in key order. */
export async function scanAll(
  store: Contestant,
): Promise<{ rate: number; result: ScanResult }> {
  const begin = performance.now();
  const result = await store.scan();
  return { rate: perSecond(result.entries, begin), result };
}

/** Uniform bytes from a xorshift generator: fast, seeded, the same everywhere. */
export function randomBytes(seed: number, length: number): Uint8Array {
  const words = new Uint32Array((length + 3) >> 2);
  let a = Math.imul(seed + 1, 0x9e3779b1) | 1;
  let b = a ^ 0x6c078965;
  for (let i = -16; i < words.length; i++) {
    const t = a ^ (a << 10);
    a = b;
    b = b ^ (b >>> 10) ^ t ^ (t >>> 13);
    if (i >= 0) words[i] = b;
  }
  return new Uint8Array(words.buffer, 0, length);
}

function slices(bytes: Uint8Array, size: number): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) all.push(bytes.subarray(at, at + size));
  return all;
}

function perSecond(count: number, begin: number): number {
  return count / (performance.now() - begin) * 1000;
}

function expectEntry(store: Contestant, key: Uint8Array, value: Uint8Array): void {
  const found = store.get(key);
  if (found === undefined || !sameBytes(found, value)) {
    throw new Error("an acknowledged put cannot be read back");
  }
}

/** A get must hand out memory of the caller's own: writing to it changes no later get. */
function expectOwned(store: Contestant, key: Uint8Array): void {
  const first = store.get(key)!;
  const before = new Uint8Array(first);
  first.fill(first[0]! ^ 0xff);
  if (!sameBytes(store.get(key)!, before)) throw new Error("get handed out shared memory");
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
