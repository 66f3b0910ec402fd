import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index, type PreparedTransaction, recordLog, segment } from "../../mod.ts";
import { assertWhole, bytes, withStore } from "./checked.ts";

const table = index("table", { key: codec.string, value: codec.string });
const blobs = index("blobs", { key: codec.string, value: codec.bytes });
const audit = recordLog("audit");
const notes = segment("notes");

const PATH = "/store.hold";
const BIG = 300_000;

/** What may happen to a store before it is opened again. */
const REOPENINGS: Record<string, (db: Database, disk: SimulatedDisk) => Promise<SimulatedDisk>> = {
  "a clean close": async (db, disk) => {
    await db.close();
    return disk;
  },
  "a power cut": (_, disk) => Promise.resolve(disk.crash("nothing kept")),
  "the death of the process": (_, disk) => Promise.resolve(disk.processDeath()),
  "a compaction and a power cut": async (db, disk) => {
    await db.compact();
    await assertWhole(db);
    return disk.crash("nothing kept");
  },
  "a checkpoint and a power cut": async (db, disk) => {
    await db.checkpoint();
    return disk.crash("nothing kept");
  },
};

async function prepareOne(db: Database, id: string, key: string): Promise<PreparedTransaction> {
  const tx = db.begin({ transactionId: bytes(id) });
  tx.open(table).put(key, id);
  return await tx.prepare();
}

const text = (id: Uint8Array): string => new TextDecoder().decode(id);
const idsOf = (db: Database): string[] => db.prepared().map((one) => text(one.transactionId));

test("Transaction.prepare shows nothing, commit shows all, rollback nothing ever", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(table).put("a", "old"));
    const first = await prepareOne(db, "one", "a");
    assert.equal(db.open(table).get("a"), "old");
    assert.equal(db.begin().open(table).get("a"), "old");
    assert.equal(text(first.transactionId), "one");
    await first.commit();
    assert.equal(db.open(table).get("a"), "one");
    const second = await prepareOne(db, "two", "a");
    await second.rollback();
    assert.equal(db.open(table).get("a"), "one");
    await db.update((tx) => tx.open(table).put("a", "free again"));
    assert.deepEqual(db.prepared(), []);
  });
});

test("Transaction.prepare ends the transaction, PreparedTransaction is of one use", async () => {
  await withStore(async (db) => {
    const tx = db.begin();
    const writer = tx.open(table);
    writer.put("a", "1");
    const done = tx.prepare();
    assert.throws(() => writer.put("b", "2"), { code: "TRANSACTION_DONE" });
    await assert.rejects(tx.commit(), { code: "TRANSACTION_DONE" });
    await assert.rejects(tx.prepare(), { code: "TRANSACTION_DONE" });
    tx.rollback();
    const prepared = await done;
    assert.equal(prepared.transactionId.length, 16);
    const [twin] = db.prepared();
    await prepared.commit();
    for (const again of [prepared, twin!]) {
      await assert.rejects(again.commit(), { code: "TRANSACTION_DONE" });
      await assert.rejects(again.rollback(), { code: "TRANSACTION_DONE" });
    }
    assert.equal(db.open(table).get("a"), "1");

    const ended = db.begin();
    ended.open(blobs).put("big", new Uint8Array(BIG));
    await ended.commit();
    await assert.rejects(ended.prepare(), { code: "TRANSACTION_DONE" });
    assert.equal(db.open(blobs).get("big")?.length, BIG, "nothing of it was taken back");
  });
});

