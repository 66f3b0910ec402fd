/**
 * What the tests of persy check of indexes, in our own words and on our own calls: each theme of its
 * `index.rs`, `index_concurrent_write.rs` and of its index units is one test here.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Codec, codec, index, type KeyCodec, RecordId, segment } from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import { bytes, withStore } from "../kernel/checked.ts";

const replace = index("replace", { key: codec.u32, value: codec.u32 });
const exclusive = index("exclusive", { key: codec.u32, value: codec.u32, mode: "exclusive" });
const cluster = index("cluster", { key: codec.u32, value: codec.u32, mode: "cluster" });

test("theme: put, get and remove in each value mode", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (const definition of [replace, exclusive] as const) {
        const writer = tx.open(definition);
        writer.put(1, 10);
        writer.put(1, 10);
        assert.equal(writer.get(1), 10);
        assert.equal(writer.remove(1, 99), false, "another value stays");
        assert.equal(writer.remove(1, 10), true);
        assert.equal(writer.get(1), undefined);
        writer.put(2, 20);
        assert.equal(writer.remove(2), true);
        assert.equal(writer.remove(2), false);
        writer.put(3, 30);
      }
      tx.open(replace).put(3, 31);
      assert.throws(() => tx.open(exclusive).put(3, 31), { code: "ALREADY_EXISTS" });
      const many = tx.open(cluster);
      for (const value of [3, 1, 2, 1, 3]) many.put(1, value);
      assert.deepEqual([many.get(1), many.one(1)], [[1, 2, 3], 1]);
      assert.equal(many.remove(1, 2), true);
      assert.deepEqual(many.get(1), [1, 3]);
    });
    assert.equal(db.open(replace).get(3), 31);
    assert.equal(db.open(exclusive).get(3), 30);
    await db.update((tx) => {
      assert.equal(tx.open(cluster).remove(1, 1), true);
      assert.equal(tx.open(cluster).remove(1, 3), true);
      assert.equal(tx.open(cluster).has(1), false, "a key goes with its last value");
    });
    assert.equal(db.open(cluster).count(), 0);
  });
});

test("theme: a key of an exclusive index is taken once, by whichever transaction", async () => {
  await withStore(async (db) => {
    const first = db.begin();
    const second = db.begin();
    first.open(exclusive).put(7, 1);
    second.open(exclusive).put(7, 2);
    await first.commit();
    await assert.rejects(second.commit(), { code: "CONFLICT" });
    await assert.rejects(
      db.update((tx) => tx.open(exclusive).put(7, 2)),
      { code: "ALREADY_EXISTS" },
    );
    await db.update((tx) => tx.open(exclusive).put(7, 1));
    assert.equal(db.open(exclusive).get(7), 1);
  });
});

test("theme: a range inside a transaction is what was there merged with what it changed", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let key = 0; key < 100; key += 2) tx.open(replace).put(key, key);
    });
    const tx = db.begin();
    const writer = tx.open(replace);
    for (let key = 1; key < 100; key += 4) writer.put(key, key);
    for (let key = 0; key < 100; key += 10) writer.remove(key);
    const expected: number[] = [];
    for (let key = 0; key < 100; key++) {
      if (key % 10 === 0 ? false : key % 2 === 0 || key % 4 === 1) expected.push(key);
    }
    assert.deepEqual([...writer.keys()], expected);
    assert.deepEqual([...writer.keys({ reverse: true })], expected.toReversed());
    assert.deepEqual(
      [...writer.keys({ gt: 20, lte: 41 })],
      expected.filter((key) => key > 20 && key <= 41),
    );
    assert.deepEqual([...db.open(replace).keys({ limit: 3 })], [0, 2, 4]);
    tx.rollback();
  });
});

test("theme: a transaction changes what it iterates, and misses nothing", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let key = 0; key < 2000; key++) tx.open(replace).put(key, 0);
    });
    await db.update((tx) => {
      const writer = tx.open(replace);
      let seen = 0;
      for (const [key] of writer.range()) {
        assert.equal(key, seen++);
        writer.remove(key);
        writer.put(key + 10_000, 1);
      }
      assert.equal(seen, 2000);
    });
    assert.deepEqual(db.open(replace).count(), 2000);
    assert.equal(db.open(replace).first()?.[0], 10_000);
  });
});

test("theme: an index of other types under the name is a mismatch", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(replace).put(1, 1));
    const { key, value } = { key: codec.u32, value: codec.u32 };
    const mismatch = { code: "TYPE_MISMATCH" };
    const otherKey = index("replace", { key: codec.u64, value });
    const otherValue = index("replace", { key, value: codec.string });
    const otherMode = index("replace", { key, value, mode: "cluster" });
    assert.throws(() => db.open(otherKey), mismatch);
    assert.throws(() => db.open(otherValue), mismatch);
    assert.throws(() => db.open(otherMode), mismatch);
    assert.equal(db.open(replace).get(1), 1);
  });
});

test("theme: an index is usable in the transaction that creates it", async () => {
  await withStore(async (db) => {
    const tx = db.begin();
    for (let key = 0; key < 500; key++) tx.open(cluster).put(key % 5, key);
    assert.deepEqual(tx.open(cluster).get(3).length, 100);
    assert.equal([...tx.open(cluster).range({ gte: 4 })].length, 100);
    assert.equal(db.open(cluster).count(), 0);
    await tx.commit();
    assert.equal(db.open(cluster).count(), 500);
  });
});

test("theme: trees split and merge under keys put and removed in any order", async () => {
  await withStore(async (db) => {
    const random = new Prng(5);
    const keys = Array.from({ length: 6000 }, (_, key) => key);
    for (let at = keys.length - 1; at > 0; at--) {
      const other = random.below(at + 1);
      [keys[at], keys[other]] = [keys[other]!, keys[at]!];
    }
    await db.update((tx) => {
      for (const key of keys) tx.open(replace).put(key, key);
    });
    assert.deepEqual([...db.open(replace).keys()], keys.toSorted((a, b) => a - b));
    await db.update((tx) => {
      for (const key of keys.slice(100)) assert.equal(tx.open(replace).remove(key), true);
    });
    const left = keys.slice(0, 100).sort((a, b) => a - b);
    assert.deepEqual([...db.open(replace).keys()], left);
    await db.update((tx) => {
      for (const key of left) tx.open(replace).remove(key);
    });
    assert.equal(db.open(replace).first(), undefined);
  });
});

async function roundTrip<K, V>(
  key: KeyCodec<K>,
  value: Codec<V>,
  keys: K[],
  one: V,
): Promise<void> {
  await withStore(async (db) => {
    const definition = index("typed", { key, value });
    await db.update((tx) => {
      for (const each of keys.toReversed()) tx.open(definition).put(each, one);
    });
    assert.deepEqual([...db.open(definition).keys()], keys);
    for (const each of keys) assert.deepEqual(db.open(definition).get(each), one);
  });
}

test("theme: every type of key and value, in its order", async () => {
  const big = 2n ** 70n;
  await roundTrip(codec.u8, codec.u16, [0, 1, 255], 65_535);
  await roundTrip(codec.u16, codec.u8, [0, 256, 65_535], 255);
  await roundTrip(codec.u32, codec.i8, [0, 2 ** 31, 2 ** 32 - 1], -128);
  await roundTrip(codec.u64, codec.i64, [0n, 2n ** 63n, 2n ** 64n - 1n], -(2n ** 63n));
  await roundTrip(codec.u128, codec.i128, [0n, big, 2n ** 128n - 1n], -big);
  await roundTrip(codec.i8, codec.u32, [-128, -1, 0, 127], 7);
  await roundTrip(codec.i16, codec.f32, [-32_768, 0, 32_767], 0.5);
  await roundTrip(codec.i32, codec.f64, [-(2 ** 31), -1, 2 ** 31 - 1], Math.PI);
  await roundTrip(codec.i64, codec.u64, [-(2n ** 63n), 0n, 5n], 6n);
  await roundTrip(codec.i128, codec.u128, [-big, 0n, big], big);
  await roundTrip(codec.f32, codec.i16, [-Infinity, -0.5, 0, 1.5, Infinity], -5);
  await roundTrip(codec.f64, codec.i32, [-1e300, -1e-300, 0, 1e-300, NaN], -6);
  await roundTrip(codec.string, codec.bytes, ["", "a", "a\0b", "b", "\u{10ffff}"], bytes("x"));
  await roundTrip(codec.bytes, codec.string, [bytes(""), bytes("a"), bytes("ab")], "\0");
  const ids = [new RecordId(20, 1), new RecordId(20, 2), new RecordId(21, 0)];
  await roundTrip(codec.recordId, codec.recordId, ids, new RecordId(99, 5));
});

test("theme: four writers of overlapping ranges leave every key, both ways", async () => {
  await withStore(async (db) => {
    await Promise.all(Array.from({ length: 4 }, async (_, writer) => {
      for (let from = 0; from < 400; from += 20) {
        await db.update(async (tx) => {
          for (let key = from; key < from + 30; key++) tx.open(cluster).put(key, writer);
          await Promise.resolve();
        }, { retries: 100 });
      }
    }));
    const keys = Array.from({ length: 410 }, (_, key) => key);
    assert.deepEqual([...new Set(db.open(cluster).keys())], keys);
    assert.deepEqual([...new Set(db.open(cluster).keys({ reverse: true }))], keys.toReversed());
    for (const key of keys) assert.deepEqual(db.open(cluster).get(key), [0, 1, 2, 3]);
  });
});

test("theme: an index of records names them over updates", async () => {
  await withStore(async (db) => {
    const people = segment("people");
    const byName = index("by-name", { key: codec.string, value: codec.recordId });
    const id = await db.update((tx) => {
      const ann = tx.open(people).insert(bytes("ann, Oslo"));
      tx.open(byName).put("ann", ann);
      return ann;
    });
    await db.update((tx) => tx.open(people).update(id, bytes("ann, Bergen")));
    const found = db.open(byName).get("ann")!;
    assert.equal(String(found), String(id));
    assert.deepEqual(db.open(people).read(found), bytes("ann, Bergen"));
  });
});
