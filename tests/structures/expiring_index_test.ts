import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import {
  type Change,
  codec,
  Database,
  type DatabaseOptions,
  expiringIndex,
  exportDatabase,
  importDatabase,
  index,
  type IoAdapter,
  sweepExpired,
} from "../../mod.ts";
import { expiringCodec, LiveCodec } from "../../src/structures/expiring/expiring_value.ts";
import { assertWhole } from "../kernel/checked.ts";

const sessions = expiringIndex("sessions", { key: codec.string, value: codec.u32 });
const locks = expiringIndex("locks", {
  key: codec.string,
  value: codec.string,
  mode: "exclusive",
});
interface User {
  readonly city: string;
  readonly mail: string;
}
const users = expiringIndex("users", {
  key: codec.string,
  value: codec.json<User>(),
  indexes: {
    byCity: { key: codec.string, of: (user) => user.city },
    byMail: { key: codec.string, of: (user) => user.mail, unique: true },
  },
});

/** A clock that stands until it is set. */
interface SetClock {
  now: number;
}

/** Runs `body` on a store with a clock of its own; all structures are compared at the end. */
async function withClock(
  body: (db: Database, clock: SetClock, io: IoAdapter) => Promise<void>,
  options: DatabaseOptions = {},
): Promise<void> {
  const clock = { now: 1000 };
  const io: IoAdapter = { ...memoryIo(), now: () => clock.now };
  const db = await Database.open("/a", { ...options, io });
  await body(db, clock, io);
  const structures = [sessions, locks, users].map((each) => each as never);
  const { problems } = await db.check({ structures });
  assert.deepEqual(problems, []);
  await db.close();
  const again = await Database.open("/a", { io });
  await assertWhole(again);
  await again.close();
}

test("expiringIndex hides what has expired from every read, in all views", async () => {
  await withClock(async (db, clock) => {
    await db.update((tx) => {
      const view = tx.open(sessions);
      view.put("a", 1, { expiresAt: 2000 });
      view.put("b", 2);
      view.put("c", 3, { ttlMs: 2000 });
      view.put("d", 4, { expiresAt: 1500 });
      view.put("past", 5, { expiresAt: 1 });
    });
    const held = db.snapshot();
    const reads = (): unknown[] => {
      const inside = db.begin();
      const all = [db.open(sessions), inside.open(sessions)].map((view) => [
        [..."abcd"].map((key) => view.get(key)),
        view.getMany(["a", "past"]),
        [view.one("a"), view.one("b")],
        [..."abcd"].map((key) => view.has(key)),
        [view.first(), view.last(), view.floor("az"), view.ceiling("a")],
        [view.count(), view.count({ gte: "c" }), view.count({ offset: 1, limit: 2 })],
        [...view.range()],
        [...view.range({ reverse: true, limit: 2 })],
        [...view.keys({ lte: "b" })],
        [...view.values({ offset: 1 })],
        [..."abcd"].map((key) => view.expiresAt(key)),
      ]);
      inside.rollback();
      assert.deepEqual(all[0], all[1]);
      return all[0]!;
    };
    assert.deepEqual(reads(), [
      [1, 2, 3, 4],
      [1, undefined],
      [1, 2],
      [true, true, true, true],
      [["a", 1], ["d", 4], ["a", 1], ["a", 1]],
      [4, 2, 2],
      [["a", 1], ["b", 2], ["c", 3], ["d", 4]],
      [["d", 4], ["c", 3]],
      ["a", "b"],
      [2, 3, 4],
      [2000, Infinity, 3000, 1500],
    ]);
    clock.now = 2000;
    assert.deepEqual(reads(), [
      [undefined, 2, 3, undefined],
      [undefined, undefined],
      [undefined, 2],
      [false, true, true, false],
      [["b", 2], ["c", 3], undefined, ["b", 2]],
      [2, 1, 1],
      [["b", 2], ["c", 3]],
      [["c", 3], ["b", 2]],
      ["b"],
      [3],
      [undefined, Infinity, 3000, undefined],
    ]);
    clock.now = 1e15;
    assert.deepEqual([...db.open(sessions).range()], [["b", 2]]);
    const { length } = [...held.open(sessions).range()];
    assert.deepEqual([length, held.open(sessions).get("a")], [4, 1], "time stands in a snapshot");
    held.release();
  });
});