test("Transaction.prepare refuses ids of a wrong size and ids in doubt", async () => {
  await withStore(async (db) => {
    assert.throws(() => db.begin({ transactionId: new Uint8Array(0) }), RangeError);
    assert.throws(() => db.begin({ transactionId: new Uint8Array(513) }), RangeError);
    assert.throws(() => db.begin({ transactionId: "id" as unknown as Uint8Array }), TypeError);
    const id = new Uint8Array(512).fill(7);
    const tx = db.begin({ transactionId: id });
    tx.open(table).put("a", "1");
    id.fill(0);
    const prepared = await tx.prepare();
    assert.deepEqual(prepared.transactionId, new Uint8Array(512).fill(7));
    const same = db.begin({ transactionId: prepared.transactionId });
    same.open(blobs).put("b", new Uint8Array(BIG));
    await assert.rejects(same.prepare(), { code: "ALREADY_EXISTS" });
    await assertWhole(db);
    assert.throws(() => same.open(table), { code: "TRANSACTION_DONE" });
    const done = prepared.commit();
    // Decided is free, even before the decision is on the medium.
    const next = db.begin({ transactionId: prepared.transactionId });
    next.open(table).put("b", "2");
    const nextPrepared = next.prepare();
    await done;
    await (await nextPrepared).commit();
    assert.deepEqual([...db.open(table).range()], [["a", "1"], ["b", "2"]]);
  });
});

test("Transaction.prepare checks conflicts as a commit does", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(table).put("a", "0"));
    const late = db.begin();
    late.open(table).put("a", "late");
    late.open(blobs).put("b", new Uint8Array(BIG));
    await db.update((tx) => tx.open(table).put("a", "1"));
    await assert.rejects(late.prepare(), { code: "CONFLICT" });
    assert.deepEqual(db.prepared(), []);

    const older = db.begin();
    older.open(table).put("a", "older");
    const rival = db.begin();
    rival.open(table).put("a", "rival");
    const prepared = await prepareOne(db, "one", "a");
    await assert.rejects(older.commit(), { code: "IN_DOUBT" });
    await assert.rejects(rival.prepare(), { code: "IN_DOUBT" });
    const reader = db.begin();
    await prepared.commit();
    reader.open(table).put("a", "stale");
    await assert.rejects(reader.commit(), { code: "CONFLICT" });
    assert.equal(db.open(table).get("a"), "one");
  });
});

test("A write to a key of a transaction in doubt throws IN_DOUBT at once", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      tx.open(table).put("a", "0");
      tx.open(table).put("gone", "0");
    });
    const tx = db.begin();
    for (let i = 0; i < 20; i++) tx.open(table).put(`k${i}`, "1");
    tx.open(table).remove("gone");
    const prepared = await tx.prepare();
    const other = db.begin();
    const writer = other.open(table);
    assert.throws(() => writer.put("k7", "2"), { name: "ConflictError", code: "IN_DOUBT" });
    assert.throws(() => writer.put("gone", "2"), { code: "IN_DOUBT" });
    assert.throws(() => writer.remove("gone"), { code: "IN_DOUBT" });
    assert.throws(() => writer.remove("k7"), { code: "IN_DOUBT" });
    writer.put("a", "2");
    writer.put("k20", "2");
    await other.commit();
    await prepared.rollback();
    await db.update((tx) => tx.open(table).put("k7", "3"));
    assert.equal(db.open(table).get("gone"), "0");
    assert.equal(db.open(table).count(), 4);
  });
});

test("PreparedTransaction.commit in the body of an update is the commit of another", async () => {
  await withStore(async (db) => {
    const prepared = await prepareOne(db, "one", "a");
    let decided: Promise<void> | undefined;
    const update = db.update((tx) => {
      const writer = tx.open(table);
      decided = prepared.commit();
      assert.equal(writer.get("a"), undefined, "it sees its beginning");
      writer.put("a", "two");
    }, { retries: 0 });
    await assert.rejects(update, { code: "CONFLICT" });
    await decided;
    assert.equal(db.open(table).get("a"), "one");
  });
});

test("Database.update does not retry IN_DOUBT", async () => {
  await withStore(async (db) => {
    const prepared = await prepareOne(db, "one", "a");
    let runs = 0;
    await assert.rejects(
      db.update(async (tx) => {
        runs++;
        await Promise.resolve();
        tx.open(table).put("a", "2");
      }),
      { code: "IN_DOUBT" },
    );
    let late: PreparedTransaction | undefined;
    await assert.rejects(
      db.update(async (tx) => {
        runs++;
        tx.open(table).put("b", "2");
        late = await prepareOne(db, "two", "b");
      }),
      { code: "IN_DOUBT" },
    );
    assert.equal(runs, 2);
    await prepared.commit();
    await late!.commit();
  });
});

