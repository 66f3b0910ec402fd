import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import {
  type Change,
  codec,
  Database,
  type Definition,
  index,
  type IndexAccess,
  recordLog,
  segment,
} from "../../mod.ts";
import { bytes, withStore } from "./checked.ts";
import { all, bare } from "./watched.ts";

const stock = index("stock", { key: codec.string, value: codec.u32 });
const byCity = index("by-city", { key: codec.string, value: codec.string, mode: "cluster" });
const blobs = index("blobs", { key: codec.u32, value: codec.bytes });
type PlainAccess = Pick<IndexAccess<string, number, number | undefined>, "reader" | "writer">;
const notes = segment("notes");
const audit = recordLog("audit");

test("Database.watch tells committed changes in the order of commits, and ends at close", async () => {
  const db = await Database.memory();
  const changes = db.watch(stock);
  await db.update((tx) => tx.open(stock).put("bolts", 1));
  await db.update((tx) => {
    const view = tx.open(stock);
    view.put("nuts", 2);
    view.put("bolts", 3);
    view.put("bolts", 4);
    view.put("screws", 5);
    view.remove("screws");
  });
  await db.update((tx) => tx.open(stock).remove("nuts"));
  await db.update((tx) => tx.open(byCity).put("Oslo", "ann"));
  const begun = db.begin();
  begun.open(stock).put("lost", 9);
  begun.rollback();
  await Promise.all([1, 2, 3].map((n) => db.update((tx) => tx.open(stock).put(`many ${n}`, n))));
  await db.close();
  const seen = await all(changes);
  assert.deepEqual(seen.map(bare), [
    ["put", "bolts", 1],
    ["put", "bolts", 4],
    ["put", "nuts", 2],
    ["remove", "screws", undefined],
    ["remove", "nuts", undefined],
    ["put", "many 1", 1],
    ["put", "many 2", 2],
    ["put", "many 3", 3],
  ]);
  const sequences = seen.map(({ sequence }) => sequence);
  const first = sequences[0]!;
  assert.deepEqual(sequences.map((sequence) => sequence - first), [0, 1, 1, 1, 2, 4, 5, 6]);
  assert.deepEqual(await changes.next(), { done: true, value: undefined });
  assert.throws(() => db.watch(stock), { code: "CLOSED" });
});

test("Database.watch tells a change only when plain reads see it, and durably", async () => {
  const disk = new SimulatedDisk({ seed: 1, syncMilliseconds: 5 });
  const db = await Database.open("/a", { io: disk.io });
  const changes = db.watch(stock);
  for (let n = 0; n < 20; n++) {
    const taken = changes.next();
    const done = db.update((tx) => tx.open(stock).put("n", n));
    assert.notEqual(db.open(stock).get("n"), n);
    const { value } = await taken;
    assert.equal(value?.value, n);
    assert.equal(db.open(stock).get("n"), n);
    const crashed = await Database.open("/a", { io: disk.crash("nothing kept").io });
    assert.equal(crashed.open(stock).get("n"), n);
    await crashed.close();
    await done;
  }
  await db.close();
});

