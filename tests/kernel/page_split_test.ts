/** Pages are split and joined so that all of it fits, whatever the sizes and the order of the cells. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, index } from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { Prng } from "../../src/base/prng.ts";
import { CELL_BYTES_MAX, KEY_BYTES_MAX } from "../../src/kernel/limits.ts";

const entries = index("entries", { key: codec.bytes, value: codec.bytes });

const SHORT = 12;
/** The longest value beside a short key, and the longest key: without what the codec adds. */
const VALUE_MAX = CELL_BYTES_MAX - SHORT - 6;
const KEY_MAX = KEY_BYTES_MAX - 3;

/** Lengths of keys and values. */
type Lengths = (random: Prng) => readonly [key: number, value: number];

const LENGTHS: Readonly<Record<string, Lengths>> = {
  "values up to the largest inline one": (random) => [SHORT, random.below(VALUE_MAX + 1)],
  "the largest inline values": (random) => [SHORT, VALUE_MAX - random.below(60)],
  "small values between the largest": (random) => [
    SHORT,
    random.below(4) === 0 ? random.below(40) : VALUE_MAX,
  ],
  "keys up to the longest": (random) => [
    SHORT + random.below(KEY_MAX - SHORT + 1),
    random.below(40),
  ],
  "the longest keys": (random) => [KEY_MAX - random.below(8), random.below(40)],
};

/** The first part of a key, and the last: what lies between is the same in all. */
type Order = (random: Prng, step: number) => readonly [head: number, tail: number];

const ORDERS: Readonly<Record<string, Order>> = {
  "in any order": (random) => [random.below(100), random.below(10_000)],
  "of a few streams that grow": (random, step) => [random.below(6), step],
};

function keyOf(head: number, tail: number, length: number): string {
  return `${String(head).padStart(4, "0").padEnd(length - 8, "-")}${String(tail).padStart(8, "0")}`;
}

async function grow(lengths: Lengths, order: Order, seed: number): Promise<void> {
  const random = new Prng(seed);
  const model = new Map<string, number>();
  const db = await Database.open("/store.hold", { io: memoryIo() });
  for (let round = 0; round < 8; round++) {
    await db.update((tx) => {
      const store = tx.open(entries);
      for (let i = 0; i < 40; i++) {
        const [keyBytes, valueBytes] = lengths(random);
        const key = keyOf(...order(random, round * 40 + i), keyBytes);
        store.put(new TextEncoder().encode(key), new Uint8Array(valueBytes).fill(i));
        model.set(key, valueBytes);
      }
      if (round % 3 < 2) return;
      for (const key of [...model.keys()].filter(() => random.below(2) === 0)) {
        store.remove(new TextEncoder().encode(key));
        model.delete(key);
      }
    });
    const { ok, problems } = await db.check();
    assert.deepEqual([ok, problems], [true, []], `seed ${seed}, round ${round}`);
  }
  const found = [...db.open(entries).range()].map(([key, value]) =>
    [new TextDecoder().decode(key), value.length] as const
  );
  assert.deepEqual(found, [...model].sort(([a], [b]) => a < b ? -1 : 1));
  await db.close();
}

for (const [order, orderOf] of Object.entries(ORDERS)) {
  for (const [name, lengths] of Object.entries(LENGTHS)) {
    test(`pages of ${name}, ${order}, are split and joined`, async () => {
      for (let seed = 1; seed <= 40; seed++) await grow(lengths, orderOf, seed);
    });
  }
}