test("Transaction.prepare of nothing is listed and decided", async () => {
  await withStore(async (db) => {
    const tx = db.begin({ transactionId: bytes("nothing") });
    tx.open(table);
    tx.rollback();
    const empty = await db.begin({ transactionId: bytes("nothing") }).prepare();
    assert.deepEqual(idsOf(db), ["nothing"]);
    await empty.commit();
    assert.deepEqual(idsOf(db), []);
  });
});

for (const [name, reopen] of Object.entries(REOPENINGS)) {
  test(`In doubt after ${name}: listed, locked, decided either way`, async () => {
    let disk = new SimulatedDisk();
    let db = await Database.open(PATH, { io: disk.io });
    await db.update((tx) => tx.open(table).put("a", "0"));
    const value = new Uint8Array(BIG).fill(9);
    for (const id of ["yes", "no"]) {
      const tx = db.begin({ transactionId: bytes(id) });
      tx.open(table).put(id, id);
      tx.open(blobs).put(id, new Uint8Array(70_000));
      tx.open(blobs).put(id, value);
      await tx.prepare();
    }
    for (let round = 0; round < 3; round++) {
      disk = await reopen(db, disk);
      db = await Database.open(PATH, { io: disk.io });
      await assertWhole(db);
      assert.deepEqual(db.recovered.inDoubt.map(text).sort(), ["no", "yes"]);
      assert.deepEqual([...db.open(table).range()], [["a", "0"]]);
      assert.equal(db.open(blobs).count(), 0);
      const tx = db.begin();
      assert.throws(() => tx.open(table).put("yes", "2"), { code: "IN_DOUBT" });
      assert.throws(() => tx.open(blobs).put("no", new Uint8Array(1)), { code: "IN_DOUBT" });
      tx.rollback();
      // Space that is free now must not be that of what is in doubt.
      await db.update((tx) => tx.open(table).put(`filler${round}`, "x".repeat(BIG)));
      await db.update((tx) => tx.open(table).remove(`filler${round}`));
    }
    for (const one of db.prepared()) {
      if (text(one.transactionId) === "yes") await one.commit();
      else await one.rollback();
    }
    await assertWhole(db);
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(idsOf(db), []);
      assert.deepEqual([...db.open(table).range()], [["a", "0"], ["yes", "yes"]]);
      assert.deepEqual([...db.open(blobs).range()], [["yes", value]]);
      disk = await reopen(db, disk);
      db = await Database.open(PATH, { io: disk.io });
      await assertWhole(db);
      assert.deepEqual(db.recovered.inDoubt, []);
    }
    await db.close();
  });
}

test("A prepared set larger than its log record or the log keeps its word", async () => {
  for (const entries of [100, 1000]) {
    let disk = new SimulatedDisk();
    const options = { logBytes: 1024 * 1024 };
    let db = await Database.open(PATH, { io: disk.io, ...options });
    for (const id of ["yes", "no"]) {
      const tx = db.begin({ transactionId: bytes(id) });
      for (let i = 0; i < entries; i++) tx.open(table).put(`${id}${i}`, "x".repeat(1000));
      await tx.prepare();
      await assertWhole(db);
    }
    disk = disk.crash("nothing kept");
    db = await Database.open(PATH, { io: disk.io, ...options });
    await assertWhole(db);
    assert.equal(db.open(table).count(), 0);
    for (const one of db.prepared()) {
      if (text(one.transactionId) === "yes") await one.commit();
      else await one.rollback();
    }
    await assertWhole(db);
    disk = disk.crash("nothing kept");
    db = await Database.open(PATH, { io: disk.io, ...options });
    await assertWhole(db);
    assert.equal(db.open(table).count(), entries);
    assert.deepEqual(db.recovered.inDoubt, []);
    await db.close();
  }
});

