/**
 * What the tests of persy check of snapshots, recovery and space, in our own words and on our own
 * calls: each theme of its snapshot, recover and file size tests and of its journal and allocator
 * units is one test here.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, type DatabaseOptions, index, segment } from "../../mod.ts";
import { assertWhole, bytes, withStore } from "../kernel/checked.ts";

const PATH = "/themes.hold";
const notes = segment("notes");
const names = index("names", { key: codec.string, value: codec.u32 });

function words(db: Pick<Database, "open">): string[] {
  return [...db.open(notes).scan()].map((entry) => new TextDecoder().decode(entry.bytes));
}

/** The disk as a killed process leaves it, opened again. */
async function afterCrash(
  disk: SimulatedDisk,
  options: DatabaseOptions = {},
): Promise<{ db: Database; disk: SimulatedDisk }> {
  const crashed = disk.crash("nothing kept");
  const db = await Database.open(PATH, { ...options, io: crashed.io });
  await assertWhole(db);
  return { db, disk: crashed };
}

test("theme: a snapshot of records and indexes is unaffected by whatever comes", async () => {
  await withStore(async (db) => {
    const id = await db.update((tx) => {
      tx.open(names).put("a", 1);
      return tx.open(notes).insert(bytes("a"));
    });
    const snapshot = db.snapshot();
    await db.update((tx) => {
      tx.open(notes).update(id, bytes("b"));
      tx.open(notes).insert(bytes("c"));
      tx.open(names).put("a", 2);
      tx.open(names).put("b", 3);
    });
    await db.update((tx) => tx.drop(names));
    await db.checkpoint();
    assert.deepEqual(words(snapshot), ["a"]);
    assert.deepEqual([...snapshot.open(names).range()], [["a", 1]]);
    assert.deepEqual(words(db), ["b", "c"]);
    const later = db.snapshot();
    snapshot.release();
    assert.throws(() => words(snapshot), { code: "CLOSED" });
    assert.deepEqual(words(later), ["b", "c"]);
    later.release();
  });
});

test("theme: a crash before prepare undoes, after commit keeps", async () => {
  const disk = new SimulatedDisk();
  const first = await Database.open(PATH, { io: disk.io });
  await first.update((tx) => tx.open(notes).insert(bytes("committed")));
  const open = first.begin();
  open.open(notes).insert(bytes("left open"));
  const { db } = await afterCrash(disk);
  assert.deepEqual(words(db), ["committed"]);
  assert.deepEqual(db.recovered.inDoubt, []);
  await db.close();
});

test("theme: a crash after prepare leaves the choice, which holds over more crashes", async () => {
  for (const choice of ["commit", "rollback"] as const) {
    const transactionId = bytes(`coordinator ${choice}`);
    const disk = new SimulatedDisk();
    const first = await Database.open(PATH, { io: disk.io });
    const tx = first.begin({ transactionId });
    tx.open(notes).insert(bytes("prepared"));
    await tx.prepare();

    const kept = await afterCrash(disk);
    assert.deepEqual(kept.db.recovered.inDoubt, [transactionId]);
    assert.deepEqual(words(kept.db), [], "nothing is decided silently");

    const recovering = kept.disk.crash("nothing kept");
    const recovery = await Database.recover(PATH, { io: recovering.io });
    assert.deepEqual(recovery.list().map((each) => each.transactionId), [transactionId]);
    recovery[choice](transactionId);
    const decided = await recovery.finish();
    const expected = choice === "commit" ? ["prepared"] : [];
    assert.deepEqual(words(decided), expected);

    const again = await afterCrash(recovering);
    assert.deepEqual(again.db.recovered.inDoubt, []);
    assert.deepEqual(words(again.db), expected);
    await again.db.close();
  }
});

test("theme: a handler decides at opening, and is asked once for each", async () => {
  for (const choice of ["commit", "rollback"] as const) {
    const disk = new SimulatedDisk();
    const first = await Database.open(PATH, { io: disk.io });
    for (const word of ["x", "y"]) {
      const tx = first.begin({ transactionId: bytes(word) });
      tx.open(names).put(word, 1);
      await tx.prepare();
    }
    const asked: string[] = [];
    const decide = (id: Uint8Array): "commit" | "rollback" => {
      asked.push(new TextDecoder().decode(id));
      return choice;
    };
    const { db, disk: next } = await afterCrash(disk, { decide });
    assert.deepEqual(asked.sort(), ["x", "y"]);
    assert.deepEqual([...db.open(names).keys()], choice === "commit" ? ["x", "y"] : []);
    const again = await afterCrash(next, { decide });
    assert.equal(asked.length, 2, "what is decided is not asked again");
    assert.equal(again.db.open(names).count(), choice === "commit" ? 2 : 0);
    await again.db.close();
  }
});

test("theme: recovering twice is recovering once", async () => {
  let disk = new SimulatedDisk();
  const first = await Database.open(PATH, { io: disk.io });
  for (let n = 0; n < 50; n++) await first.update((tx) => tx.open(names).put(`${n}`, n));
  for (let life = 0; life < 4; life++) {
    const next = await afterCrash(disk);
    assert.equal(next.db.open(names).count(), 50);
    disk = next.disk;
  }
});

test("theme: prepared transactions that end in any order leave a log that is reused", async () => {
  await withStore(async (db) => {
    const prepared = [];
    for (let n = 0; n < 6; n++) {
      const tx = db.begin({ transactionId: new Uint8Array([n]) });
      tx.open(names).put(`${n}`, n);
      prepared.push(await tx.prepare());
    }
    for (const at of [3, 0, 5]) await prepared[at]!.commit();
    for (const at of [4, 1]) await prepared[at]!.rollback();
    await db.checkpoint();
    await prepared[2]!.commit();
    await db.checkpoint();
    assert.deepEqual([...db.open(names).keys()], ["0", "2", "3", "5"]);
    assert.equal(db.stats().logBytes, 0);
  });
});

test("theme: inserting and deleting for ever does not grow the file", async () => {
  await withStore(async (db) => {
    const round = async (): Promise<void> => {
      const ids = await db.update((tx) => {
        return Array.from({ length: 100 }, () => tx.open(notes).insert(new Uint8Array(2000)));
      });
      await db.update((tx) => {
        for (const id of ids) tx.open(notes).delete(id);
      });
      await db.checkpoint();
    };
    for (let n = 0; n < 5; n++) await round();
    const { fileBytes } = db.stats();
    for (let n = 0; n < 40; n++) await round();
    assert.ok(db.stats().fileBytes <= fileBytes);
  });
});

test("theme: what a definition is made of survives a reopening", async () => {
  const disk = new SimulatedDisk();
  const key = codec.tuple(codec.string, codec.desc(codec.date));
  const first = await Database.open(PATH, { io: disk.io });
  await first.update((tx) => void tx.open(index("events", { key, value: codec.json() })));
  await first.close();
  const db = await Database.open(PATH, { io: disk.io });
  const tx = db.begin();
  assert.deepEqual(tx.list(), [
    { name: "events", kind: "index", format: "replace(tuple(string,desc(date)),json)" },
  ]);
  tx.rollback();
  await db.close();
});