test("expiringIndex: iterators and transactions keep the time at which they began", async () => {
  await withClock(async (db, clock) => {
    await db.update((tx) => {
      for (const [key, at] of [["a", 2000], ["b", 3000], ["c", 4000]] as const) {
        tx.open(sessions).put(key, at, { expiresAt: at });
      }
    });
    const range = db.open(sessions).range();
    const tx = db.begin();
    assert.equal(tx.open(sessions).get("a"), 2000);
    clock.now = 3500;
    assert.deepEqual([...range].map(([key]) => key), ["a", "b", "c"]);
    assert.deepEqual([...tx.open(sessions).keys()], ["a", "b", "c"]);
    tx.open(sessions).put("d", 1, { ttlMs: 10 });
    assert.equal(
      tx.open(sessions).expiresAt("d"),
      1010,
      "counted from the time of the transaction",
    );
    await tx.commit();
    assert.deepEqual([...db.open(sessions).keys()], ["c"]);
    clock.now = 500;
    assert.equal(db.open(sessions).count(), 4, "a clock that goes back shows what was not swept");
  });
});

test("ExpiringWriter.put gives a time or takes it, update and compareAndSet leave it", async () => {
  await withClock(async (db, clock) => {
    const at = (key: string) => db.open(sessions).expiresAt(key);
    await db.update((tx) => tx.open(sessions).put("n", 1, { expiresAt: 2000 }));
    await db.update((tx) => tx.open(sessions).update("n", (n = 0) => n + 1));
    assert.deepEqual([db.open(sessions).get("n"), at("n")], [2, 2000]);
    await db.update((tx) => assert.ok(tx.open(sessions).compareAndSet("n", 2, 3)));
    assert.deepEqual([db.open(sessions).get("n"), at("n")], [3, 2000]);
    await db.update((tx) => tx.open(sessions).put("n", 4, { expiresAt: 2500 }));
    assert.equal(at("n"), 2500);
    clock.now = 2500;
    await db.update((tx) => {
      const view = tx.open(sessions);
      assert.equal(view.compareAndSet("n", 4, 5), false);
      assert.equal(view.compareAndSet("n", undefined, 6), true, "it counts as not there");
      assert.equal(view.update("m", (n = 10) => n + 1), 11);
    });
    assert.deepEqual([db.open(sessions).get("n"), at("n"), at("m")], [6, Infinity, Infinity]);
    await db.update((tx) => tx.open(sessions).put("n", 7, { ttlMs: 1 }));
    await db.update((tx) => tx.open(sessions).put("n", 8));
    clock.now = 1e15;
    assert.equal(db.open(sessions).get("n"), 8);
    await db.update((tx) => {
      const view = tx.open(sessions);
      view.put("old", 1, { expiresAt: 5 });
      assert.equal(view.remove("old"), false, "it is not there");
      assert.equal(view.remove("n", 9), false);
      assert.equal(view.remove("n"), true);
      view.put("x", 1, { ttlMs: 9 });
      view.put("y", 1, { expiresAt: 5 });
      assert.equal(view.deleteRange({ gte: "x" }), 1);
    });
    assert.deepEqual([...db.open(sessions).range()], [["m", 11]]);
  });
});

test("expiringIndex of mode exclusive takes what has expired as not there", async () => {
  await withClock(async (db, clock) => {
    const take = (owner: string) =>
      db.update((tx) => tx.open(locks).put("printer", owner, { ttlMs: 100 }));
    await take("ann");
    await assert.rejects(take("bob"), { code: "ALREADY_EXISTS" });
    clock.now = 1050;
    await take("ann");
    assert.equal(db.open(locks).expiresAt("printer"), 1100, "an equal value stays as it is");
    clock.now = 1100;
    await take("bob");
    assert.deepEqual([db.open(locks).get("printer"), db.open(locks).expiresAt("printer")], [
      "bob",
      1200,
    ]);
    await assert.rejects(take("ann"), { code: "ALREADY_EXISTS" });
  });
});