test("Transaction.prepare that a power cut has torn is in doubt whole, or has not happened", async () => {
  const disk = new SimulatedDisk({ seed: 1 });
  const db = await Database.open(PATH, { io: disk.io });
  await db.update((tx) => tx.open(table).put("a", "0"));
  const tx = db.begin({ transactionId: bytes("one") });
  // Larger than a log record: it lies in pages of its own, which the record names.
  for (let i = 0; i < 30; i++) tx.open(table).put(`k${i}`, "x".repeat(900));
  const written = disk.calls("write");
  disk.fail({ operation: "sync", cutAfter: 0 });
  await assert.rejects(tx.prepare());
  assert.ok(disk.calls("write") > written);
  const seen = new Set<number>();
  for (const { disk: image } of disk.images({ limit: 60, seed: 1 })) {
    const again = await Database.open(PATH, { io: image.io });
    await assertWhole(again);
    const found = again.prepared();
    seen.add(found.length);
    for (const one of found) await one.commit();
    assert.equal(again.open(table).count(), 1 + found.length * 30);
    await again.close();
  }
  assert.deepEqual([...seen].sort(), [0, 1]);
});

test("Structures in doubt: who creates the same agrees, who means another is refused", async () => {
  const io = memoryIo();
  let db = await Database.open(PATH, { io });
  const tx = db.begin({ transactionId: bytes("one") });
  tx.open(table).put("a", "1");
  tx.open(notes).insert(bytes("first"));
  await tx.prepare();
  assert.deepEqual(db.begin().list(), []);
  await db.close();
  db = await Database.open(PATH, { io });
  await db.update((tx) => tx.open(table).put("b", "2"));
  const numbers = index("table", { key: codec.string, value: codec.u32 });
  await assert.rejects(db.update((tx) => tx.open(numbers).put("c", 3)), { code: "TYPE_MISMATCH" });
  const other = index("notes", { key: codec.string, value: codec.u32 });
  await assert.rejects(db.update((tx) => tx.open(other).put("c", 3)), { code: "IN_DOUBT" });
  const apart = index("apart", { key: codec.string, value: codec.string });
  await db.update((tx) => tx.open(apart).put("z", "26"));
  await db.prepared()[0]!.commit();
  assert.deepEqual([...db.open(table).range()], [["a", "1"], ["b", "2"]]);
  assert.deepEqual([...db.open(apart).range()], [["z", "26"]]);
  assert.equal(db.open(notes).count(), 1);
  await assertWhole(db);
  await db.close();
});

test("Segments and logs in doubt: ids are not given twice, appends wait for the decision", async () => {
  const io = memoryIo();
  let db = await Database.open(PATH, { io });
  await db.update((tx) => {
    tx.open(notes).insert(bytes("0"));
    tx.open(audit).append(bytes("0"));
  });
  const tx = db.begin();
  const held = tx.open(notes).insert(bytes("1"));
  tx.open(audit).append(bytes("1"));
  await tx.prepare();
  await db.close();
  db = await Database.open(PATH, { io });
  const free = await db.update((tx) => tx.open(notes).insert(bytes("2")));
  assert.notEqual(String(free), String(held));
  await assert.rejects(db.update((tx) => tx.open(audit).append(bytes("2"))), { code: "IN_DOUBT" });
  await db.prepared()[0]!.commit();
  assert.deepEqual(db.open(notes).read(held), bytes("1"));
  assert.equal(await db.update((tx) => tx.open(audit).append(bytes("2"))), 2);
  assert.equal(db.open(notes).count(), 3);
  await db.close();
});

