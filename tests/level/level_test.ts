/** What the suite of abstract-level does not ask: durability, errors, and what lies beneath. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HoldfastLevel, levelIndex } from "../../adapters/level.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { codec, Database, index, isHoldfastError } from "../../mod.ts";
import { bytes, withFolder, withStore } from "../kernel/checked.ts";

/** The error that a promise rejects with. */
async function errorOf(promise: Promise<unknown>): Promise<{ code?: string; cause?: unknown }> {
  try {
    await promise;
  } catch (error) {
    return error as { code?: string; cause?: unknown };
  }
  assert.fail("it did not reject");
}

/** The codes of an error and of its causes, from the outside in. */
function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  for (let next = error; next instanceof Error; next = next.cause) {
    codes.push((next as { code?: string }).code ?? next.name);
  }
  return codes;
}

test("HoldfastLevel: sync says how durable a write is, and the level's durability is the default", async () => {
  await withStore(async (db) => {
    const strict = new HoldfastLevel(db);
    const loose = new HoldfastLevel(db, { durability: "os" });
    await strict.open();
    await loose.open();
    const syncs = async (write: () => Promise<void>): Promise<number> => {
      const before = db.stats().syncs;
      await write();
      return db.stats().syncs - before;
    };
    assert.equal(await syncs(() => strict.put("a", "1")), 1);
    assert.equal(await syncs(() => strict.put("a", "2", { sync: false })), 0);
    assert.equal(await syncs(() => strict.del("a", { sync: false })), 0);
    assert.equal(await syncs(() => loose.put("a", "3")), 0);
    assert.equal(await syncs(() => loose.put("a", "4", { sync: true })), 1);
    assert.equal(
      await syncs(() => loose.batch([{ type: "put", key: "b", value: "5" }], { sync: true })),
      1,
    );
    assert.equal(await syncs(() => loose.batch().put("c", "6").write()), 0);
    assert.equal(await syncs(() => loose.clear({ gt: "b", sync: true })), 1);
    assert.deepEqual(await strict.iterator().all(), [["a", "4"], ["b", "5"]]);
    await strict.close();
    await loose.close();
  });
});

test("HoldfastLevel: concurrent writes share a sync and end in the order of the calls", async () => {
  await withStore(async (db) => {
    const level = new HoldfastLevel(db);
    await level.open();
    const before = db.stats().batches;
    await Promise.all(Array.from({ length: 50 }, (_, i) => level.put("key", `value ${i}`)));
    assert.ok(db.stats().batches - before < 5);
    assert.equal(level.getSync("key"), "value 49");
    await level.close();
  });
});

test("HoldfastLevel: keys and values are copied at the call", async () => {
  await withStore(async (db) => {
    const level = new HoldfastLevel<Uint8Array, Uint8Array>(db, {
      keyEncoding: "view",
      valueEncoding: "view",
    });
    await level.open();
    const key = bytes("key");
    const value = bytes("value");
    const writing = level.put(key, value);
    key.fill(0);
    value.fill(0);
    await writing;
    assert.deepEqual((await level.iterator().all()).map((entry) => entry.map(String)), [
      [String(bytes("key")), String(bytes("value"))],
    ]);
    await level.close();
  });
});

test("HoldfastLevel: a second owner of the file is LEVEL_LOCKED, a closed one is not in the way", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "app.hold");
    const first = new HoldfastLevel(path);
    await first.open();
    const second = new HoldfastLevel(path);
    const error = await errorOf(second.open());
    assert.deepEqual(codesOf(error), ["LEVEL_DATABASE_NOT_OPEN", "LEVEL_LOCKED", "LOCKED"]);
    assert.equal(isHoldfastError((error.cause as Error).cause), true);
    await first.put("a", "1");
    await first.close();
    await second.open();
    assert.equal(await second.get("a"), "1");
    await second.close();
    await first.open();
    assert.equal(await first.get("a"), "1");
    await first.close();
    assert.equal((await errorOf(first.get("a"))).code, "LEVEL_DATABASE_NOT_OPEN");
  });
});

