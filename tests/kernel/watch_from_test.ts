import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { type Change, codec, Database, index, recordLog } from "../../mod.ts";
import { bytes, withStore } from "./checked.ts";
import { all, bare } from "./watched.ts";

const stock = index("stock", { key: codec.string, value: codec.u32 });
const blobs = index("blobs", { key: codec.u32, value: codec.bytes });
const audit = recordLog("audit");
const RETAIN = { retainChangeBytes: 1024 * 1024 };

/** The number of the newest commit. */
function newest(db: Database): number {
  const snapshot = db.snapshot();
  snapshot.release();
  return snapshot.sequence;
}

/** Puts a number under a key. */
function put(db: Database, key: string, value: number): Promise<void> {
  return db.update((tx) => tx.open(stock).put(key, value));
}

test("Database.watch from a commit tells what followed, then what follows, nothing twice", async () => {
  const disk = new SimulatedDisk({ seed: 1, syncMilliseconds: 5 });
  const db = await Database.open("/a", { io: disk.io, ...RETAIN });
  await put(db, "early", 0);
  const watches = [db.watch(stock, { from: newest(db) })];
  const begins = [newest(db)];
  for (let round = 0; round < 10; round++) {
    const commits = [0, 1, 2, 3].map((n) => put(db, `${round}.${n}`, n));
    // In the middle of a batch: some are sequenced and not yet told.
    begins.push(newest(db));
    watches.push(db.watch(stock, { from: begins.at(-1)! }));
    await Promise.race(commits);
    begins.push(begins[round]!);
    watches.push(db.watch(stock, { from: begins[round]! }));
    await Promise.all(commits);
  }
  const last = newest(db);
  await db.close();
  for (const [i, watch] of watches.entries()) {
    const sequences = (await all(watch)).map(({ sequence }) => sequence);
    const expected = Array.from({ length: last - begins[i]! }, (_, n) => begins[i]! + 1 + n);
    assert.deepEqual(sequences, expected);
  }
});

test("Database.watch from the sequence of a snapshot goes on where its reading ends", async () => {
  await withStore(async (db) => {
    await put(db, "a", 1);
    const snapshot = db.snapshot();
    await put(db, "b", 2);
    await db.update((tx) => tx.open(stock).remove("a"));
    const copy = new Map(snapshot.open(stock).range());
    const changes = db.watch(stock, { from: snapshot.sequence });
    snapshot.release();
    await put(db, "c", 3);
    for (let taken = 0; taken < 3; taken++) {
      const { kind, key, value } = (await changes.next()).value!;
      if (kind === "put") copy.set(key, value);
      else copy.delete(key);
    }
    assert.deepEqual([...copy], [...db.open(stock).range()]);
    await changes.return?.();
  }, RETAIN);
});

test("Database.watch from a commit is narrowed, and decodes as a live one does", async () => {
  const db = await Database.memory(RETAIN);
  const large = new Uint8Array(300_000).fill(3);
  const live = [db.watch(stock, { prefix: "b" }), db.watch(blobs), db.watch(audit)] as const;
  await db.update((tx) => {
    for (const key of ["a", "b", "bb", "c"]) tx.open(stock).put(key, 1);
    tx.open(blobs).put(1, large);
    tx.open(blobs).put(2, bytes("two"));
    tx.open(audit).append(bytes("zero"));
  });
  await db.update((tx) => {
    tx.open(stock).remove("bb");
    tx.open(blobs).remove(1);
    tx.open(audit).trim(1);
  });
  const late = [
    db.watch(stock, { prefix: "b", from: 0 }),
    db.watch(blobs, { from: 0 }),
    db.watch(audit, { from: 0 }),
  ] as const;
  const again = db.watch(blobs, { from: 0 });
  await db.close();
  for (let i = 0; i < 3; i++) {
    const expected = await all<Change<unknown, unknown>>(live[i]!);
    assert.deepEqual(await all<Change<unknown, unknown>>(late[i]!), expected);
    assert.ok(expected.length >= 2);
  }
  // What one of them was given belongs to it.
  const [first] = await all(again);
  first?.value?.fill(9);
  assert.deepEqual(large, new Uint8Array(300_000).fill(3));
});

test("Database.watch from a commit that is not retained is LAGGED at once", async () => {
  const io = memoryIo();
  const plain = await Database.open("/a", { io });
  const lagged = { code: "LAGGED", name: "StateError" };
  const none = plain.watch(stock, { from: 0 });
  await put(plain, "a", 1);
  assert.throws(() => plain.watch(stock, { from: 0 }), lagged);
  assert.deepEqual(bare((await none.next()).value!), ["put", "a", 1]);
  const last = newest(plain);
  await plain.close();

  const db = await Database.open("/a", { io, retainChangeBytes: 4096 });
  assert.equal(newest(db), last, "numbers go on over reopening");
  assert.throws(() => db.watch(stock, { from: last - 1 }), lagged);
  assert.throws(() => db.watch(stock, { from: last + 1 }), lagged, "not committed yet");
  for (const from of [-1, 0.5, "1"]) {
    assert.throws(() => db.watch(stock, { from: from as number }), RangeError);
  }
  for (let n = 0; n < 100; n++) await put(db, "n", n);
  let oldest = newest(db);
  while (oldest > last) {
    try {
      await db.watch(stock, { from: oldest - 1 }).return?.();
    } catch (error) {
      assert.equal((error as { code?: string }).code, "LAGGED");
      break;
    }
    oldest--;
  }
  const kept = newest(db) - oldest;
  assert.ok(kept >= 5 && kept < 30, `${kept} commits fit 4 KiB`);
  await db.update((tx) => tx.open(blobs).put(1, new Uint8Array(100_000)));
  assert.throws(() => db.watch(stock, { from: newest(db) - 1 }), lagged, "one that is too large");
  const changes = db.watch(stock, { from: newest(db) });
  await put(db, "next", 1);
  assert.equal((await changes.next()).value?.key, "next");
  await db.close();
  await assert.rejects(
    Database.open("/a", { io, retainChangeBytes: -1 }),
    RangeError,
  );
});

