import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, type Definition, index, type Reader } from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { Prng } from "../../src/base/prng.ts";
import { withStore } from "../kernel/checked.ts";

interface User {
  readonly city?: string;
  readonly mail: number;
  readonly tags: readonly number[];
}

const VALUE = codec.json<User>();

const users = index("users", {
  key: codec.u8,
  value: VALUE,
  indexes: {
    byCity: { key: codec.string, of: (user) => user.city },
    byMail: { key: codec.u32, of: (user) => user.mail, unique: true },
    byTag: { key: codec.desc(codec.u8), of: (user) => user.tags, multi: true },
    byPlace: {
      key: codec.tuple(codec.string, codec.u8),
      of: (user, key): [string, number] => [user.city ?? "", key],
    },
  },
});

/** What both views have. */
type Reads = typeof users extends Definition<infer A> ? Reader<A> : never;

const EXISTS = { name: "StateError", code: "ALREADY_EXISTS" };
const CITIES = ["Bern", "Oslo", "Oslo\u0000", "Os", undefined];

/** What byTag is to yield: from high to low tags, then by key. */
function tagged(model: ReadonlyMap<number, User>): [number, number, User][] {
  const found: [number, number, User][] = [];
  for (const [key, user] of model) {
    for (const tag of new Set(user.tags)) found.push([tag, key, user]);
  }
  return found.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
}

test("index.by finds records by what is in them, and follows every change", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      const view = tx.open(users);
      view.put(1, { city: "Oslo", mail: 1, tags: [7, 9, 7] });
      view.put(2, { city: "Oslo", mail: 2, tags: [] });
      view.put(3, { mail: 3, tags: [9] });
      assert.deepEqual([...view.by("byCity").keys()], [["Oslo", 1], ["Oslo", 2]]);
    });
    const view = db.open(users);
    assert.deepEqual(view.by("byCity").get("Oslo").map(([key]) => key), [1, 2]);
    assert.deepEqual(view.by("byCity").one("Oslo"), [1, {
      city: "Oslo",
      mail: 1,
      tags: [7, 9, 7],
    }]);
    assert.equal(view.by("byCity").one("Bern"), undefined);
    assert.deepEqual(view.by("byTag").get(9).map(([key]) => key), [1, 3]);
    assert.deepEqual([...view.by("byTag").keys()], [[9, 1], [9, 3], [7, 1]]);
    assert.deepEqual([...view.by("byTag").keys({ gt: 9 })], [[7, 1]]);
    assert.deepEqual(view.by("byMail").get(3), [[3, { mail: 3, tags: [9] }]]);
    assert.deepEqual([...view.by("byPlace").keys({ prefix: ["Oslo"] })], [[["Oslo", 1], 1], [
      ["Oslo", 2],
      2,
    ]]);
    assert.equal(view.by("byMail").has(4), false);
    assert.equal(view.by("byCity").count(), 2);
    assert.equal(view.by("byCity").count({ gt: "Oslo" }), 0);
    assert.equal(view.count(), 3, "entries of indexes are no records");
    await db.update((tx) => {
      tx.open(users).compareAndSet(1, view.get(1), { city: "Bern", mail: 1, tags: [8] });
      tx.open(users).update(2, () => undefined);
      tx.open(users).deleteRange({ gte: 3 });
      tx.open(users).remove(9);
    });
    assert.deepEqual([...view.by("byCity").keys()], [["Bern", 1]]);
    assert.deepEqual([...view.by("byTag").keys()], [[8, 1]]);
    assert.deepEqual([...view.by("byMail").range()], [[1, 1, {
      city: "Bern",
      mail: 1,
      tags: [8],
    }]]);
    assert.deepEqual(view.verify(), { ok: true, problems: [] });
    assert.throws(() => view.by("byAge" as "byTag"), RangeError);
  });
});

