import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ByteWriter,
  codec,
  ConflictError,
  type Definition,
  index,
  recordLog,
  type TreeReader,
  type TreeWriter,
} from "../../mod.ts";
import { bytes, withStore } from "./checked.ts";

const table = index("table", { key: codec.string, value: codec.string });
const audit = recordLog("audit");

test("Transaction reads its own writes and nobody else does before the commit", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(table).put("a", "old"));
    const tx = db.begin();
    const writer = tx.open(table);
    writer.put("a", "new");
    writer.put("b", "2");
    assert.equal(writer.remove("a"), true);
    writer.put("c", "3");
    assert.equal(writer.get("a"), undefined);
    assert.equal(writer.has("b"), true);
    assert.deepEqual([...writer.range()], [["b", "2"], ["c", "3"]]);
    assert.deepEqual([...writer.range({ reverse: true, limit: 1 })], [["c", "3"]]);
    assert.equal(writer.count(), 2);
    assert.equal(db.open(table).get("a"), "old");
    assert.equal(db.open(table).count(), 1);
    await tx.commit();
    assert.deepEqual([...db.open(table).range()], [["b", "2"], ["c", "3"]]);
  });
});

test("Transaction of the same definition gives the same writer", async () => {
  await withStore(async (db) => {
    const tx = db.begin();
    assert.equal(tx.open(table), tx.open(table));
    tx.rollback();
  });
});

test("Transaction that ended is TRANSACTION_DONE", async () => {
  await withStore(async (db) => {
    for (const end of ["commit", "rollback", "dispose"] as const) {
      const tx = db.begin();
      const writer = tx.open(table);
      if (end === "commit") await tx.commit();
      else if (end === "rollback") tx.rollback();
      else tx[Symbol.dispose]();
      assert.throws(() => writer.put("a", "1"), { code: "TRANSACTION_DONE" });
      assert.throws(() => tx.open(audit), { code: "TRANSACTION_DONE" });
      await assert.rejects(tx.commit(), { code: "TRANSACTION_DONE" });
      assert.throws(() => tx.commitSync(), { code: "TRANSACTION_DONE" });
      tx.rollback();
    }
    assert.equal(db.open(table).count(), 0);
  });
});

test("Database.update rolls back when its body throws", async () => {
  await withStore(async (db) => {
    await assert.rejects(
      db.update((tx) => {
        tx.open(table).put("a", "1");
        throw new RangeError("no");
      }),
      RangeError,
    );
    await assert.rejects(
      db.update(async (tx) => {
        tx.open(table).put("a", "1");
        tx.open(table).put("big", "x".repeat(200_000));
        await Promise.resolve();
        throw new RangeError("no");
      }),
      RangeError,
    );
    assert.equal(db.open(table).count(), 0);
  });
});

test("Transaction conflicts: the first committer wins, the second gets CONFLICT", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(table).put("a", "0"));
    const first = db.begin();
    const second = db.begin();
    first.open(table).put("a", "1");
    second.open(table).put("a", "2");
    await first.commit();
    await assert.rejects(second.commit(), { code: "CONFLICT" });
    assert.equal(db.open(table).get("a"), "1");

    const other = db.begin();
    const apart = db.begin();
    other.open(table).put("b", "1");
    apart.open(table).put("c", "2");
    await Promise.all([other.commit(), apart.commit()]);
    assert.equal(db.open(table).count(), 3);
  });
});

test("Transaction conflicts with a commit that is sequenced but not yet durable", async () => {
  await withStore(async (db) => {
    const first = db.begin();
    const second = db.begin();
    first.open(table).put("a", "1");
    second.open(table).remove("a");
    second.open(table).put("a", "2");
    const done = first.commit();
    await assert.rejects(second.commit(), ConflictError);
    await done;
    assert.equal(db.open(table).get("a"), "1");
  });
});

test("Transaction keeps its view while others commit", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let i = 0; i < 500; i++) tx.open(table).put(`k${i}`, "old");
    });
    const tx = db.begin();
    const writer = tx.open(table);
    const pending = db.update((other) => other.open(table).put("k1", "new"));
    assert.equal(writer.get("k1"), "old");
    await pending;
    await db.update((other) => {
      for (let i = 0; i < 500; i++) other.open(table).remove(`k${i}`);
    });
    assert.equal(writer.get("k1"), "old");
    assert.equal(writer.count(), 500);
    assert.equal(db.open(table).count(), 0);
    tx.rollback();
  });
});