test("Database.watch tells a commit that is too large for the log, after its checkpoint", async () => {
  const io = memoryIo();
  const db = await Database.open("/a", { io, logBytes: 256 * 1024 });
  const early = db.watch(blobs);
  const next = early.next();
  const done = db.update((tx) => {
    for (let key = 0; key < 10; key++) tx.open(blobs).put(key, new Uint8Array(30_000).fill(key));
  });
  const late = db.watch(blobs);
  const { value } = await next;
  assert.deepEqual(db.open(blobs).get(9), new Uint8Array(30_000).fill(9));
  assert.deepEqual([value?.key, value?.value?.length], [0, 30_000]);
  await done;
  await db.close();
  assert.deepEqual((await all(early)).map(({ key }) => key), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal((await all(late)).length, 10);
});

test("Database.watch is narrowed to a key or a range", async () => {
  const db = await Database.memory();
  const key = db.watch(stock, { key: "b" });
  const closed = db.watch(stock, { gte: "b", lte: "c" });
  const open = db.watch(stock, { gt: "b", lt: "d" });
  const prefixed = db.watch(stock, { prefix: "b" });
  const pairs = db.watch(byCity, { key: "Oslo" });
  const behind = db.watch(byCity, { gt: "Oslo" });
  await db.update((tx) => {
    for (const name of ["a", "b", "bb", "c", "d"]) tx.open(stock).put(name, 1);
    for (const city of ["Oslo", "Oslo II", "Bergen"]) tx.open(byCity).put(city, "ann");
    tx.open(byCity).put("Oslo", "bob");
  });
  await db.update((tx) => tx.open(byCity).remove("Oslo", "ann"));
  await db.close();
  const keys = async (changes: AsyncIterable<Change<string, unknown>>): Promise<string[]> =>
    (await all(changes)).map((change) => change.key);
  assert.deepEqual(await keys(key), ["b"]);
  assert.deepEqual(await keys(closed), ["b", "bb", "c"]);
  assert.deepEqual(await keys(open), ["bb", "c"]);
  assert.deepEqual(await keys(prefixed), ["b", "bb"]);
  assert.deepEqual((await all(pairs)).map(bare), [
    ["put", "Oslo", "ann"],
    ["put", "Oslo", "bob"],
    ["remove", "Oslo", "ann"],
  ]);
  assert.deepEqual(await keys(behind), ["Oslo II"]);
});

test("Database.watch refuses wrong options at the call", async () => {
  await withStore(async (db) => {
    const wrong: [() => unknown, new () => Error][] = [
      [() => db.watch(stock, { key: "a", gt: "b" }), TypeError],
      [() => db.watch(stock, { gt: "a", gte: "b" }), TypeError],
      [() => db.watch(stock, { prefx: "a" } as never), TypeError],
      [() => db.watch(audit, { key: 1 } as never), TypeError],
      [() => db.watch(notes, { gt: 1 } as never), TypeError],
      [() => db.watch(stock, { limit: 0 }), RangeError],
      [() => db.watch(stock, { limitBytes: 1.5 }), RangeError],
    ];
    for (const [call, kind] of wrong) assert.throws(call, kind);
    await db.update((tx) => tx.open(stock).put("a", 1));
    const other = index("stock", { key: codec.string, value: codec.string });
    assert.throws(() => db.watch(other), { code: "TYPE_MISMATCH" });
  });
});

test("Database.watch tells records, log entries and large values as their structures do", async () => {
  await withStore(async (db) => {
    const [records, entries, values] = [db.watch(notes), db.watch(audit), db.watch(blobs)];
    const large = new Uint8Array(300_000).fill(3);
    const id = await db.update((tx) => {
      tx.open(audit).append(bytes("zero"));
      tx.open(audit).append(bytes("one"));
      tx.open(blobs).put(7, large);
      return tx.open(notes).insert(bytes("hello"));
    });
    await db.update((tx) => {
      tx.open(audit).trim(2);
      tx.open(notes).delete(id);
    });
    const take = async <C>(changes: AsyncIterator<C>, count: number): Promise<C[]> => {
      const taken: C[] = [];
      while (taken.length < count) taken.push((await changes.next()).value);
      await changes.return?.();
      return taken;
    };
    assert.deepEqual((await take(records, 2)).map(bare), [
      ["put", id, bytes("hello")],
      ["remove", id, undefined],
    ]);
    assert.deepEqual((await take(entries, 4)).map(bare), [
      ["put", 0, bytes("zero")],
      ["put", 1, bytes("one")],
      ["remove", 0, undefined],
      ["remove", 1, undefined],
    ]);
    assert.deepEqual((await take(values, 1)).map(bare), [["put", 7, large]]);
  });
});

test("Database.watch tells a structure without a feed as bytes of its tree", async () => {
  const { feed: _feed, ...rest } = stock;
  const plain = rest as Definition<PlainAccess>;
  const db = await Database.memory();
  const changes = db.watch(plain);
  assert.throws(() => db.watch(plain, { key: "a" } as never), TypeError);
  await db.update((tx) => tx.open(plain).put("a", 1));
  await db.close();
  const [change] = await all(changes);
  assert.deepEqual(change?.key, bytes("a"));
});

test("Database.watch of one who is too slow yields what waits, and then fails with LAGGED", async () => {
  const db = await Database.memory();
  const byCount = db.watch(stock, { limit: 3 });
  const byBytes = db.watch(blobs, { limitBytes: 1000 });
  for (let n = 0; n < 5; n++) {
    await db.update((tx) => {
      tx.open(stock).put(`${n}`, n);
      tx.open(blobs).put(n, new Uint8Array(600));
    });
  }
  const keys: string[] = [];
  await assert.rejects(
    (async (): Promise<void> => {
      for await (const { key } of byCount) keys.push(key);
    })(),
    { code: "LAGGED", name: "StateError" },
  );
  assert.deepEqual(keys, ["0", "1", "2"]);
  await assert.rejects(byCount.next(), { code: "LAGGED" }, "it stays failed");
  assert.equal((await byBytes.next()).value?.key, 0);
  assert.equal((await byBytes.next()).value?.key, 1);
  await assert.rejects(byBytes.next(), { code: "LAGGED" });
  const other = db.watch(stock, { limit: 3 });
  for (let n = 0; n < 1000; n++) {
    await db.update((tx) => tx.open(stock).put("x", n));
    assert.equal((await other.next()).value?.value, n, "who keeps up is never refused");
  }
  await db.close();
});

test("Database.watch fails at a change that cannot be decoded, and tells none behind it", async () => {
  const db = await Database.memory();
  const feed = stock.feed!;
  const changes = db.watch({
    ...stock,
    feed: {
      ...feed,
      decode(change, tree) {
        const told = feed.decode(change, tree);
        if (told.key === "b") throw new RangeError("no b");
        return told;
      },
    },
  });
  const [first, second] = [changes.next(), changes.next()];
  const refused = assert.rejects(second, RangeError);
  await db.update((tx) => {
    for (const key of ["a", "b", "c"]) tx.open(stock).put(key, 1);
  });
  assert.equal((await first).value?.key, "a");
  await refused;
  await assert.rejects(changes.next(), RangeError, "it stays failed");
  await db.close();
});

test("Database.watch ends by break, return, throw and signal, for those who wait too", async () => {
  const db = await Database.memory();
  const put = (n: number) => db.update((tx) => tx.open(stock).put(`${n}`, n));
  const left = db.watch(stock);
  await put(1);
  await put(2);
  for await (const { value } of left) {
    assert.equal(value, 1);
    break;
  }
  assert.equal((await left.next()).done, true, "what waited is dropped");

  const returned = db.watch(stock);
  const waits = [returned.next(), returned.next()];
  await put(3);
  await returned.return?.();
  assert.deepEqual((await Promise.all(waits)).map(({ done }) => done), [false, true]);

  const thrown = db.watch(stock);
  await assert.rejects(thrown.throw!(new RangeError("enough")), RangeError);
  await assert.rejects(thrown.next(), RangeError);
  await thrown.return?.();
  await assert.rejects(thrown.next(), RangeError, "only the first end counts");

  const control = new AbortController();
  const signalled = db.watch(stock, { signal: control.signal });
  await put(4);
  assert.equal((await signalled.next()).value?.value, 4);
  const waiting = signalled.next();
  control.abort(new RangeError("stop"));
  await assert.rejects(waiting, RangeError);
  await put(5);
  await assert.rejects(signalled.next(), RangeError);
  assert.throws(() => db.watch(stock, { signal: control.signal }), RangeError);

  const last = db.watch(stock);
  const end = last.next();
  await db.close();
  assert.equal((await end).done, true, "close ends those who wait");
});

test("Database.watch of a structure that is created later, as another one too", async () => {
  const db = await Database.memory();
  const early = db.watch(stock);
  const other = db.watch(index("stock", { key: codec.string, value: codec.string }));
  await db.update((tx) => tx.open(byCity).put("Oslo", "ann"));
  await db.update((tx) => {
    tx.open(stock).put("gone with its commit", 0);
    tx.drop(stock);
  });
  await db.update((tx) => tx.open(stock).put("a", 1));
  assert.deepEqual(bare((await early.next()).value!), ["put", "a", 1]);
  await assert.rejects(other.next(), { code: "TYPE_MISMATCH" });
  await db.close();
});

test("Database.watch fails with POISONED when the store can acknowledge nothing more", async () => {
  const disk = new SimulatedDisk({ seed: 2 });
  const db = await Database.open("/a", { io: disk.io });
  const changes = db.watch(stock);
  await db.update((tx) => tx.open(stock).put("kept", 1));
  disk.fail({ operation: "sync" });
  await assert.rejects(db.update((tx) => tx.open(stock).put("lost", 2)));
  assert.equal((await changes.next()).value?.key, "kept");
  await assert.rejects(changes.next(), { code: "POISONED" });
  assert.throws(() => db.watch(stock), { code: "POISONED" });
  await db.close();
});

test("Database.watch of a read-only database yields nothing and ends at close", async () => {
  const io = memoryIo();
  await (await Database.open("/a", { io })).close();
  const db = await Database.open("/a", { io, readOnly: true });
  const end = db.watch(stock).next();
  await db.close();
  assert.equal((await end).done, true);
});
