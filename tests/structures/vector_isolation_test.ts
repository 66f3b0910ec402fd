/** Vectors in concurrent transactions, at every isolation. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  codec,
  type Database,
  isHoldfastError,
  type Isolation,
  vector,
  type VectorWriter,
} from "../../mod.ts";
import { LEVELS } from "../kernel/isolation_matrix.ts";
import { withStore } from "../kernel/checked.ts";

const list = vector("list", codec.f64);

type Change = (writer: VectorWriter<number>) => unknown;

/** A and B see the same; A commits first, then B. @returns the outcome of B */
async function race(db: Database, isolation: Isolation, a: Change, b: Change): Promise<string> {
  const one = db.begin({ isolation });
  const two = db.begin({ isolation });
  a(one.open(list));
  b(two.open(list));
  await one.commit();
  try {
    await two.commit();
    return "ok";
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return error.code;
  }
}

/** What both do to 1,000 numbers, which are 9 chunks, and whether the second is refused. */
const RACES: readonly (readonly [string, Change, Change, boolean])[] = [
  ["push, push", (v) => v.push(1), (v) => v.push(2), true],
  ["push, pop", (v) => v.push(1), (v) => v.pop(), true],
  ["pop, pop", (v) => v.pop(), (v) => v.pop(), true],
  ["extend, set beyond", (v) => v.extend(Array(500).fill(1)), (v) => v.set(1900, 1), true],
  ["resize, resize", (v) => v.resize(1001), (v) => v.resize(1002), true],
  ["set, set in one chunk", (v) => v.set(3, 1), (v) => v.set(4, 2), true],
  ["set, set in two chunks", (v) => v.set(3, 1), (v) => v.set(300, 2), false],
  ["set, delete in two chunks", (v) => v.set(3, 1), (v) => v.delete(300), false],
  ["fill, fill of others", (v) => v.fill(1, 0, 120), (v) => v.fill(2, 120, 900), false],
  ["set, fill of others", (v) => v.set(3, 1), (v) => v.fill(2, 300, 900), false],
  ["set, removeAt before it", (v) => v.set(900, 1), (v) => v.removeAt(3), true],
  ["set, truncate over it", (v) => v.set(900, 1), (v) => v.truncate(800), true],
];

for (const [name, a, b, conflict] of RACES) {
  test(`vector: two transactions, ${name}: ${conflict ? "one is refused" : "both are kept"}`, async () => {
    for (const isolation of LEVELS) {
      await withStore(async (db) => {
        await db.update((tx) => tx.open(list).extend(new Float64Array(1000)));
        const outcome = await race(db, isolation, a, b);
        assert.equal(outcome, conflict ? "CONFLICT" : "ok", isolation);
        const both = await raced(a, conflict ? () => {} : b);
        assert.deepEqual([...db.open(list)], both, isolation);
      });
    }
  });
}

/** The numbers after both, one after the other. */
async function raced(a: Change, b: Change): Promise<number[]> {
  let found: number[] = [];
  await withStore(async (db) => {
    await db.update((tx) => tx.open(list).extend(new Float64Array(1000)));
    await db.update((tx) => void a(tx.open(list)));
    await db.update((tx) => void b(tx.open(list)));
    found = [...db.open(list)];
  });
  return found;
}

test("vector: no push of concurrent updates is lost, at any isolation", async () => {
  for (const isolation of LEVELS) {
    await withStore(async (db) => {
      const turns = Array.from({ length: 8 }, (_, n) =>
        db.update(async (tx) => {
          const writer = tx.open(list);
          writer.push(n);
          await undefined;
          writer.push(n);
        }, { isolation, retries: 100 }));
      await Promise.all(turns);
      const found = [...db.open(list)];
      assert.deepEqual(found.toSorted(), Array.from({ length: 16 }, (_, i) => i >> 1), isolation);
      for (let i = 0; i < 16; i += 2) assert.equal(found[i], found[i + 1]);
    });
  }
});