test("Transaction sees sequenced commits at once, plain reads only durable ones", async () => {
  await withStore(async (db) => {
    const done = db.update((tx) => tx.open(table).put("a", "1"));
    assert.equal(db.open(table).get("a"), undefined);
    const tx = db.begin();
    assert.equal(tx.open(table).get("a"), "1");
    assert.deepEqual([...tx.open(table).range()], [["a", "1"]]);
    tx.rollback();
    await done;
    assert.equal(db.open(table).get("a"), "1");
  });
});

test("Transaction that only read waits until what it read is durable", async () => {
  await withStore(async (db) => {
    const writing = db.update((tx) => tx.open(table).put("a", "1"));
    const syncs = db.stats().syncs;
    const tx = db.begin();
    assert.equal(tx.open(table).get("a"), "1");
    await tx.commit();
    assert.equal(db.stats().syncs, syncs + 1, "the commit it read was synced");
    assert.equal(db.open(table).get("a"), "1");
    await writing;
    const before = db.stats().syncs;
    await db.update((later) => later.open(table).get("a"));
    assert.equal(db.stats().syncs, before, "nothing new was read, so nothing is synced");
  });
});

test("Transactions that create the same structure do not conflict", async () => {
  await withStore(async (db) => {
    const first = db.begin();
    const second = db.begin();
    first.open(table).put("a", "1");
    second.open(table).put("b", "2");
    await Promise.all([first.commit(), second.commit()]);
    assert.deepEqual([...db.open(table).range()], [["a", "1"], ["b", "2"]]);
  });
});

test("Database.update retries conflicts and gives up after its retries", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(table).put("n", "0"));
    const add = (): Promise<void> =>
      db.update(async (tx) => {
        const writer = tx.open(table);
        const value = Number(writer.get("n"));
        await Promise.resolve();
        writer.put("n", String(value + 1));
      }, { retries: 50 });
    await Promise.all([add(), add(), add(), add()]);
    assert.equal(db.open(table).get("n"), "4");

    let runs = 0;
    await assert.rejects(
      db.update(async (tx) => {
        runs++;
        tx.open(table).put("n", "mine");
        await db.update((other) => other.open(table).put("n", "theirs"));
      }, { retries: 2 }),
      { code: "CONFLICT" },
    );
    assert.equal(runs, 3);
  });
});

test("Database.update keeps its view when its own body commits other transactions", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(table).put("n", "0"));
    const earlier = db.begin();
    earlier.open(table).put("n", "1");
    let nested: Promise<unknown> | undefined;
    const outer = db.update((tx) => {
      const writer = tx.open(table);
      nested = Promise.all([
        earlier.commit(),
        db.update((inner) => inner.open(table).put("m", "2")),
      ]);
      assert.equal(writer.get("n"), "0");
      assert.equal(writer.get("m"), undefined);
      writer.put("n", "mine");
    });
    await assert.rejects(outer, { code: "CONFLICT" });
    await nested;
    assert.deepEqual([...db.open(table).range()], [["m", "2"], ["n", "1"]]);

    const slow = db.update(async (tx) => {
      const writer = tx.open(table);
      await db.update((inner) => inner.open(table).put("n", "3"));
      assert.equal(writer.get("n"), "1");
      writer.put("k", "4");
    });
    await slow;
    assert.equal(db.open(table).get("k"), "4");
  });
});

