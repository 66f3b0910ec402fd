/** Pages are split so that every half fits, whatever the sizes and the order of its cells. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, index } from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { Prng } from "../../src/base/prng.ts";
import { CELL_BYTES_MAX, KEY_BYTES_MAX } from "../../src/kernel/limits.ts";

const entries = index("entries", { key: codec.bytes, value: codec.bytes });

/** Lengths of keys and values: a cell is both and two bytes. */
type Lengths = (random: Prng) => readonly [key: number, value: number];

const LENGTHS: Readonly<Record<string, Lengths>> = {
  "values up to the largest inline one": (random) => [12, random.below(CELL_BYTES_MAX - 17)],
  "the largest inline values": (random) => [12, CELL_BYTES_MAX - 18 - random.below(60)],
  "small ones between the largest": (random) => [
    12,
    random.below(4) === 0 ? random.below(40) : CELL_BYTES_MAX - 18,
  ],
  "keys up to the longest": (random) => [12 + random.below(KEY_BYTES_MAX - 14), random.below(40)],
  "the longest keys": (random) => [KEY_BYTES_MAX - 3 - random.below(8), random.below(40)],
};

for (const [name, lengths] of Object.entries(LENGTHS)) {
  test(`splits: ${name}, in any order`, async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Prng(seed);
      const model = new Map<string, number>();
      const db = await Database.open("/store.hold", { io: memoryIo() });
      for (let round = 0; round < 6; round++) {
        await db.update((tx) => {
          const store = tx.open(entries);
          for (let i = 0; i < 40; i++) {
            const [keyBytes, valueBytes] = lengths(random);
            const name = String(random.below(10_000)).padStart(8, "0");
            // Equal for most of their length, so that separators are long, too.
            const key = new TextEncoder().encode(name.slice(0, 4).padEnd(keyBytes - 8, "-") + name);
            store.put(key, new Uint8Array(valueBytes).fill(i));
            model.set(new TextDecoder().decode(key), valueBytes);
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
  });
}