test("vector: what a shrinking transaction did not find does not come back when it grows", async () => {
  for (const isolation of LEVELS) {
    for (const [grow, at] of [[2000, 100], [2000, 1500], [2 ** 40, 2 ** 30]] as const) {
      await withStore(async (db) => {
        await db.update((tx) => tx.open(list).resize(grow));
        const one = db.begin({ isolation });
        const two = db.begin({ isolation });
        one.open(list).truncate(5);
        two.open(list).set(at, 7);
        await one.commit();
        const refused = await two.commit().then(() => false, () => true);
        const reader = db.open(list);
        // A serializable one has read the length; others set an element that nobody sees.
        assert.equal(refused, isolation === "serializable", isolation);
        assert.deepEqual([reader.length, reader.get(at), [...reader]], [5, undefined, []]);
        await db.update((tx) => tx.open(list).resize(at + 1));
        assert.deepEqual([reader.get(at), reader.has(at), [...reader]], [undefined, false, []]);
        await db.update((tx) => tx.open(list).push(1));
        await db.update((tx) => tx.open(list).set(grow, 2));
        assert.deepEqual([...reader.entries()], [[at + 1, 1], [grow, 2]], isolation);
      });
    }
  }
});

test("vector: reads that move on show what others commit, and own changes over it", async () => {
  for (const isolation of ["last-win", "version-on-write", "version-on-read"] as const) {
    await withStore(async (db) => {
      await db.update((tx) => tx.open(list).extend(new Float64Array(1000)));
      const tx = db.begin({ isolation });
      const writer = tx.open(list);
      assert.deepEqual([writer.get(3), writer.get(900), writer.length], [0, 0, 1000]);
      await db.update((other) => void other.open(list).set(900, 5));
      assert.equal(writer.get(900), 5);
      writer.set(3, 1);
      await db.update((other) => void other.open(list).push(6));
      assert.deepEqual([writer.get(3), writer.get(1000), writer.length], [1, 6, 1001]);
      await tx.commit();
      assert.deepEqual([db.open(list).get(3), db.open(list).get(1000)], [1, 6]);
    });
  }
});

test("vector: a snapshot transaction sees its beginning, and own changes", async () => {
  for (const isolation of ["snapshot", "serializable"] as const) {
    await withStore(async (db) => {
      await db.update((tx) => tx.open(list).extend(new Float64Array(1000)));
      const tx = db.begin({ isolation });
      await db.update((other) => void other.open(list).set(900, 5));
      const writer = tx.open(list);
      assert.equal(writer.get(900), 0);
      writer.set(3, 1);
      assert.deepEqual([writer.get(3), writer.toTypedArray(3, 4)[0]], [1, 1]);
      tx.rollback();
      assert.deepEqual([db.open(list).get(3), db.open(list).get(900)], [0, 5]);
    });
  }
});

test("vector: a prepared transaction keeps others from its chunks and its length, at once", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(list).extend(new Float64Array(1000)));
    const tx = db.begin();
    tx.open(list).set(3, 1);
    tx.open(list).push(2);
    const prepared = await tx.prepare();
    const other = db.begin();
    const writer = other.open(list);
    for (
      const refused of [
        () => writer.set(4, 1),
        () => writer.push(1),
        () => writer.push(1, 2),
        () => writer.pop(),
        () => writer.truncate(2),
        () => writer.insert(500, 1),
        () => writer.removeAt(0),
        () => writer.fill(1),
        () => writer.extend([1, 2]),
        () => writer.set(5000, 1),
        () => writer.resize(2 ** 40),
      ]
    ) {
      assert.throws(refused, { code: "IN_DOUBT" });
      assert.deepEqual([writer.length, writer.get(4), writer.get(500)], [1000, 0, 0]);
    }
    writer.set(500, 9);
    await other.commit();
    await prepared.commit();
    const reader = db.open(list);
    assert.deepEqual([reader.get(3), reader.get(500), reader.at(-1), reader.length], [
      1,
      9,
      2,
      1001,
    ]);
    assert.deepEqual([...reader].filter((each) => each !== 0), [1, 9, 2]);
  });
});
