/**
 * The timed loops: the same keys, values and counts for every contestant. All return operations
 * per second and check what the engine did after the clock has stopped. An engine with rows of its
 * own runs those instead.
 *
 * @module
 */

import { performance } from "node:perf_hooks";
import { CALLERS, together } from "../callers.ts";
import type { Contestant, Found, ScanResult } from "./contestant.ts";

export const KEY_BYTES = 16;
export const VALUE_BYTES = 100;
export const BATCH = 1000;
/** Keys of one `getMany`. */
export const MANY = 32;

/** Different values enough that no engine can compress or share them; then they repeat. */
export const VALUES = 4096;

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
  if (store.rows !== undefined) return await store.rows.putOne(seed, count);
  const keys = randomKeys(seed, count);
  const begin = performance.now();
  for (let i = 0; i < count; i++) {
    const pending = store.put(keys[i]!, valueOf(i));
    if (pending !== undefined) await pending;
  }
  const rate = perSecond(count, begin);
  await expectEntries(store, keys, valueOf);
  return rate;
}

/** 64 callers, each waiting for its own put to be durable before its next. */
export async function putShared(store: Contestant, seed: number, count: number): Promise<number> {
  if (store.rows !== undefined) return await store.rows.putShared(seed, count);
  const keys = randomKeys(seed, count);
  const rate = await together(CALLERS, count, (i) => store.putShared(keys[i]!, valueOf(i)));
  await expectEntries(store, keys, valueOf);
  return rate;
}

/** 64 callers, each waiting for its own record to be durable before its next. */
export async function appendShared(store: Contestant, count: number): Promise<number> {
  if (store.rows !== undefined) return await store.rows.appendShared(count);
  return await together(CALLERS, count, (i) => store.append(valueOf(i)));
}

/** All keys in durable transactions of 1,000; views are cut outside the clock. */
export async function load(store: Contestant, keyBytes: Uint8Array): Promise<number> {
  if (store.rows !== undefined) return await store.rows.load(keyBytes);
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
    await expectEntry(store, keyAt(keyBytes, i), valueOf(i));
  }
  return count / elapsed * 1000;
}

/** Random gets of keys that exist; in one turn of the event loop if the engine answers at once. */
export async function getRandom(
  store: Contestant,
  keyBytes: Uint8Array,
  seed: number,
  count: number,
): Promise<number> {
  if (store.rows !== undefined) return await store.rows.getRandom(keyBytes, seed, count);
  const { keys, expected } = randomPicks(keyBytes, seed, count);
  let sum = 0;
  const begin = performance.now();
  for (let i = 0; i < count; i++) {
    const found = store.get(keys[i]!);
    const value = found instanceof Promise ? await found : found;
    if (value !== undefined) sum += value.length + value[0]!;
  }
  const rate = perSecond(count, begin);
  if (sum !== expected) throw new Error("gets returned other values than were put");
  await expectOwned(store, keys[0]!, (key) => store.get(key));
  return rate;
}

/** The same gets, 32 keys a call, by an engine that has `getMany`. @returns keys per second */
export async function getManyRandom(
  store: Contestant,
  keyBytes: Uint8Array,
  seed: number,
  count: number,
): Promise<number> {
  const { keys, expected } = randomPicks(keyBytes, seed, count);
  const batches: Uint8Array[][] = [];
  for (let first = 0; first < count; first += MANY) batches.push(keys.slice(first, first + MANY));
  let sum = 0;
  const begin = performance.now();
  for (const batch of batches) {
    const pending = store.getMany!(batch);
    const found = pending instanceof Promise ? await pending : pending;
    for (const value of found) if (value !== undefined) sum += value.length + value[0]!;
  }
  const rate = perSecond(count, begin);
  if (sum !== expected) throw new Error("getMany returned other values than were put");
  const [batch] = batches;
  const values = await store.getMany!(batch!);
  await expectEntries(store, batch!, (i) => values[i]!);
  await expectOwned(store, keys[0]!, async (key) => (await store.getMany!([key]))[0]);
  return rate;
}

/** A full scan in key order. */
export async function scanAll(
  store: Contestant,
): Promise<{ rate: number; result: ScanResult }> {
  if (store.rows !== undefined) return await store.rows.scanAll();
  const begin = performance.now();
  const result = await store.scan();
  return { rate: perSecond(result.entries, begin), result };
}

/** The i-th key of a set that lies in one buffer. */
export function keyAt(keyBytes: Uint8Array, i: number): Uint8Array {
  return keyBytes.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES);
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

/** Random keys of a set, and what {@link getRandom} must sum up. */
function randomPicks(
  keyBytes: Uint8Array,
  seed: number,
  count: number,
): { keys: Uint8Array[]; expected: number } {
  const entries = keyBytes.length / KEY_BYTES;
  const picks = new Uint32Array(randomBytes(seed, count * 4).buffer);
  const keys: Uint8Array[] = [];
  let expected = 0;
  for (let i = 0; i < count; i++) {
    const pick = picks[i]! % entries;
    keys.push(keyAt(keyBytes, pick));
    const value = valueOf(pick);
    expected += value.length + value[0]!;
  }
  return { keys, expected };
}

/** Operations per second since `begin`. */
export function perSecond(count: number, begin: number): number {
  return count / (performance.now() - begin) * 1000;
}

/** Throws unless each of the keys has the value that `expected` gives for its index. */
export async function expectEntries(
  store: Contestant,
  keys: readonly Uint8Array[],
  expected: (i: number) => Uint8Array,
): Promise<void> {
  for (let i = 0; i < keys.length; i++) await expectEntry(store, keys[i]!, expected(i));
}

async function expectEntry(store: Contestant, key: Uint8Array, value: Uint8Array): Promise<void> {
  const found = await store.get(key);
  if (found === undefined || !sameBytes(found, value)) {
    throw new Error("an acknowledged put cannot be read back");
  }
}

/** A get must hand out memory of the caller's own: writing to it changes no later get. */
async function expectOwned(
  store: Contestant,
  key: Uint8Array,
  get: (key: Uint8Array) => Found | Promise<Found>,
): Promise<void> {
  const first = (await get(key))!;
  const before = new Uint8Array(first);
  first.fill(first[0]! ^ 0xff);
  if (!sameBytes((await store.get(key))!, before)) throw new Error("get handed out shared memory");
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