for (const seed of [1, 2, 3]) {
  test(`index.by equals a model under random changes, seed ${seed}`, async () => {
    const random = new Prng(seed);
    const io = memoryIo();
    let db = await Database.open("/users.hold", { io });
    let committed = new Map<number, User>();

    const userOf = (): User => {
      const city = CITIES[random.below(CITIES.length)];
      const tags = Array.from({ length: random.below(4) }, () => 253 + random.below(3));
      return { ...(city === undefined ? {} : { city }), mail: random.below(40), tags };
    };
    const assertAs = (view: Reads, model: Map<number, User>): void => {
      const sorted = [...model].sort((a, b) => a[0] - b[0]);
      for (const city of CITIES) {
        if (city === undefined) continue;
        const expected = sorted.filter(([, user]) => user.city === city);
        assert.deepEqual(view.by("byCity").get(city), expected);
      }
      const tags = tagged(new Map(sorted));
      assert.deepEqual([...view.by("byTag").range()], tags);
      const reversed = view.by("byTag").range({ reverse: true, limit: 3 });
      assert.deepEqual([...reversed], tags.toReversed().slice(0, 3));
      const mails = sorted.map(([key, user]) => [user.mail, key] as [number, number]);
      assert.deepEqual([...view.by("byMail").keys()], mails.sort((a, b) => a[0] - b[0]));
      assert.deepEqual(view.verify().problems, []);
    };
    const change = (tx: ReturnType<Database["begin"]>, model: Map<number, User>): void => {
      const view = tx.open(users);
      const key = random.below(25);
      const draw = random.below(10);
      if (draw < 6) {
        const user = userOf();
        const holder = [...model].find(([other, { mail }]) => mail === user.mail && other !== key);
        if (holder !== undefined) return assert.throws(() => view.put(key, user), EXISTS);
        view.put(key, user);
        model.set(key, user);
      } else if (draw < 8) {
        assert.equal(view.remove(key), model.delete(key));
      } else {
        assert.equal(
          view.deleteRange({ gte: key, lt: key + 3 }),
          [key, key + 1, key + 2].filter((each) => model.delete(each)).length,
        );
      }
    };

    for (let step = 0; step < 40; step++) {
      const model = new Map(committed);
      const pending: Promise<void>[] = [];
      for (let overtaken = random.below(3); overtaken >= 0; overtaken--) {
        const tx = db.begin();
        for (let count = random.below(8); count >= 0; count--) change(tx, model);
        assertAs(tx.open(users), model);
        const savepoint = tx.savepoint();
        const lost = new Map(model);
        for (let count = random.below(8); count > 0; count--) change(tx, lost);
        assertAs(tx.open(users), lost);
        savepoint.rollback();
        assertAs(tx.open(users), model);
        if (random.below(10) === 0) tx.open(users).rebuild("byTag");
        pending.push(tx.commit());
      }
      assertAs(db.open(users), committed);
      await Promise.all(pending);
      committed = model;
      assertAs(db.open(users), committed);
      if (random.below(15) === 0) {
        await db.close();
        db = await Database.open("/users.hold", { io });
      }
    }
    assert.equal(db.stats().heldStates, 0);
    assert.deepEqual((await db.check()).problems, []);
    await db.close();
  });
}

test("index.by: iterators see keys and records of one moment, and let go of it", async () => {
  await withStore(async (db) => {
    const all: [string, number, User][] = [];
    await db.update((tx) => {
      for (let key = 0; key < 200; key++) {
        const user = { city: "Oslo", mail: key, tags: [] };
        tx.open(users).put(key, user);
        all.push(["Oslo", key, user]);
      }
    });
    const entries = db.open(users).by("byCity").range();
    const seen = [entries.next().value];
    await db.update((tx) => {
      tx.open(users).deleteRange({ lt: 150 });
      tx.open(users).put(160, { city: "Bern", mail: 160, tags: [] });
    });
    await db.checkpoint();
    assert.deepEqual([...seen, ...entries], all);
    assert.equal(db.stats().heldStates, 0);
    for (const _ of db.open(users).by("byCity").range()) break;
    assert.equal(db.stats().heldStates, 0);
    assert.equal(db.open(users).by("byCity").count(), 50);

    const tx = db.begin();
    tx.open(users).put(1, { city: "Oslo", mail: 1, tags: [] });
    let removed = 0;
    for (const [, key, user] of tx.open(users).by("byCity").range()) {
      assert.equal(user.mail, key);
      removed += tx.open(users).deleteRange({ gte: key, lte: key + 1 });
    }
    assert.equal(removed, 51, "what is removed meanwhile is yielded still");
    assert.equal(tx.open(users).by("byCity").count(), 0);
    await tx.commit();
    assert.deepEqual([...db.open(users).keys()], []);
  });
});