test("DatabaseOptions.decide commits, rolls back or keeps what opening finds", async () => {
  const disk = new SimulatedDisk();
  const db = await Database.open(PATH, { io: disk.io });
  for (const id of ["commit", "rollback", "keep"]) await prepareOne(db, id, id);
  await db.close();
  const failure = new Error("the coordinator does not answer");
  await assert.rejects(
    Database.open(PATH, {
      io: disk.io,
      decide: (id) => {
        if (text(id) === "rollback") throw failure;
        return "commit";
      },
    }),
    failure,
  );
  await assert.rejects(
    Database.open(PATH, { io: disk.io, decide: () => "maybe" as "keep" }),
    TypeError,
  );
  await assert.rejects(
    Database.open(PATH, { io: disk.io, decide: "commit" as unknown as () => "commit" }),
    TypeError,
  );
  const decided = await Database.open(PATH, {
    io: disk.io,
    decide: (id) => text(id) as "commit" | "rollback" | "keep",
  });
  assert.equal(decided.recovered.inDoubt.length, 3, "nothing was decided by a failed opening");
  // Opening has made it durable.
  const after = await Database.open(PATH, { io: disk.crash("nothing kept").io });
  for (const one of [decided, after]) {
    assert.deepEqual([...one.open(table).range()], [["commit", "commit"]]);
    assert.deepEqual(idsOf(one), ["keep"]);
    await assertWhole(one);
    await one.close();
  }
});

test("Database.close and disposal decide nothing, and end the handles", async () => {
  const io = memoryIo();
  const db = await Database.open(PATH, { io });
  const prepared = await prepareOne(db, "one", "a");
  assert.equal(Symbol.dispose in prepared, false);
  assert.equal(Symbol.asyncDispose in prepared, false);
  await db.close();
  await assert.rejects(prepared.commit(), { code: "CLOSED" });
  assert.throws(() => db.prepared(), { code: "CLOSED" });
  const again = await Database.open(PATH, { io });
  assert.deepEqual(idsOf(again), ["one"]);
  await again.close();
});

test("PreparedTransaction.commit finds the space that prepare reserved", async () => {
  await withStore(async (db) => {
    const tx = db.begin({ transactionId: bytes("one") });
    for (let i = 0; i < 200; i++) tx.open(table).put(`held${i}`, "x".repeat(2000));
    tx.open(blobs).put("held", new Uint8Array(BIG));
    const prepared = await tx.prepare();
    let refused = 0;
    for (let i = 0; refused < 5; i++) {
      try {
        await db.update((tx) => tx.open(table).put(`other${i}`, "y".repeat(40_000)));
      } catch (error) {
        assert.equal((error as { code?: string }).code, "NO_SPACE");
        refused++;
        await db.checkpoint();
      }
    }
    await prepared.commit();
    assert.equal(db.open(table).get("held199")?.length, 2000);
    assert.equal(db.open(blobs).get("held")?.length, BIG);
  }, { maxBytes: 8 * 1024 * 1024 });
});

test("Transaction.prepare without the space to decide is refused, and takes none", async () => {
  await withStore(async (db) => {
    const refuse = async (): Promise<void> => {
      const tx = db.begin();
      for (let i = 0; i < 1000; i++) tx.open(table).put(`k${i}`, "x".repeat(900));
      await assert.rejects(tx.prepare(), { code: "NO_SPACE" });
    };
    await refuse();
    const { fileBytes, freeBytes } = db.stats();
    await refuse();
    assert.deepEqual(db.prepared(), []);
    await assertWhole(db);
    const after = db.stats();
    assert.deepEqual([after.fileBytes, after.freeBytes], [fileBytes, freeBytes]);
    await db.update((tx) => tx.open(table).put("k1", "not held"));
  }, { maxBytes: 3 * 1024 * 1024 });
});

test("A store without the space to decide keeps the transaction in doubt", async () => {
  const disk = new SimulatedDisk();
  const db = await Database.open(PATH, { io: disk.io });
  const tx = db.begin({ transactionId: bytes("one") });
  for (let i = 0; i < 3000; i++) tx.open(table).put(`k${i}`, "x".repeat(1000));
  await tx.prepare();
  const { fileBytes } = db.stats();
  // The growth that the prepare reserved is not in the image, and the quota is smaller now.
  const { io } = disk.crash("nothing kept");
  const tight = await Database.open(PATH, { io, maxBytes: fileBytes >> 1 });
  const [found] = tight.prepared();
  await assert.rejects(found!.commit(), { code: "NO_SPACE" });
  assert.deepEqual(idsOf(tight), ["one"]);
  await tight.close();
  const roomy = await Database.open(PATH, { io });
  await roomy.prepared()[0]!.commit();
  assert.equal(roomy.open(table).count(), 3000);
  await assertWhole(roomy);
  await roomy.close();
});

