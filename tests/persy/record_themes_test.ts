/**
 * What the tests of persy check of stores and records, in our own words and on our own calls: each
 * theme of its `persy.rs` and `record_operations.rs` is one test here.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { Database, type Isolation, type RecordId, segment } from "../../mod.ts";
import { bytes, withStore } from "../kernel/checked.ts";

const PATH = "/themes.hold";
const notes = segment("notes");

function text(given: Uint8Array | undefined): string | undefined {
  return given === undefined ? undefined : new TextDecoder().decode(given);
}

function insert(db: Database, word: string): Promise<RecordId> {
  return db.update((tx) => tx.open(notes).insert(bytes(word)));
}

test("theme: a store is created once, opened often, and never by two at a time", async () => {
  const io = memoryIo();
  const db = await Database.open(PATH, { io, create: "new" });
  await assert.rejects(Database.open(PATH, { io }), { code: "LOCKED" });
  await db.close();
  await assert.rejects(Database.open(PATH, { io, create: "new" }), { code: "ALREADY_EXISTS" });
  await assert.rejects(Database.open("/other.hold", { io, create: false }), { code: "NOT_FOUND" });
  for (let life = 0; life < 3; life++) {
    const again = await Database.open(PATH, { io, create: false });
    assert.equal(again.recovered.cleanClose, true);
    await again.close();
  }
});

test("theme: a rollback leaves nothing, whatever was done before it", async () => {
  await withStore(async (db) => {
    const kept = await insert(db, "kept");
    const tx = db.begin();
    const writer = tx.open(notes);
    const added = writer.insert(bytes("added"));
    writer.update(kept, bytes("changed"));
    writer.delete(added);
    const other = writer.insert(bytes("other"));
    writer.delete(kept);
    tx.open(segment("new")).insert(bytes("x"));
    tx.rollback();
    const reader = db.open(notes);
    assert.equal(text(reader.read(kept)), "kept");
    assert.deepEqual([reader.has(added), reader.has(other), reader.count()], [false, false, 1]);
    assert.deepEqual(db.begin().list().map(({ name }) => name), ["notes"]);
  });
});

test("theme: many who begin, insert and scan at one time see whole commits only", async () => {
  await withStore(async (db) => {
    let isOver = false;
    const scanning = (async () => {
      while (!isOver) {
        const words = [...db.open(notes).scan()].map((entry) => text(entry.bytes));
        assert.equal(words.length % 2, 0, "both records of a commit, or none");
        await new Promise<void>((resolve) => db.io.nextTurn(resolve));
      }
    })();
    await Promise.all(Array.from({ length: 20 }, async (_, caller) => {
      for (let round = 0; round < 5; round++) {
        await db.update(async (tx) => {
          tx.open(notes).insert(bytes(`${caller}`));
          await Promise.resolve();
          tx.open(notes).insert(bytes(`${caller}`));
        });
      }
    }));
    isOver = true;
    await scanning;
    assert.equal(db.open(notes).count(), 200);
  });
});

test("theme: insert, update and delete of one record in one transaction end as the last", async () => {
  await withStore(async (db) => {
    const [gone, left] = await db.update((tx) => {
      const writer = tx.open(notes);
      const a = writer.insert(bytes("a"));
      const b = writer.insert(bytes("b"));
      writer.update(a, bytes("a2"));
      writer.update(b, bytes("b2"));
      assert.deepEqual([text(writer.read(a)), text(writer.read(b))], ["a2", "b2"]);
      writer.delete(a);
      assert.equal(writer.read(a), undefined);
      writer.update(b, bytes("b3"));
      return [a, b];
    });
    assert.equal(db.open(notes).read(gone!), undefined);
    assert.equal(text(db.open(notes).read(left!)), "b3");
  });
});

test("theme: the same over three transactions", async () => {
  await withStore(async (db) => {
    const id = await insert(db, "first");
    await db.update((tx) => tx.open(notes).update(id, bytes("second")));
    assert.equal(text(db.open(notes).read(id)), "second");
    await db.update((tx) => tx.open(notes).delete(id));
    assert.equal(db.open(notes).read(id), undefined);
    assert.equal(db.open(notes).count(), 0);
  });
});

test("theme: what is not there cannot be changed, and reads as absent", async () => {
  await withStore(async (db) => {
    const id = await insert(db, "x");
    await db.update((tx) => tx.open(notes).delete(id));
    await db.update((tx) => {
      const writer = tx.open(notes);
      assert.equal(writer.read(id), undefined);
      assert.throws(() => writer.update(id, bytes("y")), { code: "NOT_FOUND" });
      assert.throws(() => writer.delete(id), { code: "NOT_FOUND" });
    });
  });
});

/** Two transactions read and change one record; the second to commit is told of `isolation`. */
async function compete(
  isolation: Isolation,
  isReadEarly: boolean,
): Promise<"both" | "CONFLICT"> {
  const db = await Database.memory({ isolation });
  const id = await insert(db, "0");
  const first = db.begin();
  const second = db.begin();
  if (isReadEarly) second.open(notes).read(id);
  first.open(notes).update(id, bytes("first"));
  await first.commit();
  second.open(notes).update(id, bytes("second"));
  const outcome = await second.commit().then(
    () => "both" as const,
    (error) => error.code,
  );
  assert.equal(text(db.open(notes).read(id)), outcome === "both" ? "second" : "first");
  await db.close();
  return outcome;
}

test("theme: each strategy decides two competing updates as its name says", async () => {
  assert.equal(await compete("last-win", true), "both");
  assert.equal(await compete("version-on-write", true), "both");
  assert.equal(await compete("version-on-read", true), "CONFLICT");
  assert.equal(await compete("version-on-read", false), "both");
  assert.equal(await compete("snapshot", false), "CONFLICT");
  assert.equal(await compete("serializable", false), "CONFLICT");
});

test("theme: a record is invisible to others until its commit, its id is final at once", async () => {
  await withStore(async (db) => {
    const tx = db.begin();
    const id = tx.open(notes).insert(bytes("x"));
    assert.equal(db.open(notes).has(id), false);
    assert.equal(db.begin().open(notes).has(id), false);
    await tx.commit();
    assert.equal(text(db.open(notes).read(id)), "x");
  });
});

test("theme: records from nothing to 5 MB come back whole, over a reopening", async () => {
  const io = memoryIo();
  let db = await Database.open(PATH, { io });
  const sizes = [0, 1, 900, 1100, 4096, 65_536, 65_537, 1_000_000, 5_000_000];
  const ids = await db.update((tx) => {
    return sizes.map((size) => tx.open(notes).insert(new Uint8Array(size).fill(size & 255)));
  });
  await db.close();
  db = await Database.open(PATH, { io });
  for (const [at, size] of sizes.entries()) {
    assert.deepEqual(db.open(notes).read(ids[at]!), new Uint8Array(size).fill(size & 255));
  }
  await db.close();
});