test("index.by: a snapshot has the entries of its moment", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(users).put(1, { city: "Oslo", mail: 1, tags: [] }));
    const snapshot = db.snapshot();
    await db.update((tx) => tx.open(users).put(1, { city: "Bern", mail: 1, tags: [] }));
    assert.deepEqual([...snapshot.open(users).by("byCity").keys()], [["Oslo", 1]]);
    assert.deepEqual(snapshot.open(users).verify().problems, []);
    assert.deepEqual([...db.open(users).by("byCity").keys()], [["Bern", 1]]);
    snapshot.release();
  });
});

test("unique: ALREADY_EXISTS at once and nothing changes; CONFLICT between transactions", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      const view = tx.open(users);
      view.put(1, { mail: 1, tags: [] });
      assert.throws(() => view.put(2, { city: "Oslo", mail: 1, tags: [1] }), EXISTS);
      assert.throws(() => view.compareAndSet(2, undefined, { mail: 1, tags: [] }), EXISTS);
      assert.throws(() => view.update(2, () => ({ mail: 1, tags: [] })), EXISTS);
      assert.equal(view.has(2), false);
      assert.equal(view.by("byCity").count() + view.by("byTag").count(), 0);
      view.put(1, { city: "Bern", mail: 1, tags: [] });
      view.remove(1);
      view.put(2, { mail: 1, tags: [] });
    });
    const one = db.begin();
    const two = db.begin();
    one.open(users).put(3, { mail: 5, tags: [] });
    two.open(users).put(4, { mail: 5, tags: [] });
    await one.commit();
    await assert.rejects(two.commit(), { code: "CONFLICT" });
    let runs = 0;
    const again = db.update(async (tx) => {
      runs++;
      tx.open(users).put(6, { mail: 6, tags: [] });
      if (runs === 1) await db.update((other) => other.open(users).put(7, { mail: 6, tags: [] }));
    });
    await assert.rejects(again, EXISTS);
    assert.equal(runs, 2);
    assert.deepEqual([...db.open(users).by("byMail").keys()], [[1, 2], [5, 3], [6, 7]]);
    assert.deepEqual(db.open(users).verify().problems, []);
  });
});

test("index.put: what `of` or its codec refuses changes nothing", async () => {
  await withStore(async (db) => {
    const strict = index("strict", {
      key: codec.u8,
      value: codec.string,
      indexes: {
        plain: { key: codec.string, of: (value) => value },
        byte: { key: codec.u8, of: (value) => Number(value) },
        short: {
          key: codec.string,
          of: (value) => {
            if (value === "7") throw new Error("no sevens");
            return value.repeat(500);
          },
        },
      },
    });
    await db.update((tx) => {
      const view = tx.open(strict);
      view.put(1, "1");
      assert.throws(() => view.put(1, "7"), { message: "no sevens" });
      assert.throws(() => view.put(1, "256"), RangeError);
      assert.throws(() => view.put(1, "22"), { code: "TOO_LARGE" });
      assert.equal(view.get(1), "1");
      assert.deepEqual([...view.by("plain").range()], [["1", 1, "1"]]);
      assert.deepEqual(view.verify().problems, []);
    });
  });
});

test("index.put: `of` may read the database it is called from", async () => {
  await withStore(async (db) => {
    const places = index("places", { key: codec.string, value: codec.string });
    await db.update((tx) => {
      for (const city of ["Oslo", "Bern"]) tx.open(places).put(city, `${city}, `.repeat(30));
    });
    const people = index("people", {
      key: codec.string,
      value: codec.string,
      indexes: { byPlace: { key: codec.string, of: (city) => db.open(places).get(city) } },
    });
    await db.update((tx) => {
      tx.open(people).put("ann", "Oslo");
      tx.open(people).put("bob", "Bern");
      tx.open(people).remove("ann");
    });
    assert.deepEqual([...db.open(people).range()], [["bob", "Bern"]]);
    assert.deepEqual([...db.open(people).by("byPlace").keys()], [["Bern, ".repeat(30), "bob"]]);
  });
});

