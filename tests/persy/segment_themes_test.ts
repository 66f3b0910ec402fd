/**
 * What the tests of persy check of segments, in our own words and on our own calls: each theme of its
 * `segment_operations.rs` is one test here.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, type Database, index, segment, type SegmentReader } from "../../mod.ts";
import { bytes, withStore } from "../kernel/checked.ts";

const left = segment("left");
const right = segment("right");

function words(db: Pick<Database, "open">, from: typeof left): string[] {
  return wordsOf(db.open(from));
}

function wordsOf(reader: SegmentReader): string[] {
  return [...reader.scan()].map((entry) => new TextDecoder().decode(entry.bytes));
}

function names(db: Database): string[] {
  const tx = db.begin();
  const found = tx.list().map(({ name }) => name);
  tx.rollback();
  return found;
}

test("theme: a segment is created and dropped, in one transaction each", async () => {
  await withStore(async (db) => {
    await db.update((tx) => void tx.open(left));
    assert.deepEqual(names(db), ["left"]);
    await db.update((tx) => tx.drop(left));
    assert.deepEqual(names(db), []);
    await assert.rejects(db.update((tx) => tx.drop(left)), { code: "NOT_FOUND" });
  });
});

test("theme: two segments keep their records apart", async () => {
  await withStore(async (db) => {
    const [a, b] = await db.update((tx) => {
      return [tx.open(left).insert(bytes("l")), tx.open(right).insert(bytes("r"))] as const;
    });
    assert.deepEqual([words(db, left), words(db, right)], [["l"], ["r"]]);
    assert.equal(db.open(left).read(b), undefined);
    await db.update((tx) => tx.open(left).delete(a));
    assert.deepEqual([words(db, left), words(db, right)], [[], ["r"]]);
  });
});

test("theme: create, fill and drop in one transaction leaves nothing", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      tx.open(left).insert(new Uint8Array(200_000));
      tx.drop(left);
      assert.deepEqual(tx.list(), []);
    });
    assert.deepEqual([names(db), db.open(left).count()], [[], 0]);
  });
});

test("theme: create, drop and create again, within a transaction and over several", async () => {
  await withStore(async (db) => {
    const old = await db.update((tx) => tx.open(left).insert(bytes("old")));
    await db.update((tx) => tx.drop(left));
    const id = await db.update((tx) => tx.open(left).insert(bytes("new")));
    assert.notEqual(String(id), String(old));
    assert.equal(db.open(left).read(old), undefined);
    await db.update((tx) => {
      tx.drop(left);
      assert.deepEqual([...tx.open(left).scan()], []);
      tx.open(left).insert(bytes("newest"));
    });
    assert.deepEqual(words(db, left), ["newest"]);
  });
});

test("theme: a drop takes its records and its space, and nothing of others", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let n = 0; n < 300; n++) {
        tx.open(left).insert(new Uint8Array(3000).fill(n));
        if (n % 10 === 0) tx.open(right).insert(bytes(`${n}`));
      }
    });
    await db.update((tx) => tx.drop(left));
    assert.equal(db.open(left).count(), 0);
    assert.equal(words(db, right).length, 30);
  });
});

test("theme: two that create the same segment at one time agree", async () => {
  await withStore(async (db) => {
    const first = db.begin();
    const second = db.begin();
    first.open(left).insert(bytes("1"));
    second.open(left).insert(bytes("2"));
    await Promise.all([first.commit(), second.commit()]);
    assert.deepEqual(words(db, left).sort(), ["1", "2"]);
  });
});

test("theme: a name has one use at a time, and another one after a drop", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(left).insert(bytes("x")));
    const other = index("left", { key: codec.string, value: codec.string });
    await assert.rejects(db.update((tx) => tx.open(other).put("a", "b")), {
      code: "TYPE_MISMATCH",
    });
    await db.update((tx) => tx.drop(left));
    await db.update((tx) => tx.open(other).put("a", "b"));
    assert.equal(db.open(other).get("a"), "b");
    assert.throws(() => db.open(left).count(), { code: "TYPE_MISMATCH" });
  });
});

test("theme: an update of a segment that another drops, in either order, is a conflict", async () => {
  for (const isDropFirst of [true, false]) {
    await withStore(async (db) => {
      const id = await db.update((tx) => tx.open(left).insert(bytes("x")));
      const dropping = db.begin();
      const updating = db.begin();
      dropping.drop(left);
      updating.open(left).update(id, bytes("y"));
      const [first, second] = isDropFirst ? [dropping, updating] : [updating, dropping];
      await first.commit();
      await assert.rejects(second.commit(), { code: "CONFLICT" });
      assert.deepEqual(words(db, left), isDropFirst ? [] : ["y"]);
    });
  }
});

test("theme: scans see a transaction's own records inside it, and others' only after", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(left).insert(bytes("a")));
    const tx = db.begin();
    tx.open(left).insert(bytes("b"));
    assert.deepEqual(wordsOf(tx.open(left)), ["a", "b"]);
    assert.deepEqual(words(db, left), ["a"]);
    for (const { id } of tx.open(left).scan()) tx.open(left).delete(id);
    assert.deepEqual(wordsOf(tx.open(left)), []);
    await tx.commit();
    assert.deepEqual(words(db, left), []);
  });
});
