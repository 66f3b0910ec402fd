import assert from "node:assert/strict";
import { chmodSync, linkSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { codec, Database, index, isHoldfastError, recordLog } from "../../mod.ts";
import { assertWhole, bytes, withFolder, withStore } from "./checked.ts";

const names = index("names", { key: codec.string, value: codec.json<{ age: number }>() });
const tags = index("tags", { key: codec.string, value: codec.string, mode: "cluster" });
const numbers = index("numbers", { key: codec.i64, value: codec.u32 });
const audit = recordLog("audit");

/** The rejection of a promise, which must have a code. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.ok(isHoldfastError(error), `not an error of ours: ${error}`);
    return error.code;
  }
  return "none";
}

test("Database.open creates a file of mode 0600 that reads as empty", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "new.hold");
    const db = await Database.open(path);
    assert.equal(db.open(names).get("ann"), undefined);
    assert.equal(db.open(names).count(), 0);
    assert.deepEqual([...db.open(tags).range()], []);
    assert.equal(db.open(audit).head(), 0);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await assertWhole(db);
    await db.close();
    assert.deepEqual(readdirSync(folder).sort(), ["new.hold", "new.hold.lock"]);
  });
});

test("Database.open honours create: false and create: new", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.hold");
    assert.equal(await codeOf(Database.open(path, { create: false })), "NOT_FOUND");
    const db = await Database.open(path, { create: "new" });
    await db.close();
    assert.equal(await codeOf(Database.open(path, { create: "new" })), "ALREADY_EXISTS");
    assert.equal(
      await codeOf(Database.open(join(folder, "no", "such.hold"))),
      "IO_NOT_FOUND",
    );
  });
});

test("Database.open keeps a second owner out, also by symbolic and hard link", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.hold");
    const db = await Database.open(path);
    assert.equal(await codeOf(Database.open(path)), "LOCKED");
    symlinkSync(path, join(folder, "b.hold"));
    assert.equal(await codeOf(Database.open(join(folder, "b.hold"))), "LOCKED");
    await db.close();
    const again = await Database.open(join(folder, "b.hold"));
    await again.update((tx) => tx.open(names).put("ann", { age: 3 }));
    await again.close();
    const direct = await Database.open(path);
    assert.deepEqual(direct.open(names).get("ann"), { age: 3 });
    await direct.close();
    linkSync(path, join(folder, "c.hold"));
    assert.equal(await codeOf(Database.open(path)), "LOCKED");
  });
});

test("Database.open refuses files that are not ours and leaves them alone", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "text.hold");
    for (const content of ["", "hello", "x".repeat(100_000)]) {
      writeFileSync(path, content);
      assert.equal(await codeOf(Database.open(path)), "NOT_OUR_FILE", `${content.length} bytes`);
      assert.equal(statSync(path).size, content.length);
    }
  });
});

test("Database.open rejects a folder without permission with IO_ACCESS", async (t) => {
  if (process.getuid?.() === 0) return t.skip("the superuser may write everywhere");
  await withFolder(async (folder) => {
    chmodSync(folder, 0o500);
    assert.equal(await codeOf(Database.open(join(folder, "a.hold"))), "IO_ACCESS");
    chmodSync(folder, 0o700);
  });
});

test("Database.open rejects unknown and wrong options", async () => {
  const io = memoryIo();
  const wrong = [
    { cash: 1 },
    { durability: "fsync" },
    { create: 1 },
    { isolation: "chaos" },
    { cacheBytes: 1e6 + 0.5 },
  ];
  for (const options of wrong) {
    await assert.rejects(Database.open("/a", { io, ...options } as never), TypeError);
  }
  await assert.rejects(Database.open("/a", { io, cacheBytes: 10 }), RangeError);
});

test("Database keeps all structures over close and reopen", async () => {
  const io = memoryIo();
  const db = await Database.open("/a.hold", { io });
  const offset = await db.update((tx) => {
    tx.open(names).put("ann", { age: 31 });
    tx.open(names).put("bob", { age: 45 });
    tx.open(tags).put("red", "ann");
    tx.open(tags).put("red", "bob");
    tx.open(tags).put("red", "ann");
    tx.open(numbers).put(-5n, 7);
    return tx.open(audit).append(bytes("joined"));
  });
  assert.equal(offset, 0);
  await db.close();
  const again = await Database.open("/a.hold", { io });
  assert.equal(again.recovered.cleanClose, true);
  assert.deepEqual(again.open(names).get("ann"), { age: 31 });
  assert.deepEqual(again.open(tags).get("red"), ["ann", "bob"]);
  assert.equal(again.open(tags).one("red"), "ann");
  assert.equal(again.open(numbers).get(-5n), 7);
  assert.deepEqual([...again.open(audit).read()], [{ offset: 0, bytes: bytes("joined") }]);
  await assertWhole(again);
  await again.close();
});

test("Database.close is idempotent and everything after it is CLOSED", async () => {
  await withStore(async () => {
    const db = await Database.memory();
    const reader = db.open(names);
    const transaction = db.begin();
    const snapshot = db.snapshot();
    await Promise.all([db.close(), db.close()]);
    await db[Symbol.asyncDispose]();
    assert.throws(() => db.open(names), { code: "CLOSED" });
    assert.throws(() => reader.get("ann"), { code: "CLOSED" });
    assert.throws(() => transaction.open(names), { code: "CLOSED" });
    assert.throws(() => snapshot.open(names), { code: "CLOSED" });
    assert.throws(() => db.stats(), { code: "CLOSED" });
    assert.equal(await codeOf(db.update(() => 1)), "CLOSED");
    assert.equal(await codeOf(db.checkpoint()), "CLOSED");
  });
});

test("Database.close waits for commits that were not awaited", async () => {
  const io = memoryIo();
  const db = await Database.open("/a.hold", { io });
  const done: Promise<void>[] = [];
  for (let i = 0; i < 50; i++) {
    done.push(db.update((tx) => tx.open(names).put(`n${i}`, { age: i })));
  }
  await db.close();
  await Promise.all(done);
  const again = await Database.open("/a.hold", { io });
  assert.equal(again.open(names).count(), 50);
  await again.close();
});

test("Database.close rolls back what is open, and leaves no log to replay", async () => {
  const io = memoryIo();
  const db = await Database.open("/a.hold", { io });
  await db.update((tx) => tx.open(names).put("kept", { age: 1 }));
  const open = db.begin();
  open.open(names).put("open", { age: 2 });
  open.open(audit).append(new Uint8Array(100_000));
  const body = db.update(async (tx) => {
    tx.open(names).put("under way", { age: 3 });
    await new Promise<void>((resolve) => db.io.nextTurn(resolve));
    tx.open(names).put("later", { age: 4 });
  });
  const refused = assert.rejects(body, { code: "CLOSED" });
  await db.close();
  await refused;
  const again = await Database.open("/a.hold", { io });
  assert.equal(again.recovered.cleanClose, true);
  assert.deepEqual([again.recovered.replayedBatches, again.recovered.droppedBytes], [0, 0]);
  assert.deepEqual([...again.open(names).keys()], ["kept"]);
  assert.equal(again.open(audit).head(), 0);
  await assertWhole(again);
  await again.close();
});

test("Database.open of a used name with another format is TYPE_MISMATCH", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(names).put("ann", { age: 1 }));
    const other = index("names", { key: codec.u32, value: codec.string });
    const mode = index("names", { key: codec.string, value: codec.string, mode: "cluster" });
    for (const definition of [other, mode, recordLog("names")]) {
      assert.throws(() => db.open(definition as typeof other), { code: "TYPE_MISMATCH" });
      assert.equal(
        await codeOf(db.update((tx) => tx.open(definition as typeof other))),
        "TYPE_MISMATCH",
      );
    }
  });
});

test("index.put refuses keys and values over the limits with TOO_LARGE", async () => {
  await withStore(async (db) => {
    const code = await codeOf(db.update((tx) => tx.open(names).put("x".repeat(961), { age: 1 })));
    assert.equal(code, "TOO_LARGE");
    await db.update((tx) => tx.open(names).put("x".repeat(960), { age: 1 }));
    assert.deepEqual(db.open(names).get("x".repeat(960)), { age: 1 });
    assert.equal(
      await codeOf(db.update((tx) => tx.open(recordLog("n".repeat(513))))),
      "TOO_LARGE",
    );
  });
});

test("index.range honours every bound in both directions", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let i = 0n; i < 1000n; i++) tx.open(numbers).put(i * 2n, Number(i));
    });
    const keys = (options: object): bigint[] =>
      Array.from(db.open(numbers).range(options), ([key]) => key);
    assert.deepEqual(keys({ gte: 10n, lt: 16n }), [10n, 12n, 14n]);
    assert.deepEqual(keys({ gt: 10n, lte: 16n }), [12n, 14n, 16n]);
    assert.deepEqual(keys({ gt: 9n, lt: 13n, reverse: true }), [12n, 10n]);
    assert.deepEqual(keys({ gte: 1990n, limit: 3 }), [1990n, 1992n, 1994n]);
    assert.deepEqual(keys({ reverse: true, limit: 2 }), [1998n, 1996n]);
    assert.deepEqual(keys({ gt: 5n, lt: 5n }), []);
    assert.deepEqual(keys({ gte: 7n, lte: 3n }), []);
    assert.deepEqual(keys({ limit: 0 }), []);
    assert.equal(keys({}).length, 1000);
    assert.throws(() => keys({ gt: 1n, gte: 1n }), TypeError);
    assert.throws(() => keys({ limit: -1 }), RangeError);
  });
});

test("index cluster ranges, has and remove treat a key's values as a set", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      const writer = tx.open(tags);
      for (const key of ["a", "a\u0000", "ab", "b"]) {
        for (const value of ["1", "2", "3"]) writer.put(key, value + key);
      }
      assert.equal(writer.remove("a", "2a"), true);
      assert.equal(writer.remove("a", "2a"), false);
    });
    assert.deepEqual(db.open(tags).get("a"), ["1a", "3a"]);
    assert.deepEqual(db.open(tags).get("a\u0000"), ["1a\u0000", "2a\u0000", "3a\u0000"]);
    assert.equal(db.open(tags).has("ab"), true);
    assert.equal(db.open(tags).has("abc"), false);
    const after = Array.from(db.open(tags).range({ gt: "a\u0000" }), ([key]) => key);
    assert.deepEqual(after, ["ab", "ab", "ab", "b", "b", "b"]);
    await db.update((tx) => assert.equal(tx.open(tags).remove("ab"), true));
    assert.equal(db.open(tags).count(), 8);
  });
});

test("recordLog offsets count on after trim and are never given twice", async () => {
  const io = memoryIo();
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let i = 0; i < 10; i++) assert.equal(tx.open(audit).append(bytes(`r${i}`)), i);
      assert.equal(tx.open(audit).trim(4), 4);
    });
    assert.equal(db.open(audit).get(3), undefined);
    assert.deepEqual(db.open(audit).get(4), bytes("r4"));
    assert.deepEqual(
      Array.from(db.open(audit).read({ from: 7, limit: 2 }), (entry) => entry.offset),
      [7, 8],
    );
    await db.update((tx) => assert.equal(tx.open(audit).trim(99), 6));
    assert.equal(db.open(audit).head(), 10);
    await db.update((tx) => assert.equal(tx.open(audit).append(bytes("next")), 10));
    assert.equal(db.open(audit).head(), 11);
    assert.deepEqual(Array.from(db.open(audit).read(), (entry) => entry.offset), [10]);
  }, { io });
});

test("Database.memory keeps data without a file", async () => {
  const db = await Database.memory();
  await db.update((tx) => tx.open(names).put("ann", { age: 1 }));
  assert.deepEqual(db.open(names).get("ann"), { age: 1 });
  await assertWhole(db);
  await db.close();
});
