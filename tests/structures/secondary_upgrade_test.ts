/** Secondary indexes that come, change and go while there are records. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, index } from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { assertWhole, withStore } from "../kernel/checked.ts";

const WORDS = { key: codec.u16, value: codec.string };
const byFirst = { key: codec.string, of: (word: string): string => word[0]! };
const byLast = { key: codec.string, of: (word: string): string => word.at(-1)! };
const byText = { key: codec.string, of: (word: string): string => word, unique: true };
const byLength = { key: codec.u8, of: (word: string): number => word.length };

const plain = index("words", WORDS);
const first = index("words", { ...WORDS, indexes: { byFirst } });
const both = index("words", { ...WORDS, indexes: { byFirst, byLast } });
const MISMATCH = { name: "StateError", code: "TYPE_MISMATCH" };

async function fill(db: Database, count = 100): Promise<void> {
  await db.update((tx) => {
    for (let key = 0; key < count; key++) tx.open(plain).put(key, `word ${key}`);
  });
}

function names(db: Database): string[] {
  const tx = db.begin();
  const found = tx.list().map(({ name }) => name);
  tx.rollback();
  return found;
}

test("index: a secondary index is built when a transaction opens it, and stays over reopening", async () => {
  const io = memoryIo();
  let db = await Database.open("/upgrade.hold", { io });
  await fill(db);
  assert.throws(() => db.open(first), MISMATCH, "reading does not build");
  await db.update((tx) => {
    assert.deepEqual([...tx.open(first).by("byFirst").keys({ limit: 1 })], [["w", 0]]);
    tx.open(first).put(200, "another");
  });
  assert.equal(db.open(first).by("byFirst").count(), 101);
  assert.deepEqual(db.open(first).by("byFirst").one("a"), [200, "another"]);
  assert.throws(() => db.open(plain), MISMATCH);
  await db.update((tx) => void tx.open(both));
  assert.throws(() => db.open(first), MISMATCH);
  await assertWhole(db);
  await db.close();

  db = await Database.open("/upgrade.hold", { io });
  assert.deepEqual(db.open(both).verify(), { ok: true, problems: [] });
  assert.deepEqual(db.open(both).by("byLast").get("r"), [[200, "another"]]);
  assert.equal((await db.check({ structures: [both] })).ok, true);
  await db.close();
});

test("index: removed and changed secondary indexes leave nothing behind", async () => {
  await withStore(async (db) => {
    await fill(db);
    await db.update((tx) => void tx.open(both));
    assert.deepEqual(names(db), ["words", "words#byFirst", "words#byLast"]);
    const old = db.open(both);
    assert.equal(old.by("byLast").count(), 100);
    await db.update((tx) => void tx.open(first));
    assert.deepEqual(names(db), ["words", "words#byFirst"]);
    assert.throws(
      () => old.by("byLast"),
      MISMATCH,
      "an old view does not read an index that is gone",
    );
    assert.throws(() => old.get(3), MISMATCH);
    const changed = index("words", { ...WORDS, indexes: { byFirst: byLength } });
    await db.update((tx) => {
      tx.open(changed).put(100, "w");
    });
    assert.deepEqual([...db.open(changed).by("byFirst").keys({ limit: 2 })], [[1, 100], [6, 0]]);
    assert.deepEqual(db.open(changed).verify().problems, []);
    await db.update((tx) => {
      tx.open(plain).put(101, "plain again");
    });
    assert.deepEqual(names(db), ["words"]);
    assert.equal(db.open(plain).count(), 102);
    await db.update((tx) => void tx.open(both));
    assert.deepEqual(db.open(both).verify().problems, []);
    assert.equal(db.open(both).by("byLast").count(), 102, "an index comes back with all records");
  });
});

test("index: what cannot be built changes nothing, and other records are TYPE_MISMATCH", async () => {
  await withStore(async (db) => {
    await fill(db);
    await db.update((tx) => tx.open(plain).put(100, "word 1"));
    const unique = index("words", { ...WORDS, indexes: { byText } });
    const failing = index("words", {
      ...WORDS,
      indexes: {
        bad: {
          key: codec.u8,
          of: (): number => {
            throw new Error("no");
          },
        },
      },
    });
    await db.update((tx) => {
      assert.throws(() => tx.open(unique), { code: "ALREADY_EXISTS" });
      assert.throws(() => tx.open(failing), { message: "no" });
      tx.open(plain).put(100, "word 100");
    });
    assert.deepEqual(names(db), ["words"]);
    await db.update((tx) => {
      assert.equal(tx.open(unique).by("byText").count(), 101);
    });
    const other = index("words", { ...WORDS, mode: "exclusive", indexes: { byFirst } });
    const values = index("words", { ...WORDS, value: codec.bytes });
    for (const each of [other, values]) {
      await assert.rejects(db.update((tx) => void tx.open(each as typeof plain)), MISMATCH);
    }
  });
});

test("index: a rolled back upgrade, by the transaction or a savepoint, was never there", async () => {
  await withStore(async (db) => {
    await fill(db);
    const tx = db.begin();
    const savepoint = tx.savepoint();
    const lost = tx.open(first);
    savepoint.rollback();
    assert.throws(() => lost.put(1, "lost"), { code: "NOT_FOUND" });
    tx.open(plain).put(1, "plain");
    assert.throws(() => tx.open(first), MISMATCH, "it is open in its old form");
    tx.open(plain).put(2, "still");
    await tx.commit();
    const gone = db.begin();
    gone.open(first);
    gone.rollback();
    assert.deepEqual(names(db), ["words"]);
    assert.equal(db.open(plain).get(2), "still");
  });
});

test("index: nobody writes past an index that another transaction builds", async () => {
  await withStore(async (db) => {
    await fill(db);
    // The one that builds commits first: whoever wrote in the old form conflicts.
    const building = db.begin();
    const writing = db.begin();
    writing.open(plain).put(500, "past it");
    building.open(first);
    await building.commit();
    await assert.rejects(writing.commit(), { code: "CONFLICT" });
    assert.deepEqual(db.open(first).verify().problems, []);

    // The other way round: the one that builds has not seen what was written.
    const late = db.begin();
    late.open(both);
    await db.update((tx) => tx.open(first).put(501, "unseen"));
    await assert.rejects(late.commit(), { code: "CONFLICT" });

    // Two that build: one wins. Run again by update, the second finds it built.
    let runs = 0;
    await db.update(async (tx) => {
      runs++;
      tx.open(both).put(600, "mine");
      if (runs === 1) await db.update((other) => other.open(both).put(601, "theirs"));
    });
    assert.equal(runs, 2);
    assert.equal(db.open(both).by("byLast").count(), 103);
    assert.deepEqual((await db.check({ structures: [both] })).problems, []);
  });
});

test("index: an old definition reused after a change is TYPE_MISMATCH, not a stale cache", async () => {
  await withStore(async (db) => {
    await fill(db);
    for (let round = 0; round < 3; round++) {
      // Twice, so that the second finds everything in its caches.
      for (const key of [1000, 1001]) await db.update((tx) => tx.open(first).put(key, "a"));
      assert.equal(db.open(first).by("byFirst").count(), db.open(first).count());
      assert.throws(() => db.open(plain), MISMATCH);
      for (const key of [1002, 1003]) await db.update((tx) => tx.open(plain).put(key, "b"));
      assert.throws(() => db.open(first), MISMATCH);
      await db.update((tx) => tx.open(plain).remove(1003));
    }
    await db.update((tx) => void tx.open(first));
    assert.deepEqual(db.open(first).verify().problems, []);
    assert.equal(db.open(first).count(), 103);
  });
});

test("index: a snapshot from before an index existed says so", async () => {
  await withStore(async (db) => {
    await fill(db);
    const snapshot = db.snapshot();
    await db.update((tx) => tx.open(first).put(1, "new"));
    assert.throws(() => snapshot.open(first), MISMATCH);
    assert.equal(snapshot.open(plain).get(1), "word 1");
    assert.deepEqual(db.open(first).by("byFirst").get("n"), [[1, "new"]]);
    snapshot.release();
  });
});

test("Database.check compares the structures given with their secondary indexes", async () => {
  await withStore(async (db) => {
    await fill(db);
    await db.update((tx) => void tx.open(first));
    assert.deepEqual((await db.check({ structures: [first] })).problems, []);
    const other = index("words", { ...WORDS, indexes: { byFirst: byLast } });
    const report = await db.check({ structures: [other] });
    assert.equal(report.ok, false);
    assert.equal(report.problems.length, 200, "one lacking and one too many for each record");
    assert.equal(report.problems[0]!.code, "INVARIANT");
    assert.equal((await db.check()).ok, true, "without definitions there is nothing to compare");
    await assert.rejects(db.check({ structures: [both] }), MISMATCH);
  });
});

test("index: one that is dropped and created in the format it first had is a new one", async () => {
  await withStore(async (db) => {
    await fill(db);
    await db.update((tx) => void tx.open(both));
    await db.update((tx) => {
      tx.drop(both);
      assert.equal(tx.open(plain).count(), 0);
      tx.open(plain).put(7, "new");
    });
    assert.deepEqual([...db.open(plain).range()], [[7, "new"]]);
    // What the dropped one had is removed by and by: not from the new one.
    for (let key = 100; key < 110; key++) await db.update((tx) => tx.open(plain).put(key, "more"));
    assert.equal(db.open(plain).count(), 11);
    assert.equal(db.open(plain).get(7), "new");
  });
});