test("index.rebuild makes what a new rule asks for; a change beside it is a conflict", async () => {
  await withStore(async (db) => {
    const by = (of: (value: string) => string | undefined, unique = false) =>
      index("words", {
        key: codec.u8,
        value: codec.string,
        indexes: { rule: { key: codec.string, of, unique } },
      });
    const first = by((word) => word[0]);
    const last = by((word) => word.at(-1));
    await db.update((tx) => {
      ["alpha", "beta", "gamma", "delt"].forEach((word, key) => tx.open(first).put(key, word));
    });
    const report = db.open(last).verify();
    assert.equal(report.ok, false);
    assert.equal(report.problems.length, 6, "alpha begins and ends with the same letter");
    assert.equal(report.problems[0]!.code, "INVARIANT");

    const tx = db.begin();
    tx.open(last).rebuild("rule");
    assert.deepEqual(tx.open(last).verify().problems, []);
    await db.update((other) => other.open(first).put(9, "omega"));
    await assert.rejects(tx.commit(), { code: "CONFLICT" });

    await db.update((again) => again.open(last).rebuild("rule"));
    assert.deepEqual([...db.open(last).by("rule").keys()], [
      ["a", 0],
      ["a", 1],
      ["a", 2],
      ["a", 9],
      ["t", 3],
    ]);
    assert.deepEqual(db.open(last).verify().problems, []);
  });
});

test("index.rebuild of a unique index that cannot be changes nothing", async () => {
  await withStore(async (db) => {
    const by = (of: (value: string) => string) =>
      index("words", {
        key: codec.u8,
        value: codec.string,
        indexes: { rule: { key: codec.string, of, unique: true } },
      });
    await db.update((tx) => {
      ["ab", "cb"].forEach((word, key) => tx.open(by((text) => text[0]!)).put(key, word));
      const last = tx.open(by((text) => text[1]!));
      assert.throws(() => last.rebuild("rule"), EXISTS);
      assert.deepEqual([...last.by("rule").keys()], [["a", 0], ["c", 1]]);
    });
  });
});

test("index: TYPE_MISMATCH for a program that does not know the secondary indexes", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(users).put(1, { mail: 1, tags: [] }));
    const other = index("users#byCity", { key: codec.string, value: codec.u8 });
    assert.throws(() => db.open(other), { code: "TYPE_MISMATCH" });
    await assert.rejects(db.update((tx) => void tx.open(other)), { code: "TYPE_MISMATCH" });
    assert.deepEqual(db.begin().list().map(({ name, kind }) => `${kind} ${name}`), [
      "index users",
      "secondary-index users#byCity",
      "secondary-index users#byMail",
      "secondary-index users#byPlace",
      "secondary-index users#byTag",
    ]);
    const fewer = index("users", {
      key: codec.u8,
      value: VALUE,
      mode: "exclusive",
      indexes: { byCity: { key: codec.string, of: (user) => user.city } },
    });
    assert.throws(() => db.open(fewer), { code: "TYPE_MISMATCH" });
    await assert.rejects(db.update((tx) => void tx.open(fewer)), { code: "TYPE_MISMATCH" });
  });
});

test("index: secondary indexes beside mode exclusive; none beside mode cluster", async () => {
  await withStore(async (db) => {
    const once = index("once", {
      key: codec.u8,
      value: codec.string,
      mode: "exclusive",
      indexes: { byText: { key: codec.string, of: (text) => text } },
    });
    await db.update((tx) => {
      tx.open(once).put(1, "a");
      tx.open(once).put(1, "a");
      assert.throws(() => tx.open(once).put(1, "b"), EXISTS);
      assert.equal(tx.open(once).remove(1, "b"), false);
    });
    assert.deepEqual([...db.open(once).by("byText").range()], [["a", 1, "a"]]);
    const byText = { key: codec.string, of: (text: string) => text };
    const bad = (options: object): void => {
      assert.throws(() => index("bad", { ...TEXTS, ...options } as typeof TEXTS), TypeError);
    };
    bad({ mode: "cluster", indexes: { byText } });
    bad({ indexes: { byText: { ...byText, key: codec.json() } } });
    bad({ indexes: { byText: { key: codec.string } } });
  });
});

const TEXTS = { key: codec.u8, value: codec.string };
