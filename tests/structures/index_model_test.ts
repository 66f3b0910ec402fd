/** Random changes and reads in every mode, through every kind of view, against a sorted array. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  codec,
  Database,
  type Definition,
  index,
  type IndexAccess,
  type IndexMode,
  type IndexWriter,
  type Snapshot,
} from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { Prng } from "../../src/base/prng.ts";
import { assertReads, IndexModel, randomRange } from "./index_model.ts";

/** Keys up to the last of their codec, whose element no other follows. */
const KEYS = 256;
const VALUES = 5;

type Got = number[] | number | undefined;
type Writer = IndexWriter<number, number, Got>;

function definitionOf(mode: IndexMode): Definition<IndexAccess<number, number, Got>> {
  const options = { key: codec.u8, value: codec.u8 };
  const definition = mode === "cluster"
    ? index("numbers", { ...options, mode })
    : index("numbers", { ...options, mode });
  return definition as unknown as Definition<IndexAccess<number, number, Got>>;
}

/** Mostly few keys, now and then any. */
function keyOf(random: Prng): number {
  return random.below(4) === 0 ? random.below(KEYS) : 244 + random.below(12);
}

function change(writer: Writer, model: IndexModel, random: Prng): void {
  const key = keyOf(random);
  const value = random.below(VALUES);
  const draw = random.below(100);
  if (draw < 45) {
    const allowed = model.put(key, value);
    if (allowed) writer.put(key, value);
    else assert.throws(() => writer.put(key, value), { code: "ALREADY_EXISTS" });
  } else if (draw < 55) {
    assert.equal(writer.remove(key), model.remove(key), "remove a key");
  } else if (draw < 65) {
    assert.equal(writer.remove(key, value), model.remove(key, value), "remove a value");
  } else if (draw < 70) {
    const range = { limit: 20, ...randomRange(random, KEYS) };
    const gone = model.range(range);
    assert.equal(writer.deleteRange(range), gone.length, JSON.stringify(range));
    model.removeWhere((entry) => gone.includes(entry));
  } else if (draw < 85) {
    const expected = random.below(3) === 0 ? undefined : random.below(VALUES);
    const next = random.below(3) === 0 ? undefined : value;
    const present = model.valuesOf(key);
    const meets = expected === undefined ? present.length === 0 : present.includes(expected);
    assert.equal(writer.compareAndSet(key, expected, next), meets, "compareAndSet");
    if (meets && expected !== undefined) model.remove(key, expected);
    if (meets && next !== undefined) model.set(key, next);
  } else if (model.mode === "cluster") {
    const result = writer.update(key, (present) => {
      assert.deepEqual(present, model.valuesOf(key));
      return random.below(3) === 0 ? [] : [value, ...(present as number[]).slice(1), value];
    }) as number[];
    model.remove(key);
    for (const each of result) model.set(key, each);
  } else {
    const next = random.below(3) === 0 ? undefined : value;
    const result = writer.update(key, (present) => {
      assert.equal(present, model.valuesOf(key)[0]);
      return next;
    });
    assert.equal(result, next);
    if (next === undefined) model.remove(key);
    else model.set(key, next);
  }
}

async function runModel(mode: IndexMode, seed: number): Promise<void> {
  const random = new Prng(seed);
  const io = memoryIo();
  const numbers = definitionOf(mode);
  let db = await Database.open("/model.hold", { io });
  let committed = new IndexModel(mode);
  let held: { snapshot: Snapshot; model: IndexModel } | undefined;
  for (let step = 0; step < 40; step++) {
    const model = committed.copy();
    // What is committed and not yet on disk: the next transaction reads through it.
    const pending: Promise<void>[] = [];
    for (let overtaken = random.below(3); overtaken >= 0; overtaken--) {
      const tx = db.begin();
      const writer = tx.open(numbers);
      for (let count = random.below(12); count >= 0; count--) change(writer, model, random);
      assertReads(writer, model, random, KEYS);
      const savepoint = tx.savepoint();
      const before = model.copy();
      for (let count = random.below(6); count > 0; count--) change(writer, before, random);
      assertReads(writer, before, random, KEYS);
      if (random.below(2) === 0) savepoint.rollback();
      else model.entries = before.entries;
      assertReads(writer, model, random, KEYS);
      pending.push(tx.commit());
    }
    assertReads(db.open(numbers), committed, random, KEYS);
    await Promise.all(pending);
    committed = model;
    assertReads(db.open(numbers), committed, random, KEYS);
    if (held !== undefined) assertReads(held.snapshot.open(numbers), held.model, random, KEYS);
    if (random.below(10) === 0) {
      held?.snapshot.release();
      held = { snapshot: db.snapshot(), model: committed.copy() };
    }
    if (random.below(15) === 0) await db.checkpoint();
    if (random.below(20) === 0) {
      await db.close();
      held = undefined;
      db = await Database.open("/model.hold", { io });
    }
  }
  held?.snapshot.release();
  assert.equal(db.stats().heldStates, 0);
  assert.deepEqual((await db.check()).problems, []);
  await db.close();
}

for (const mode of ["replace", "exclusive", "cluster"] as const) {
  for (const seed of [1, 2]) {
    test(`index equals a sorted array under random operations: ${mode}, seed ${seed}`, async () => {
      await runModel(mode, seed);
    });
  }
}