test("expiringIndex hides records in secondary indexes, and frees their unique keys", async () => {
  await withClock(async (db, clock) => {
    await db.update((tx) => {
      const view = tx.open(users);
      view.put("ann", { city: "Oslo", mail: "a@x" }, { expiresAt: 2000 });
      view.put("bob", { city: "Oslo", mail: "b@x" });
      view.put("cid", { city: "Rome", mail: "c@x" }, { expiresAt: 3000 });
    });
    const cities = (): unknown => {
      const by = db.open(users).by("byCity");
      return [
        by.get("Oslo").map(([key]) => key),
        by.one("Oslo")?.[0],
        by.has("Rome"),
        by.count(),
        by.count({ gte: "P" }),
        [...by.range({ reverse: true })].map(([city, key, { mail }]) => `${city} ${key} ${mail}`),
        [...by.keys({ limit: 1 })],
      ];
    };
    const range = db.open(users).by("byCity").range();
    assert.deepEqual(cities(), [
      ["ann", "bob"],
      "ann",
      true,
      3,
      1,
      ["Rome cid c@x", "Oslo bob b@x", "Oslo ann a@x"],
      [["Oslo", "ann"]],
    ]);
    clock.now = 2000;
    assert.deepEqual(cities(), [
      ["bob"],
      "bob",
      true,
      2,
      1,
      ["Rome cid c@x", "Oslo bob b@x"],
      [["Oslo", "bob"]],
    ]);
    assert.equal([...range].length, 3, "an iterator keeps its time");
    await assert.rejects(
      db.update((tx) => tx.open(users).put("dan", { city: "Bonn", mail: "b@x" })),
      { code: "ALREADY_EXISTS" },
    );
    await db.update((tx) => {
      const view = tx.open(users);
      view.put("dan", { city: "Bonn", mail: "a@x" }, { expiresAt: 2500 });
      assert.deepEqual(view.by("byMail").one("a@x")?.[0], "dan");
      assert.deepEqual(view.verify().problems, []);
    });
    clock.now = 2600;
    await db.update((tx) => tx.open(users).put("dan", { city: "Kiel", mail: "d@x" }));
    assert.equal(db.open(users).by("byMail").one("a@x"), undefined);
    assert.deepEqual(db.open(users).by("byCity").get("Kiel").map(([key]) => key), ["dan"]);
    assert.throws(() => db.open(users).by("expiry" as never), RangeError);
    clock.now = 1e15;
    assert.equal(await sweepExpired(db, users), 1);
    assert.deepEqual([...db.open(users).keys()], ["bob", "dan"]);
    assert.deepEqual(db.open(users).verify(), { ok: true, problems: [] });
  });
});