test("HoldfastLevel: close ends iterators and snapshots, and leaves a database that it was given", async () => {
  await withStore(async (db) => {
    const level = new HoldfastLevel(db);
    await level.batch([
      { type: "put", key: "a", value: "1" },
      { type: "put", key: "b", value: "2" },
    ]);
    const iterator = level.iterator();
    assert.deepEqual(await iterator.next(), ["a", "1"]);
    const keys = level.keys();
    const snapshot = level.snapshot();
    assert.equal(db.stats().snapshots, 3);
    await level.close();
    assert.equal(db.stats().snapshots, 0);
    assert.equal(db.stats().heldStates, 0);
    assert.equal((await errorOf(iterator.next())).code, "LEVEL_ITERATOR_NOT_OPEN");
    assert.equal((await errorOf(keys.next())).code, "LEVEL_ITERATOR_NOT_OPEN");
    await level.open();
    const read = level.get("a", { snapshot });
    assert.equal((await errorOf(read)).code, "LEVEL_SNAPSHOT_NOT_OPEN");
    assert.equal(await level.get("a"), "1");
    await level.close();
  });
});

test("HoldfastLevel: a database closed beneath it is LEVEL_DATABASE_NOT_OPEN", async () => {
  const db = await Database.memory();
  const level = new HoldfastLevel(db);
  await level.put("a", "1");
  await db.close();
  assert.deepEqual(codesOf(await errorOf(level.get("a"))), ["LEVEL_DATABASE_NOT_OPEN", "CLOSED"]);
  assert.deepEqual(codesOf(await errorOf(level.put("a", "2"))), [
    "LEVEL_DATABASE_NOT_OPEN",
    "CLOSED",
  ]);
  assert.throws(() => level.iterator(), { code: "LEVEL_DATABASE_NOT_OPEN" });
  assert.throws(() => level.snapshot(), { code: "LEVEL_DATABASE_NOT_OPEN" });
  await level.close();
});

test("levelIndex: a transaction changes entries of a level and other structures together", async () => {
  const names = index("names", { key: codec.string, value: codec.u32 });
  await withStore(async (db) => {
    const level = new HoldfastLevel(db, { name: "things" });
    await level.put("a", "1");
    const definition = levelIndex("things");
    assert.deepEqual([...db.open(definition).range()], [[bytes("a"), bytes("1")]]);
    await db.update((tx) => {
      tx.open(definition).put(bytes("b"), bytes("2"));
      tx.open(names).put("b", 2);
    });
    assert.equal(await level.get("b"), "2");
    const other = new HoldfastLevel(db, { name: "other" });
    assert.equal(await other.get("b"), undefined);
    await level.close();
    await other.close();
  });
});

test("HoldfastLevel: a name in use by another structure is TYPE_MISMATCH", async () => {
  const names = index("names", { key: codec.string, value: codec.u32 });
  await withStore(async (db) => {
    await db.update((tx) => tx.open(names).put("a", 1));
    const level = new HoldfastLevel(db, { name: "names" });
    assert.deepEqual(codesOf(await errorOf(level.open())), [
      "LEVEL_DATABASE_NOT_OPEN",
      "TYPE_MISMATCH",
    ]);
  });
});

test("HoldfastLevel: createIfMissing and errorIfExists are about the index of a database", async () => {
  await withStore(async (db) => {
    const missing = new HoldfastLevel(db, { createIfMissing: false });
    assert.deepEqual(codesOf(await errorOf(missing.open())), [
      "LEVEL_DATABASE_NOT_OPEN",
      "NOT_FOUND",
    ]);
    const fresh = new HoldfastLevel(db, { errorIfExists: true });
    await fresh.put("a", "1");
    await fresh.close();
    assert.deepEqual(codesOf(await errorOf(fresh.open())), [
      "LEVEL_DATABASE_NOT_OPEN",
      "ALREADY_EXISTS",
    ]);
    await missing.open();
    assert.equal(await missing.get("a"), "1");
    await missing.close();
  });
});

test("HoldfastLevel: errorIfExists without createIfMissing creates no file", async () => {
  const io = memoryIo();
  const level = new HoldfastLevel("/a.hold", { io, createIfMissing: false, errorIfExists: true });
  assert.deepEqual(codesOf(await errorOf(level.open())), ["LEVEL_DATABASE_NOT_OPEN", "NOT_FOUND"]);
  assert.equal(await io.stat("/a.hold"), undefined);
});

