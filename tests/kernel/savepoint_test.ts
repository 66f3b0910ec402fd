import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, index, recordLog, type Savepoint, segment } from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import { bytes, withStore } from "./checked.ts";

const words = index("words", { key: codec.u32, value: codec.string });
const blobs = index("blobs", { key: codec.u32, value: codec.bytes });
const audit = recordLog("audit");
const notes = segment("notes");

test("Savepoint.rollback takes back what came after, in every structure", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      tx.open(words).put(1, "one");
      tx.open(audit).append(bytes("first"));
    });
    const tx = db.begin();
    tx.open(words).put(2, "two");
    tx.open(audit).append(bytes("second"));
    const savepoint = tx.savepoint();
    tx.open(words).put(1, "ONE");
    tx.open(words).remove(2);
    tx.open(words).put(3, "three");
    tx.open(audit).append(bytes("third"));
    tx.open(audit).trim(1);
    const lost = tx.open(notes).insert(bytes("note"));
    assert.deepEqual([...tx.open(words).range()], [[1, "ONE"], [3, "three"]]);
    savepoint.rollback();
    assert.deepEqual([...tx.open(words).range()], [[1, "one"], [2, "two"]]);
    assert.equal(tx.open(audit).head(), 2);
    assert.equal(tx.open(audit).append(bytes("again")), 2);
    assert.equal(tx.open(notes).has(lost), false);
    savepoint.rollback();
    assert.equal(tx.open(audit).head(), 2);
    tx.open(words).put(4, "four");
    savepoint.release();
    await tx.commit();
    assert.deepEqual([...db.open(words).range()], [[1, "one"], [2, "two"], [4, "four"]]);
    assert.equal(db.open(audit).head(), 2);
    assert.equal(db.open(notes).count(), 0);
  });
});

test("Savepoint: 150 deep, released and rolled back at random, equals a model", async () => {
  for (const seed of [1, 2, 3]) {
    await withStore(async (db) => {
      const random = new Prng(seed);
      const tx = db.begin();
      const writer = tx.open(words);
      let model = new Map<number, string>();
      const stack: { savepoint: Savepoint; model: Map<number, string> }[] = [];
      let deepest = 0;
      for (let step = 0; step < 4000; step++) {
        const key = random.below(40);
        const choice = random.below(100);
        if (choice < 40) {
          writer.put(key, `${step}`);
          model.set(key, `${step}`);
        } else if (choice < 55) {
          assert.equal(writer.remove(key), model.delete(key));
        } else if (choice < 92) {
          stack.push({ savepoint: tx.savepoint(), model: new Map(model) });
          deepest = Math.max(deepest, stack.length);
        } else if (stack.length > 0) {
          const at = Math.max(0, stack.length - 1 - random.below(4));
          const found = stack[at]!;
          if (choice < 96) {
            found.savepoint.release();
            stack.length = at;
          } else {
            found.savepoint.rollback();
            stack.length = at + 1;
            model = new Map(found.model);
          }
        }
        if (step % 50 === 0) {
          const sorted = [...model].sort(([a], [b]) => a - b);
          assert.deepEqual([...writer.range()], sorted, `seed ${seed}, step ${step}`);
        }
      }
      assert.ok(deepest >= 100, `only ${deepest} deep`);
      await tx.commit();
      assert.deepEqual([...db.open(words).range()], [...model].sort(([a], [b]) => a - b));
    });
  }
});

test("Savepoint.rollback frees the pages of large values, and spares iterators under way", async () => {
  await withStore(async (db) => {
    const large = (fill: number): Uint8Array => new Uint8Array(300_000).fill(fill);
    const tx = db.begin();
    tx.open(blobs).put(1, large(1));
    tx.open(words).put(1, "kept");
    tx.open(words).put(2, "kept too");
    const savepoint = tx.savepoint();
    tx.open(words).put(3, "seen by the iterator");
    const iterator = tx.open(words).range();
    assert.deepEqual(iterator.next().value, [1, "kept"]);
    for (let round = 0; round < 5; round++) {
      tx.open(blobs).put(2, large(2));
      savepoint.rollback();
      for (let i = 10; i < 200; i++) tx.open(words).put(i, "x".repeat(50));
      savepoint.rollback();
    }
    assert.deepEqual([...iterator], [[2, "kept too"], [3, "seen by the iterator"]]);
    assert.equal(tx.open(blobs).has(2), false);
    await tx.commit();
    assert.deepEqual(db.open(blobs).get(1), large(1));
    assert.deepEqual([...db.open(words).range()], [[1, "kept"], [2, "kept too"]]);
  });
});

test("Savepoint.rollback over the creation of a structure ends its view, not its name", async () => {
  await withStore(async (db) => {
    const tx = db.begin();
    const before = tx.savepoint();
    const writer = tx.open(words);
    writer.put(1, "one");
    before.rollback();
    assert.throws(() => writer.put(2, "two"), { code: "NOT_FOUND" });
    assert.throws(() => writer.get(1), { code: "NOT_FOUND" });
    assert.equal(tx.open(words).get(1), undefined);
    tx.open(words).put(3, "three");
    await tx.commit();
    assert.deepEqual([...db.open(words).range()], [[3, "three"]]);
  });
});

test("Savepoint.rollback leaves out of conflicts what it has taken back", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(words).put(1, "one"));
    const tx = db.begin();
    const savepoint = tx.savepoint();
    tx.open(words).put(1, "mine");
    await db.update((other) => other.open(words).put(1, "theirs"));
    savepoint.rollback();
    assert.equal(tx.open(words).get(1), "one", "the view is that of the beginning");
    tx.open(words).put(2, "two");
    await tx.commit();
    assert.deepEqual([...db.open(words).range()], [[1, "theirs"], [2, "two"]]);
  });
});

test("Savepoint: TRANSACTION_DONE once it or its transaction has ended", async () => {
  await withStore(async (db) => {
    const done = { code: "TRANSACTION_DONE" };
    const tx = db.begin();
    const outer = tx.savepoint();
    const inner = tx.savepoint();
    outer.rollback();
    assert.throws(() => inner.rollback(), done);
    assert.throws(() => inner.release(), done);
    inner[Symbol.dispose]();
    tx.open(words).put(1, "one");
    const disposed = tx.savepoint();
    tx.open(words).put(2, "two");
    disposed[Symbol.dispose]();
    disposed[Symbol.dispose]();
    outer.release();
    assert.throws(() => outer.release(), done);
    const last = tx.savepoint();
    await tx.commit();
    assert.throws(() => last.rollback(), done);
    assert.throws(() => tx.savepoint(), done);
    last[Symbol.dispose]();
    assert.deepEqual([...db.open(words).range()], [[1, "one"]]);
  });
});