test("sweepExpired removes what has expired and nothing else, in transactions of bounded size", async () => {
  await withClock(async (db, clock) => {
    await db.update((tx) => {
      for (let n = 0; n < 250; n++) {
        tx.open(sessions).put(`${n}`, n, n % 5 === 0 ? {} : { expiresAt: 2000 + n });
      }
    });
    assert.equal(await sweepExpired(db, sessions), 0);
    clock.now = 2100;
    const visible = [...db.open(sessions).range()];
    const changes = db.watch(sessions);
    const entries = () => db.structures().map(({ name, entries: count }) => `${name} ${count}`);
    assert.deepEqual(entries(), ["sessions 250", "sessions#expiry 200"]);
    const before = db.stats().commits;
    assert.equal(await sweepExpired(db, sessions, { batch: 30 }), 80);
    assert.equal(db.stats().commits - before, 3);
    assert.deepEqual(entries(), ["sessions 170", "sessions#expiry 120"]);
    assert.deepEqual([...db.open(sessions).range()], visible);
    const told: Change<string, number>[] = [];
    while (told.length < 80) told.push((await changes.next()).value!);
    await changes.return?.();
    assert.ok(told.every(({ kind, value }) => kind === "remove" && value === undefined));
    assert.deepEqual(told.map(({ key }) => Number(key)).sort((a, b) => a - b).slice(0, 5), [
      1,
      2,
      3,
      4,
      6,
    ]);
    await db.update((tx) => {
      tx.open(sessions).put("101", 1);
      clock.now = 2101;
      assert.equal(tx.open(sessions).sweep(), 0, "it has another time by now");
    });
    clock.now = 1e15;
    const first = await db.update((tx) => tx.open(sessions).sweep(1));
    assert.deepEqual([first, await sweepExpired(db, sessions)], [1, 118]);
    assert.deepEqual(entries(), ["sessions 51", "sessions#expiry 0"]);
    await assert.rejects(sweepExpired(db, sessions, { batch: 0 }), RangeError);
    const control = new AbortController();
    control.abort(new RangeError("enough"));
    await assert.rejects(sweepExpired(db, sessions, { signal: control.signal }), {
      message: "enough",
    });
  });
});

test("ExpiringWriter.sweep of what somebody else prolongs meanwhile is a conflict, and runs again", async () => {
  await withClock(async (db, clock) => {
    await db.update((tx) => {
      tx.open(sessions).put("a", 1, { expiresAt: 2000 });
      tx.open(sessions).put("b", 2, { expiresAt: 2000 });
    });
    clock.now = 2000;
    for (const isolation of ["snapshot", "last-win", "serializable"] as const) {
      const tx = db.begin({ isolation });
      assert.equal(tx.open(sessions).sweep(), 2);
      await db.update((other) => other.open(sessions).put("a", 3, { expiresAt: 2000 }));
      await assert.rejects(tx.commit(), { code: "CONFLICT" });
    }
    await db.update((tx) => tx.open(sessions).put("a", 3, { expiresAt: 9000 }));
    assert.equal(await sweepExpired(db, sessions), 1);
    assert.equal(db.open(sessions).get("a"), 3);
  });
});

test("expiringIndex keeps its times over reopening; watches and large values show none", async () => {
  const clock = { now: 1000 };
  const io: IoAdapter = { ...memoryIo(), now: () => clock.now };
  const blobs = expiringIndex("blobs", { key: codec.u32, value: codec.bytes });
  const large = new Uint8Array(200_000).fill(7);
  const small = large.slice(0, 3);
  const db = await Database.open("/a", { io });
  const changes = db.watch(blobs);
  await db.update((tx) => {
    tx.open(blobs).put(1, large, { expiresAt: 2000 });
    tx.open(blobs).put(2, small);
  });
  assert.deepEqual((await changes.next()).value?.value, large);
  assert.deepEqual((await changes.next()).value?.value, small);
  await db.close();
  const again = await Database.open("/a", { io });
  assert.deepEqual(again.open(blobs).get(1), large);
  assert.deepEqual([...again.open(blobs).values()], [large, small]);
  clock.now = 2000;
  assert.equal(again.open(blobs).get(1), undefined);
  assert.deepEqual([...again.open(blobs).values()], [small]);
  assert.equal(await sweepExpired(again, blobs), 1);
  await assertWhole(again);
  await again.update((tx) => tx.drop(blobs));
  assert.deepEqual(again.structures(), []);
  await again.close();
});

