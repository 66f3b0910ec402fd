/**
 * Random operations against a plain map: puts, removals, ranges, snapshots, checkpoints and
 * reopens over a cache so small that pages are evicted and written early all the time.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, index, type Snapshot } from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { Prng } from "../../src/base/prng.ts";

const entries = index("entries", { key: codec.bytes, value: codec.bytes });

interface Shape {
  readonly name: string;
  readonly steps: number;
  readonly keys: number;
  /** Operations of a large transaction. */
  readonly burst: number;
  readonly valueMax: number;
  readonly cacheBytes: number;
}

const SHAPES: readonly Shape[] = [
  // Several times the cache: pages that a snapshot needs are evicted and read back.
  { name: "deep tree", steps: 120, keys: 20_000, burst: 1500, valueMax: 60, cacheBytes: 1 << 20 },
  { name: "short keys", steps: 200, keys: 3000, burst: 200, valueMax: 60, cacheBytes: 1 << 20 },
  { name: "large values", steps: 120, keys: 300, burst: 200, valueMax: 9000, cacheBytes: 1 << 20 },
  {
    name: "values beside the log",
    steps: 60,
    keys: 40,
    burst: 40,
    valueMax: 200_000,
    cacheBytes: 1 << 20,
  },
  { name: "few keys", steps: 200, keys: 40, burst: 200, valueMax: 300, cacheBytes: 1 << 20 },
];

/** Keys of uneven length with long common prefixes and prefixes of each other. */
function keyOf(n: number): Uint8Array {
  const text = `${"abcdefgh".slice(0, n % 9)}/${n % 7 === 0 ? "long-".repeat(n % 40) : ""}${n}`;
  return new TextEncoder().encode(text);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function valueOf(random: Prng, max: number): Uint8Array {
  const value = new Uint8Array(random.below(max + 1));
  for (let i = 0; i < value.length; i += 97) value[i] = random.below(256);
  return value;
}

type Model = Map<string, Uint8Array>;

function assertEqualTo(
  view: { range(options?: { reverse?: boolean }): Iterable<[Uint8Array, Uint8Array]> },
  model: Model,
  reverse: boolean,
): void {
  const expected = [...model.keys()].sort();
  if (reverse) expected.reverse();
  let at = 0;
  for (const [key, value] of view.range({ reverse })) {
    assert.equal(hex(key), expected[at], "key order");
    assert.deepEqual(value, model.get(expected[at]!), `value of ${expected[at]}`);
    at++;
  }
  assert.equal(at, expected.length, "number of entries");
}

async function runModel(shape: Shape, seed: number): Promise<void> {
  const random = new Prng(seed);
  const io = memoryIo();
  const options = { io, cacheBytes: shape.cacheBytes, logBytes: 256 * 1024 };
  let db = await Database.open("/model.hold", options);
  let model: Model = new Map();
  let held: { snapshot: Snapshot; model: Model } | undefined;
  for (let step = 0; step < shape.steps; step++) {
    const draw = random.below(100);
    if (draw < 70) {
      const next: Model = new Map(model);
      const count = 1 + random.below(draw < 10 ? shape.burst : 12);
      const rollback = random.below(10) === 0;
      const transaction = db.begin();
      const writer = transaction.open(entries);
      for (let i = 0; i < count; i++) {
        const key = keyOf(random.below(shape.keys));
        if (random.below(100) < 35) {
          assert.equal(writer.remove(key), next.delete(hex(key)), "remove tells what was there");
        } else {
          const value = valueOf(random, shape.valueMax);
          writer.put(key, value);
          next.set(hex(key), value);
        }
      }
      const probe = keyOf(random.below(shape.keys));
      assert.deepEqual(writer.get(probe), next.get(hex(probe)), "own writes are read");
      if (random.below(8) === 0) assertEqualTo(writer, next, random.below(2) === 0);
      if (rollback) {
        transaction.rollback();
      } else {
        await transaction.commit();
        model = next;
      }
    } else if (draw < 78) {
      assertEqualTo(db.open(entries), model, random.below(2) === 0);
    } else if (draw < 86) {
      if (held === undefined) {
        held = { snapshot: db.snapshot(), model };
      } else {
        assertEqualTo(held.snapshot.open(entries), held.model, random.below(2) === 0);
        held.snapshot.release();
        held = undefined;
      }
    } else if (draw < 93) {
      await db.checkpoint();
    } else if (draw < 96) {
      held = undefined;
      await db.close();
      db = await Database.open("/model.hold", options);
    } else {
      assert.deepEqual((await db.check()).problems, []);
    }
  }
  assertEqualTo(db.open(entries), model, false);
  assert.equal(db.open(entries).count(), model.size);
  assert.deepEqual((await db.check()).problems, []);
  await db.close();
  db = await Database.open("/model.hold", options);
  assertEqualTo(db.open(entries), model, false);
  assert.deepEqual((await db.check()).problems, []);
  await db.close();
}

for (const shape of SHAPES) {
  for (let seed = 1; seed <= 2; seed++) {
    test(`Database equals a map under random operations: ${shape.name}, seed ${seed}`, async () => {
      await runModel(shape, seed);
    });
  }
}
