/** Vectors on every kind of adapter, and of every kind of element. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import {
  type Codec,
  codec,
  Database,
  exportDatabase,
  importDatabase,
  index,
  vector,
} from "../../mod.ts";
import { runningIo } from "../io/running_io.ts";
import { withFolder, withStore } from "../kernel/checked.ts";
import { ELEMENTS, vectorSuite } from "./vector_suite.ts";

vectorSuite("memory", (body) => body(memoryIo(), "/vector.hold"));
vectorSuite("a simulated disk", (body) => body(new SimulatedDisk({ seed: 3 }).io, "/vector.hold"));
vectorSuite(
  "the running runtime's disk",
  (body) => withFolder(async (folder) => body(await runningIo(), join(folder, "vector.hold"))),
);

for (const [element, values, array] of ELEMENTS) {
  const name = element.name;
  test(`regression: elements of every size and at every index come back: ${name}`, async () => {
    await withStore(async (db) => {
      const many = vector("many", element as Codec<unknown>);
      const count = name.includes("65535") ? 12 : 3000;
      const valueAt = (i: number): unknown => values[i % values.length];
      await db.update((tx) => {
        const writer = tx.open(many);
        for (let i = 0; i < count; i++) writer.push(valueAt(i));
        writer.delete(1);
        writer.set(count + 400, valueAt(0));
        assert.deepEqual(writer.get(2), valueAt(2));
      });
      const reader = db.open(many);
      for (const i of [0, 2, 3, 120, 341, 2389, count - 1]) {
        if (i < count) assert.deepEqual(reader.get(i), valueAt(i), `element ${i}`);
      }
      assert.equal(reader.get(1), undefined);
      assert.equal([...reader].length, count);
      if (array === undefined) return;
      const column = reader.toTypedArray(0, 2);
      assert.equal(column.constructor.name, array);
      assert.equal(Number(column[0]), Number(values[0]));
    });
  });
}

test("vector: elements without a fixed width, or without bytes, are refused", () => {
  const wide = [
    codec.string,
    codec.bytes,
    codec.json<number>(),
    codec.struct({ a: codec.u8, b: codec.string }),
    codec.tuple(codec.u8, codec.bytes),
    { name: "mine", encode: () => {}, decode: () => 1 },
  ];
  for (const element of wide) {
    assert.throws(() => vector("v", element as Codec<unknown>), TypeError, element.name);
  }
  assert.throws(() => vector("v", codec.fixed(0)), RangeError);
  assert.throws(() => vector("v", codec.tuple(codec.fixed(0), codec.fixed(0))), RangeError);
  assert.throws(() => vector("v", codec.u8, { version: -1 }), RangeError);
  assert.throws(() => vector("v", codec.u8, { version: 0.5 }), RangeError);
  assert.throws(() => vector("v", codec.u8, { default: 256 }), RangeError);
  assert.throws(() => vector("v", codec.u8, { defaults: 1 } as object), TypeError);
});

test("vector: columns of 128 bits and of opposite order are no typed arrays", async () => {
  await withStore(async (db) => {
    const wide = codec.struct({ id: codec.u128, rank: codec.desc(codec.u8), n: codec.u8 });
    const reader = db.open(vector("wide", wide));
    assert.throws(() => reader.field("id"), TypeError);
    assert.throws(() => reader.field("rank"), TypeError);
    assert.deepEqual(reader.field("n"), new Uint8Array(0));
  });
});

test("vector: what was never set reads as the declared default, and is not stored", async () => {
  await withStore(async (db) => {
    const limits = vector("limits", codec.struct({ low: codec.i32, high: codec.f32 }), {
      default: { low: -7, high: 0.5 },
    });
    await db.update((tx) => {
      const writer = tx.open(limits);
      writer.resize(2 ** 40);
      writer.set(3, { low: 0, high: 0 });
      writer.set(700, { low: 1, high: 1 });
    });
    const reader = db.open(limits);
    assert.equal(reader.length, 2 ** 40);
    assert.deepEqual(reader.get(2 ** 39), { low: -7, high: 0.5 });
    assert.deepEqual([reader.has(2), reader.has(3)], [false, true]);
    assert.deepEqual(reader.get(3), { low: 0, high: 0 });
    assert.deepEqual(reader.field("low", 1, 5), new Int32Array([-7, -7, 0, -7]));
    assert.deepEqual(reader.field("high", 699, 702), new Float32Array([0.5, 1, 0.5]));
    assert.deepEqual([...reader.values(2, 4)], [{ low: -7, high: 0.5 }, { low: 0, high: 0 }]);
    assert.equal(reader.get(2 ** 40), undefined);
    const { entries } = db.structures().find(({ name }) => name === "limits")!;
    assert.equal(entries, 3);
    await db.update((tx) => {
      assert.equal(tx.open(limits).delete(3), true);
      assert.deepEqual(tx.open(limits).pop(), { low: -7, high: 0.5 });
    });
    assert.deepEqual(reader.get(3), { low: -7, high: 0.5 });
  });
});

test("vector: an iterator shows the vector as it was when it began, in transactions too", async () => {
  await withStore(async (db) => {
    const list = vector("list", codec.u32);
    await db.update((tx) => {
      const writer = tx.open(list);
      writer.extend([1, 2, 3]);
      const seen: number[] = [];
      for (const element of writer) {
        seen.push(element);
        writer.push(element * 10);
        writer.set(0, 99);
      }
      assert.deepEqual(seen, [1, 2, 3]);
      assert.deepEqual([...writer], [99, 2, 3, 10, 20, 30]);
    });
    const reader = db.open(list);
    const walk = reader.entries();
    assert.deepEqual(walk.next().value, [0, 99]);
    await db.update((tx) => tx.open(list).clear());
    assert.deepEqual([...walk].length, 5);
    assert.deepEqual([...reader], []);
    assert.deepEqual(reader.values().return!(), { done: true, value: undefined });
  });
});

test("regression: an element is set while a reader, and an iterator, hold its neighbours", async () => {
  await withStore(async (db) => {
    const list = vector("list", codec.u8);
    await db.update((tx) => tx.open(list).extend(new Uint8Array(2000).fill(1)));
    const snapshot = db.snapshot();
    const walk = db.open(list).values();
    walk.next();
    await db.update((tx) => {
      const writer = tx.open(list);
      const own = writer.values();
      own.next();
      writer.set(1, 2);
      writer.set(257, 3);
      assert.deepEqual([...own].slice(0, 1), [1]);
    });
    assert.deepEqual([db.open(list).get(1), db.open(list).get(257)], [2, 3]);
    assert.deepEqual(new Set(walk), new Set([1]));
    assert.equal(snapshot.open(list).get(257), 1);
    snapshot.release();
  });
});

test("regression: an element of zero bytes only is there, whatever its type", async () => {
  await withStore(async (db) => {
    const ids = vector("ids", codec.uuid);
    const nil = "00000000-0000-0000-0000-000000000000";
    await db.update((tx) => {
      tx.open(ids).set(2, nil);
      tx.open(ids).resize(4);
    });
    const reader = db.open(ids);
    assert.deepEqual([...reader.entries()], [[2, nil]]);
    assert.deepEqual([0, 1, 2, 3].map((i) => reader.has(i)), [false, false, true, false]);
  });
});

test("vector.binarySearch finds, or says where to insert; comparators, dates, absent elements", async () => {
  await withStore(async (db) => {
    const times = vector("times", codec.struct({ at: codec.date, id: codec.u32 }));
    const evens = vector("evens", codec.i32);
    const dates = vector("dates", codec.date);
    await db.update((tx) => {
      for (let i = 0; i < 1000; i++) {
        tx.open(times).push({ at: new Date(i * 1000), id: i });
        tx.open(evens).push(i * 2);
        tx.open(dates).push(new Date(i));
      }
      assert.equal(tx.open(evens).binarySearch(5), ~3);
    });
    const reader = db.open(evens);
    for (let i = 0; i < 1000; i += 37) assert.equal(reader.binarySearch(i * 2), i);
    assert.equal(reader.binarySearch(-1), ~0);
    assert.equal(reader.binarySearch(1), ~1);
    assert.equal(reader.binarySearch(5000), ~1000);
    assert.equal(db.open(dates).binarySearch(new Date(77)), 77);
    const byTime = ({ at }: { at: Date }, time: number): number => at.getTime() - time;
    assert.equal(db.open(times).binarySearch(5000, byTime), 5);
    assert.equal(db.open(times).binarySearch(5500, byTime), ~6);
    assert.throws(() => db.open(times).binarySearch({ at: new Date(), id: 1 }), TypeError);
    await db.update((tx) => tx.open(evens).delete(500));
    assert.throws(() => reader.binarySearch(3), { code: "NOT_FOUND" });
    const floats = vector("floats", codec.f64);
    await db.update((tx) => tx.open(floats).push(-1, 2, NaN));
    assert.equal(db.open(floats).binarySearch(NaN), 2);
    assert.equal(db.open(floats).binarySearch(3), ~2);
  });
});

test("vector: growth keeps the file near its data, and shrinking gives the space back", async () => {
  await withStore(async (db) => {
    const list = vector("list", codec.f64);
    for (let round = 0; round < 20; round++) {
      await db.update((tx) => tx.open(list).extend(new Float64Array(10_000).fill(round)));
    }
    await db.checkpoint();
    await db.compact();
    const full = db.stats().fileBytes;
    assert.ok(full < 200_000 * 8 * 2, `${full} bytes`);
    await db.update((tx) => tx.open(list).truncate(10));
    await db.checkpoint();
    await db.compact();
    assert.ok(db.stats().fileBytes < full / 2);
    assert.deepEqual([...db.open(list)], Array(10).fill(0));
  });
});

test("vector: Database.watch tells chunks that were changed, with all of their elements", async () => {
  await withStore(async (db) => {
    const list = vector("list", codec.fixed(400));
    const changes = db.watch(list);
    const one = new Uint8Array(400).fill(1);
    await db.update((tx) => tx.open(list).set(3, one));
    await db.update((tx) => tx.open(list).delete(3));
    const put = (await changes.next()).value;
    assert.deepEqual([put.kind, put.key, put.value], ["put", 2, [undefined, one]]);
    const removed = (await changes.next()).value;
    assert.deepEqual([removed.kind, removed.key, removed.value], ["remove", 2, undefined]);
    await changes.return!();
    assert.throws(() => db.watch(list, { gte: 1 } as object), TypeError);
  });
});

test("vector: export and import bring it back, in both formats", async () => {
  await withStore(async (db) => {
    const list = vector("list", codec.struct({ a: codec.u8, b: codec.f64 }));
    await db.update((tx) => {
      for (let i = 0; i < 300; i++) tx.open(list).push({ a: i % 256, b: i });
      tx.open(list).set(2 ** 40, { a: 1, b: 2 });
    });
    for (const format of ["jsonl", "binary"] as const) {
      const copy = await Database.memory();
      await importDatabase(copy, exportDatabase(db, { format }));
      assert.deepEqual([...copy.open(list).entries()], [...db.open(list).entries()]);
      await copy.close();
    }
  });
});

test("vector: a view of a transaction that has ended, or was dropped, is of no use", async () => {
  await withStore(async (db) => {
    const list = vector("list", codec.u8);
    const tx = db.begin();
    const writer = tx.open(list);
    writer.push(1);
    assert.equal(writer.get(0), 1);
    tx.drop(list);
    assert.throws(() => writer.get(0), { code: "NOT_FOUND" });
    assert.throws(() => writer.push(2), { code: "NOT_FOUND" });
    const again = tx.open(list);
    assert.equal(again.length, 0);
    again.push(5);
    await tx.commit();
    assert.throws(() => again.get(0), { code: "TRANSACTION_DONE" });
    assert.throws(() => again.set(0, 1), { code: "TRANSACTION_DONE" });
    assert.throws(() => again.push(1), { code: "TRANSACTION_DONE" });
    assert.deepEqual([...db.open(list)], [5]);
    const other = index("list", { key: codec.u8, value: codec.u8 });
    assert.throws(() => db.open(other), { code: "TYPE_MISMATCH" });
  });
});

test("vector: a reader that has looked sees what is committed next, and throws once it is closed", async () => {
  const db = await Database.memory();
  const list = vector("list", codec.u8);
  const reader = db.open(list);
  assert.deepEqual([reader.length, reader.get(0)], [0, undefined]);
  await db.update((tx) => tx.open(list).push(1));
  assert.deepEqual([reader.length, reader.get(0)], [1, 1]);
  const snapshot = db.snapshot();
  const frozen = snapshot.open(list);
  assert.equal(frozen.get(0), 1);
  await db.update((tx) => tx.open(list).set(0, 2));
  assert.deepEqual([reader.get(0), frozen.get(0)], [2, 1]);
  await db.update((tx) => tx.drop(list));
  assert.deepEqual([reader.length, reader.get(0)], [0, undefined]);
  await db.update((tx) => tx.open(list).push(7));
  assert.equal(reader.get(0), 7);
  assert.equal(frozen.get(0), 1);
  snapshot.release();
  assert.throws(() => frozen.get(0), { code: "CLOSED" });
  await db.close();
  assert.throws(() => reader.get(0), { code: "CLOSED" });
  assert.throws(() => reader.length, { code: "CLOSED" });
});

test("vector: a loop over a million numbers of its typed array runs at least at half the speed of a plain one", async () => {
  await withStore(async (db) => {
    const list = vector("list", codec.f64);
    const plain = Float64Array.from({ length: 1_000_000 }, (_, i) => i / 2);
    await db.update((tx) => tx.open(list).extend(plain));
    const view = db.open(list).toTypedArray() as Float64Array;
    const sum = (array: Float64Array): number => {
      let total = 0;
      for (let i = 0; i < array.length; i++) total += array[i]!;
      return total;
    };
    const best = { view: Infinity, plain: Infinity };
    for (let round = 0; round < 20; round++) {
      for (const [name, array] of [["view", view], ["plain", plain]] as const) {
        const begin = performance.now();
        assert.equal(sum(array), 249_999_750_000);
        best[name] = Math.min(best[name], performance.now() - begin);
      }
    }
    assert.ok(best.view <= best.plain * 2, `${best.view} ms, ${best.plain} ms`);
  });
});