test("Database.watch from a commit does not count what it replays towards its limits", async () => {
  const db = await Database.memory(RETAIN);
  for (let n = 0; n < 50; n++) await put(db, `${n}`, n);
  const changes = db.watch(stock, { from: 0, limit: 2, limitBytes: 10 });
  await put(db, "live 1", 1);
  await put(db, "live 2", 2);
  for (let n = 0; n < 50; n++) assert.equal((await changes.next()).value?.value, n);
  assert.equal((await changes.next()).value?.key, "live 1");
  await assert.rejects(all(changes), { code: "LAGGED" });
  await db.close();
});

test("Database.watch from before a structure was created, dropped or replaced", async () => {
  const db = await Database.memory(RETAIN);
  await put(db, "first", 1);
  const before = newest(db);
  await put(db, "second", 2);
  await db.update((tx) => tx.drop(stock));
  const dropped = newest(db);
  assert.deepEqual((await all(db.watch(stock, { from: before }))).map(bare), [[
    "put",
    "second",
    2,
  ]]);
  assert.deepEqual((await all(db.watch(stock, { from: 0 }))).map(bare), [
    ["put", "first", 1],
    ["put", "second", 2],
  ]);
  const between = db.watch(stock, { from: dropped });
  await put(db, "third", 3);
  await db.update((tx) => {
    tx.drop(stock);
    tx.open(stock).put("fourth", 4);
  });
  const replaced = newest(db);
  await put(db, "fifth", 5);
  const expected = [["put", "third", 3]];
  assert.deepEqual((await all(between)).map(bare), expected);
  assert.deepEqual((await all(db.watch(stock, { from: dropped }))).map(bare), expected);
  const inside = db.watch(stock, { from: replaced - 1 });
  const last = db.watch(stock, { from: replaced });
  await db.update((tx) => tx.drop(stock));
  await put(db, "sixth", 6);
  assert.deepEqual(await all(inside), [], "that of before was dropped there");
  assert.deepEqual((await all(last)).map(bare), [["put", "fifth", 5]]);
  assert.deepEqual((await all(db.watch(stock, { from: before }))).map(bare), [[
    "put",
    "second",
    2,
  ]], "to those of the name that came later belong other watches");
  await db.close();
});

test("Database.watch from before its name was that of another definition fails with TYPE_MISMATCH", async () => {
  const db = await Database.memory(RETAIN);
  const other = index("stock", { key: codec.string, value: codec.string });
  await db.update((tx) => tx.open(other).put("a", "one"));
  await db.update((tx) => tx.drop(other));
  const changes = db.watch(stock, { from: 0 });
  await put(db, "b", 2);
  await assert.rejects(changes.next(), { code: "TYPE_MISMATCH" });
  await db.close();
});

test("Database.watch from a commit whose values cannot be read back is LAGGED, and says why", async () => {
  const disk = new SimulatedDisk();
  const db = await Database.open("/a", { io: disk.io, ...RETAIN });
  await put(db, "a", 1);
  const before = newest(db);
  const large = new Uint8Array(100_000).fill(7);
  disk.fail({ operation: "read", kind: "flip" });
  await db.update((tx) => tx.open(blobs).put(1, large));
  assert.equal(disk.injected, 1);
  assert.deepEqual(db.open(blobs).get(1), large, "the commit is done");
  assert.throws(
    () => db.watch(blobs, { from: before }),
    (error: Error) =>
      (error as { code?: string }).code === "LAGGED" &&
      (error.cause as { code?: string }).code === "CORRUPT_VALUE",
  );
  const changes = db.watch(blobs, { from: newest(db) });
  await db.update((tx) => tx.open(blobs).put(2, large));
  assert.equal((await changes.next()).value?.key, 2);
  await db.close();
});

test("Database.watch ends when its structure is dropped, after what waits, and not by a rollback", async () => {
  const db = await Database.memory();
  await put(db, "kept", 1);
  const changes = db.watch(stock);
  await assert.rejects(
    db.update((tx) => {
      tx.drop(stock);
      throw new RangeError("no");
    }),
    RangeError,
  );
  await db.update((tx) => {
    const before = tx.savepoint();
    tx.drop(stock);
    before.rollback();
    tx.open(stock).put("still", 2);
  });
  await db.update((tx) => {
    tx.open(stock).put("lost with it", 3);
    tx.drop(stock);
  });
  await put(db, "another one", 4);
  const waiting = db.watch(stock);
  const next = waiting.next();
  await db.update((tx) => {
    tx.drop(stock);
    tx.open(stock).put("again", 5);
  });
  assert.deepEqual((await all(changes)).map(bare), [["put", "still", 2]]);
  assert.deepEqual(await next, { done: true, value: undefined });
  await db.close();
});

test("Database.watch from a commit of a transaction that was in doubt", async () => {
  await withStore(async (db) => {
    await put(db, "a", 1);
    const from = newest(db);
    const tx = db.begin();
    tx.open(stock).put("b", 2);
    const prepared = await tx.prepare();
    const early = db.watch(stock, { from });
    await prepared.commit();
    const late = db.watch(stock, { from });
    for (const changes of [early, late]) {
      const { value } = await changes.next();
      assert.deepEqual([value?.key, value?.sequence], ["b", newest(db)]);
      await changes.return?.();
    }
  }, RETAIN);
});