test("A poisoned store prepares and decides nothing more", async () => {
  const disk = new SimulatedDisk();
  const db = await Database.open(PATH, { io: disk.io });
  const prepared = await prepareOne(db, "one", "a");
  disk.fail({ operation: "sync" });
  const tx = db.begin({ transactionId: bytes("two") });
  tx.open(table).put("b", "2");
  await assert.rejects(tx.prepare(), { code: "IO_FAILED" });
  await assert.rejects(prepared.commit(), { code: "POISONED" });
  await db.close();
  disk.heal();
  const again = await Database.open(PATH, { io: disk.crash("nothing kept").io });
  assert.deepEqual(idsOf(again), ["one"]);
  await again.close();
});

test("serializable: what has read a key in doubt does not commit changes", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (const key of ["a", "b", "c"]) tx.open(table).put(key, "0");
    });
    const isolation = "serializable";
    for (const read of ["key", "range", "absent"] as const) {
      const early = db.begin({ isolation });
      const readIt = (tx: typeof early): unknown => {
        const writer = tx.open(table);
        if (read === "range") return [...writer.range({ gte: "a", lt: "c" })];
        return writer.get(read === "key" ? "b" : "b2");
      };
      readIt(early);
      const tx = db.begin();
      tx.open(table).put(read === "absent" ? "b2" : "b", read);
      const prepared = await tx.prepare();
      const late = db.begin({ isolation });
      readIt(late);
      const snapshot = db.begin();
      readIt(snapshot);
      const apart = db.begin({ isolation });
      apart.open(table).get("c");
      for (const one of [early, late, snapshot, apart]) one.open(blobs).put("x", bytes("x"));
      await assert.rejects(early.commit(), { code: "IN_DOUBT" });
      await assert.rejects(late.commit(), { code: "IN_DOUBT" });
      await snapshot.commit();
      await assert.rejects(apart.commit(), { code: "CONFLICT" });
      await prepared.rollback();
      const again = db.begin({ isolation });
      readIt(again);
      again.open(blobs).put("x", bytes(read));
      await again.commit();
    }
  });
});

test("serializable: who only reads stands where it began, before or after what is in doubt", async () => {
  for (const end of ["commit", "rollback"] as const) {
    await withStore(async (db) => {
      await db.update((tx) => tx.open(table).put("a", "0"));
      const begin = (): ReturnType<Database["begin"]> => {
        const tx = db.begin({ isolation: "serializable" });
        tx.open(table).get("a");
        return tx;
      };
      const before = begin();
      const stillBefore = begin();
      const prepared = await prepareOne(db, "one", "a");
      const [first, second] = [begin(), begin()];
      await before.commit();
      await assert.rejects(first!.commit(), { code: "IN_DOUBT" });
      await prepared[end]();
      await stillBefore.commit();
      if (end === "rollback") await second!.commit();
      else await assert.rejects(second!.commit(), { code: "CONFLICT" });
      await begin().commit();
    });
  }
});

test("A structure gets another definition by no prepared transaction, and not while in doubt", async () => {
  await withStore(async (db) => {
    const plain = index("people", { key: codec.string, value: codec.string });
    const byLength = index("people", {
      key: codec.string,
      value: codec.string,
      indexes: { byLength: { key: codec.u32, of: (value: string) => value.length } },
    });
    await db.update((tx) => tx.open(plain).put("ann", "Oslo"));
    const changing = db.begin();
    changing.open(byLength);
    await assert.rejects(changing.prepare(), { code: "TYPE_MISMATCH" });
    const tx = db.begin();
    tx.open(plain).put("bob", "Rome");
    const prepared = await tx.prepare();
    const opening = (): Promise<void> => db.update((tx) => void tx.open(byLength));
    await assert.rejects(opening(), { code: "IN_DOUBT" });
    await prepared.commit();
    await opening();
  });
});