test("expiringIndex goes through exports with its times", async () => {
  for (const format of ["jsonl", "binary"] as const) {
    await withClock(async (db, clock) => {
      await db.update((tx) => {
        tx.open(users).put("ann", { city: "Oslo", mail: "a@x" }, { expiresAt: 2000 });
        tx.open(users).put("bob", { city: "Rome", mail: "b@x" });
        tx.open(users).put("old", { city: "Rome", mail: "o@x" }, { expiresAt: 1 });
      });
      const io: IoAdapter = { ...memoryIo(), now: () => clock.now };
      const copy = await Database.open("/copy", { io });
      await importDatabase(copy, exportDatabase(db, { format }));
      assert.deepEqual([...copy.open(users).keys()], ["ann", "bob"]);
      assert.equal(copy.open(users).expiresAt("ann"), 2000);
      assert.deepEqual(copy.open(users).verify(), { ok: true, problems: [] });
      clock.now = 2000;
      assert.equal(await sweepExpired(copy, users), 2);
      assert.deepEqual(copy.open(users).by("byCity").get("Rome").map(([key]) => key), ["bob"]);
      await assertWhole(copy);
      await copy.close();
    });
  }
});

test("expiringIndex refuses wrong options, and to be opened as another index", async () => {
  await withClock(async (db) => {
    const put = (expiry: object) => db.update((tx) => tx.open(sessions).put("a", 1, expiry));
    await assert.rejects(put({ expiresAt: 1, ttlMs: 1 }), TypeError);
    await assert.rejects(put({ ttl: 1 }), TypeError);
    for (const wrong of [0, -1, 1.5, Infinity, NaN]) {
      await assert.rejects(put({ expiresAt: wrong }), RangeError);
      await assert.rejects(put({ ttlMs: wrong }), RangeError);
    }
    await put({ ttlMs: Number.MAX_SAFE_INTEGER });
    const { MAX_SAFE_INTEGER } = Number;
    assert.equal(db.open(sessions).expiresAt("a"), MAX_SAFE_INTEGER);
    const [key, value] = [codec.string, codec.u32];
    assert.throws(() => db.open(index("sessions", { key, value })), { code: "TYPE_MISMATCH" });
    await db.update((tx) => tx.open(index("plain", { key, value })).put("a", 1));
    assert.throws(() => db.open(expiringIndex("plain", { key, value })), { code: "TYPE_MISMATCH" });
    assert.throws(() => expiringIndex("x", { key, value, mode: "cluster" as never }), TypeError);
    assert.throws(() => expiringIndex("x", { key: codec.json() as never, value }), TypeError);
    assert.throws(() => expiringIndex("x", { key, value: undefined as never }), TypeError);
    const of = (n: number) => n;
    assert.throws(
      () => expiringIndex("x", { key, value, indexes: { expiry: { key: codec.u32, of } } }),
      TypeError,
    );
    assert.throws(
      () => expiringIndex("x", { key, value, indexes: { by: { key, of: 1 as never } } }),
      TypeError,
    );
  });
});

test("expiringIndex gets and loses secondary indexes, and rebuilds them", async () => {
  await withClock(async (db) => {
    const plain = expiringIndex("users", { key: codec.string, value: codec.json<User>() });
    await db.update((tx) => {
      tx.open(plain).put("ann", { city: "Oslo", mail: "a@x" }, { expiresAt: 2000 });
      tx.open(plain).put("bob", { city: "Rome", mail: "b@x" });
    });
    await db.update((tx) => void tx.open(users));
    assert.deepEqual(db.open(users).by("byCity").get("Oslo").map(([key]) => key), ["ann"]);
    assert.equal(db.open(users).expiresAt("ann"), 2000);
    await db.update((tx) => tx.open(users).rebuild("byCity"));
    await db.update((tx) => void tx.open(plain));
    assert.deepEqual(db.structures().map(({ name }) => name), ["users", "users#expiry"]);
    await db.update((tx) => void tx.open(users));
  });
});

test("expiringCodec refuses bytes that it cannot have written", () => {
  const kept = expiringCodec(codec.u32);
  const live = new LiveCodec(codec.u32, 0);
  // Nothing, half a time, a time longer than it must be, one above 2^53 - 1, a value cut off.
  const long = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0];
  for (const bad of [[], [0x80], [0x80, 0, 0, 0, 0, 0], long, [0, 0, 0]]) {
    const bytes = Uint8Array.from(bad);
    for (const each of [kept, live]) {
      assert.throws(() => each.decode(bytes, 0, bytes.length), { code: "CORRUPT_VALUE" });
    }
  }
});