test("HoldfastLevel: a key above 960 bytes is LEVEL_INVALID_KEY, and its batch changes nothing", async () => {
  await withStore(async (db) => {
    const level = new HoldfastLevel(db);
    const longest = "k".repeat(960);
    const tooLong = "k".repeat(961);
    await level.put(longest, "1");
    assert.equal(await level.get(longest), "1");
    assert.deepEqual(codesOf(await errorOf(level.put(tooLong, "1"))), [
      "LEVEL_INVALID_KEY",
      "TOO_LARGE",
    ]);
    const batch = level.batch([
      { type: "put", key: "a", value: "1" },
      { type: "put", key: tooLong, value: "1" },
    ]);
    assert.equal((await errorOf(batch)).code, "LEVEL_INVALID_KEY");
    assert.equal(await level.get("a"), undefined);
    assert.equal(await level.get(tooLong), undefined);
    assert.equal(await level.has(tooLong), false);
    await level.del(tooLong);
    assert.deepEqual(await level.keys({ lt: tooLong }).all(), [longest]);
    await level.close();
  });
});

test("HoldfastLevel: a file opened with readOnly is LEVEL_READONLY to writers", async () => {
  const io = memoryIo();
  const writer = new HoldfastLevel("/a.hold", { io });
  await writer.put("a", "1");
  await writer.close();
  const reader = new HoldfastLevel("/a.hold", { io, readOnly: true });
  assert.equal(await reader.get("a"), "1");
  assert.deepEqual(codesOf(await errorOf(reader.put("a", "2"))), ["LEVEL_READONLY", "READ_ONLY"]);
  assert.equal(reader.supports.permanence, false);
  await reader.close();
});

test("HoldfastLevel: damage is LEVEL_CORRUPTION, never other data", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "app.hold");
    const level = new HoldfastLevel(path);
    assert.equal(level.supports.permanence, true);
    for (let i = 0; i < 20; i++) {
      await level.batch(Array.from({ length: 100 }, (_, j) => ({
        type: "put" as const,
        key: `key ${i} ${j}`,
        value: `value ${i} ${j} `.repeat(10),
      })));
    }
    await level.close();
    const file = readFileSync(path);
    // Every text of the file that is a value loses a letter.
    for (let at = file.indexOf("value "); at >= 0; at = file.indexOf("value ", at + 1)) {
      file[at] = 0x56;
    }
    writeFileSync(path, file);
    await level.open();
    assert.deepEqual(codesOf(await errorOf(level.get("key 1 1"))), [
      "LEVEL_CORRUPTION",
      "CORRUPT_PAGE",
    ]);
    assert.equal((await errorOf(level.iterator().all())).code, "LEVEL_CORRUPTION");
    assert.equal((await errorOf(level.values().nextv(3))).code, "LEVEL_CORRUPTION");
    assert.equal((await errorOf(level.clear())).code, "LEVEL_CORRUPTION");
    await level.close();
  });
});

test("HoldfastLevel: clear removes any number of entries, 4096 with a commit", async () => {
  await withStore(async (db) => {
    const level = new HoldfastLevel(db);
    const key = (i: number): string => String(i).padStart(5, "0");
    await level.batch(Array.from({ length: 10_000 }, (_, i) => ({
      type: "put" as const,
      key: key(i),
      value: "",
    })));
    const commits = db.stats().commits;
    await level.clear({ gte: key(10), limit: 9_000 });
    assert.equal(db.stats().commits - commits, 3);
    const left = await level.keys().all();
    assert.deepEqual(left.slice(8, 12), [key(8), key(9), key(9_010), key(9_011)]);
    assert.equal(left.length, 1_000);
    const snapshot = level.snapshot();
    await level.put("later", "");
    await level.clear({ snapshot });
    assert.deepEqual(await level.keys().all(), ["later"]);
    await snapshot.close();
    assert.equal(db.stats().heldStates, 0);
    await level.close();
  });
});

test("HoldfastLevel: a snapshot of another level is a TypeError", async () => {
  await withStore(async (db) => {
    const one = new HoldfastLevel(db, { name: "one" });
    const two = new HoldfastLevel(db, { name: "two" });
    await one.open();
    await two.open();
    const snapshot = one.snapshot();
    await assert.rejects(two.get("a", { snapshot }), TypeError);
    assert.throws(() => two.iterator({ snapshot }), TypeError);
    await one.close();
    await two.close();
    assert.throws(() => new HoldfastLevel(undefined as unknown as string), TypeError);
  });
});