test("Database.update honours an AbortSignal before the commit", async () => {
  await withStore(async (db) => {
    const reason = new Error("stop");
    await assert.rejects(
      db.update(() => 1, { signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
    const controller = new AbortController();
    await assert.rejects(
      db.update(async (tx) => {
        tx.open(table).put("a", "1");
        await Promise.resolve();
        controller.abort(reason);
      }, { signal: controller.signal }),
      (error) => error === reason,
    );
    assert.equal(db.open(table).count(), 0);
  });
});

test("Transaction.commitSync is durable on return, with everything that waited", async () => {
  await withStore(async (db) => {
    const waiting = db.update((tx) => tx.open(table).put("a", "1"));
    const tx = db.begin();
    tx.open(table).put("b", "2");
    tx.commitSync();
    assert.equal(db.open(table).get("a"), "1");
    assert.equal(db.open(table).get("b"), "2");
    await waiting;
    for (let i = 0; i < 300; i++) {
      const each = db.begin();
      each.open(table).put(`k${i}`, "x".repeat(2000));
      each.commitSync();
    }
    assert.equal(db.open(table).count(), 302);
  }, { logBytes: 256 * 1024 });
});

test("Snapshot shows its moment whatever is committed, checkpointed or removed later", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let i = 0; i < 2000; i++) tx.open(table).put(`k${i}`, `v${i}`);
      tx.open(audit).append(bytes("one"));
    });
    const snapshot = db.snapshot();
    assert.equal(db.stats().snapshots, 1);
    for (let round = 0; round < 3; round++) {
      await db.update((tx) => {
        for (let i = round; i < 2000; i += 3) tx.open(table).remove(`k${i}`);
        tx.open(audit).append(bytes("more"));
      });
      await db.checkpoint();
    }
    assert.equal(db.open(table).count(), 0);
    assert.equal(snapshot.open(table).count(), 2000);
    assert.equal(snapshot.open(table).get("k1999"), "v1999");
    assert.equal(snapshot.open(audit).head(), 1);
    assert.equal([...snapshot.open(table).range()].length, 2000);
    assert.ok(db.stats().pendingBytes > 0, "the snapshot holds pages");
    snapshot.release();
    snapshot.release();
    await db.checkpoint();
    assert.equal(db.stats().pendingBytes, 0, "nothing holds pages any more");
    assert.throws(() => snapshot.open(table), { code: "CLOSED" });
  });
});

test("index.range left early lets go of its view", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let i = 0; i < 2000; i++) tx.open(table).put(`k${i}`, `v${i}`);
    });
    for (const _ of db.open(table).range()) break;
    await db.update((tx) => {
      for (let i = 0; i < 2000; i++) tx.open(table).remove(`k${i}`);
    });
    await db.checkpoint();
    assert.equal(db.stats().pendingBytes, 0);
  });
});

test("index.range goes on unchanged while its transaction changes the index", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let i = 0; i < 300; i++) tx.open(table).put(`k${String(i).padStart(3, "0")}`, "v");
      const writer = tx.open(table);
      let seen = 0;
      for (const [key] of writer.range()) {
        writer.remove(key);
        seen++;
      }
      assert.equal(seen, 300);
      assert.equal(writer.count(), 0);
    });
  });
});

test("Transaction.list names the structures it sees, its own and what others committed", async () => {
  await withStore(async (db) => {
    const first = index("\u00e9t\u00e9", { key: codec.u32, value: codec.string });
    const second = recordLog("b/log");
    await db.update((tx) => {
      assert.deepEqual(tx.list(), []);
      tx.open(first).put(1, "x");
      assert.deepEqual(tx.list().map(({ name }) => name), ["\u00e9t\u00e9"]);
    });
    const tx = db.begin();
    const savepoint = tx.savepoint();
    tx.open(second).append(new Uint8Array(1));
    assert.deepEqual(tx.list(), [
      { name: "b/log", kind: "record-log", format: "bytes" },
      { name: "\u00e9t\u00e9", kind: "index", format: "replace(u32,string)" },
    ]);
    savepoint.rollback();
    assert.deepEqual(tx.list().map(({ name }) => name), ["\u00e9t\u00e9"]);
    tx.rollback();
    assert.throws(() => tx.list(), { code: "TRANSACTION_DONE" });
  });
});

test("TreeReader.hold shows one moment until it is closed, and then nothing", async () => {
  const raw: Definition<{ readonly reader: TreeReader; readonly writer: TreeWriter }> = {
    name: "raw",
    kind: "raw",
    format: "string",
    reader: (tree) => tree,
    writer: (tree) => tree,
  };
  const key = new ByteWriter(1);
  key.u8(1);
  await withStore(async (db) => {
    await db.update((tx) => tx.open(raw).put(key, bytes("old"), 3));
    const held = db.open(raw).hold();
    await db.update((tx) => tx.open(raw).remove(key));
    await db.checkpoint();
    assert.equal(held.get(key, codec.string), "old");
    const keys = { bytes: key, ends: [1] };
    assert.deepEqual(held.getMany(keys, codec.string), ["old"]);
    assert.equal(held.count(), 1);
    held.close();
    held.close();
    const reads = [
      () => held.get(key, codec.string),
      () => held.getMany(keys, codec.string),
      () => held.has(key),
      () => held.count(),
      () => held.lastKey(new ByteWriter(1)),
      () => held.cursor({}),
      () => held.hold(),
    ];
    for (const read of reads) assert.throws(read, { code: "CLOSED" });
    await db.checkpoint();
    assert.equal(db.stats().pendingBytes, 0);
  });
});
