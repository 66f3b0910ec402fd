/** Vectors whose definition changes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  codec,
  Database,
  type Definition,
  index,
  recordLog,
  vector,
  type VectorAccess,
  type VectorOrigin,
} from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { assertWhole, withStore } from "../kernel/checked.ts";

const old = vector("list", codec.u32);

interface Pair {
  readonly n: number;
  readonly half: number;
}

const pair = codec.struct({ n: codec.u32, half: codec.f64 });

test("regression: a vector is never opened with other elements, or another default", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(old).push(1));
    const others: Definition<VectorAccess<never>>[] = [
      vector("list", codec.f32),
      vector("list", codec.i32),
      vector("list", codec.u64),
      vector("list", codec.u32, { default: 0 }),
      vector("list", codec.u32, { version: 1 }),
      vector("list", codec.f32, { version: 0, migrate: () => 1 }),
      index("list", { key: codec.u8, value: codec.u8 }),
      recordLog("list"),
    ] as unknown as Definition<VectorAccess<never>>[];
    for (const other of others) {
      assert.throws(() => db.open(other), { code: "TYPE_MISMATCH" }, other.format);
      await assert.rejects(db.update((tx) => void tx.open(other)), { code: "TYPE_MISMATCH" });
    }
    assert.deepEqual([...db.open(old)], [1]);
  });
});

test("regression: data of a newer version, or of a newer layout, are refused", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(vector("list", codec.u32, { version: 3 })).push(1));
    const before = vector("list", codec.u32, { version: 2, migrate: () => 1 });
    const refused = { name: "FormatError", code: "FORMAT_NEWER" };
    await assert.rejects(db.update((tx) => void tx.open(before)), refused);
    await assert.rejects(db.update((tx) => void tx.open(old)), refused);
    assert.throws(() => db.open(before), { code: "TYPE_MISMATCH" });
    const layout = {
      ...vector("later", codec.u32),
      format: "columns/2 version 0 by other rules",
    };
    await db.update((tx) => void tx.open(layout));
    await assert.rejects(db.update((tx) => void tx.open(vector("later", codec.u32))), refused);
  });
});

test("vector: migrate makes all elements anew, in the transaction that opens it first", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      const writer = tx.open(old);
      for (let i = 0; i < 1000; i++) writer.push(i);
      writer.delete(7);
      writer.set(2 ** 40, 9);
    });
    const origins: VectorOrigin[] = [];
    const now = vector<Pair>("list", pair, {
      version: 2,
      default: { n: 0, half: -1 },
      migrate: (n: number, origin: VectorOrigin) => {
        origins.push(origin);
        return { n, half: n / 2 };
      },
    });
    assert.throws(() => db.open(now), { code: "TYPE_MISMATCH" });
    await db.update((tx) => {
      const writer = tx.open(now);
      assert.deepEqual(writer.get(999), { n: 999, half: 499.5 });
      writer.set(1, { n: 1, half: 70 });
    });
    const reader = db.open(now);
    assert.equal(reader.length, 2 ** 40 + 1);
    assert.deepEqual(reader.get(2 ** 40), { n: 9, half: 4.5 });
    assert.deepEqual([reader.has(7), reader.get(7)], [false, { n: 0, half: -1 }]);
    assert.deepEqual([...reader.field("half", 0, 4)], [0, 70, 1, 1.5]);
    const [first] = origins;
    assert.deepEqual([first!.version, first!.codec.name, first!.index], [0, "u32", 0]);
    assert.deepEqual(origins.map(({ index }) => index).slice(-2), [999, 2 ** 40]);
    assert.throws(() => db.open(old), { code: "TYPE_MISMATCH" });
    await db.update((tx) => void tx.open(now).push({ n: 1, half: 1 }));
    assert.equal(origins.length, 1000);
    await assertWhole(db);
  });
});

test("vector: a migration that fails has changed nothing, and so has one that is rolled back", async () => {
  const io = memoryIo();
  const db = await Database.open("/list.hold", { io });
  await db.update((tx) => tx.open(old).extend(Array.from({ length: 500 }, (_, i) => i)));
  const failing = vector("list", codec.u8, { version: 1, migrate: (n: number) => n });
  await assert.rejects(db.update((tx) => void tx.open(failing)), RangeError);
  await db.update((tx) => {
    assert.throws(() => tx.open(failing), RangeError);
    tx.open(old).push(500);
  });
  assert.deepEqual([...db.open(old)], Array.from({ length: 501 }, (_, i) => i));
  const wide = vector("list", codec.f64, { version: 1, migrate: (n: number) => n / 2 });
  const tx = db.begin();
  assert.equal(tx.open(wide).get(500), 250);
  tx.rollback();
  assert.equal(db.open(old).get(500), 500);
  await db.update((tx) => void tx.open(wide));
  await db.close();
  const again = await Database.open("/list.hold", { io });
  assert.deepEqual([...again.open(wide)], Array.from({ length: 501 }, (_, i) => i / 2));
  await again.close();
});
