/** What an index promises holds at every isolation level, however transactions meet. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, type Database, index, isHoldfastError, type Isolation } from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import { withStore } from "../kernel/checked.ts";

const LEVELS: readonly Isolation[] = [
  "snapshot",
  "serializable",
  "last-win",
  "version-on-write",
  "version-on-read",
];

interface User {
  readonly city: string;
  readonly mail: number;
}

const names = index("names", { key: codec.u8, value: codec.u8, mode: "exclusive" });
const counts = index("counts", { key: codec.u8, value: codec.u32 });
const users = index("users", {
  key: codec.u8,
  value: codec.json<User>(),
  indexes: {
    byCity: { key: codec.string, of: (user) => user.city },
    byMail: { key: codec.u8, of: (user) => user.mail, unique: true },
  },
});

async function setUp(db: Database): Promise<void> {
  await db.update((tx) => {
    void tx.open(names);
    void tx.open(counts);
    for (let key = 0; key < 5; key++) tx.open(users).put(key, { city: "Oslo", mail: key });
  });
}

for (const isolation of LEVELS) {
  test(`exclusive, unique and conditional changes have one winner: ${isolation}`, async () => {
    await withStore(async (db) => {
      await setUp(db);
      const races: Record<string, (tx: ReturnType<Database["begin"]>, mine: number) => void> = {
        exclusive: (tx, mine) => tx.open(names).put(1, mine),
        unique: (tx, mine) => tx.open(users).put(100 + mine, { city: "Bern", mail: 99 }),
        compareAndSet: (tx, mine) => {
          assert.equal(tx.open(counts).compareAndSet(1, undefined, mine), true);
        },
        update: (tx) => void tx.open(counts).update(2, (n = 0) => n + 1),
        "remove a value": (tx) => {
          assert.equal(tx.open(counts).remove(3, 7), true);
        },
      };
      await db.update((tx) => tx.open(counts).put(3, 7));
      for (const [name, race] of Object.entries(races)) {
        const one = db.begin({ isolation });
        const two = db.begin({ isolation });
        race(one, 1);
        race(two, 2);
        await one.commit();
        await assert.rejects(two.commit(), { code: "CONFLICT" }, name);
      }
      assert.equal(db.open(names).get(1), 1);
      assert.deepEqual(db.open(users).by("byMail").get(99), [[101, { city: "Bern", mail: 99 }]]);
      assert.deepEqual(db.open(users).verify().problems, []);
    });
  });

  test(`index.update: what others commit while the function runs is not lost: ${isolation}`, async () => {
    await withStore(async (db) => {
      await setUp(db);
      await db.update((tx) => tx.open(counts).put(1, 1));
      const tx = db.begin({ isolation });
      const updated = Promise.resolve().then(() =>
        tx.open(counts).update(1, (n) => {
          const other = db.begin();
          other.open(counts).put(1, 100);
          other.commitSync();
          return n! + 1;
        })
      );
      await assert.rejects(updated.then(() => tx.commit()), { code: "CONFLICT" });
      tx.rollback();
      assert.equal(db.open(counts).get(1), 100);
    });
  });

  test(`secondary indexes agree with the records after random races: ${isolation}`, async () => {
    const random = new Prng(LEVELS.indexOf(isolation) + 1);
    await withStore(async (db) => {
      await setUp(db);
      let commits = 0;
      for (let round = 0; round < 60; round++) {
        const open = [0, 1, 2].map(() => db.begin({ isolation }));
        for (let step = 0; step < 12; step++) {
          const view = open[random.below(3)]!.open(users);
          const key = random.below(5);
          try {
            if (random.below(4) === 0) view.remove(key);
            else view.put(key, { city: random.below(2) ? "Oslo" : "Bern", mail: random.below(8) });
          } catch (error) {
            if (!isHoldfastError(error) || error.code !== "ALREADY_EXISTS") throw error;
          }
        }
        const ends = await Promise.allSettled(open.map((tx) => tx.commit()));
        for (const end of ends) {
          if (end.status === "fulfilled") commits++;
          else assert.equal(end.reason.code, "CONFLICT");
        }
        assert.deepEqual(db.open(users).verify().problems, [], `round ${round}`);
      }
      assert.ok(commits >= 60, `${commits} commits`);
    });
  });

  test(`a rebuild conflicts with every change of the records: ${isolation}`, async () => {
    await withStore(async (db) => {
      await setUp(db);
      const tx = db.begin({ isolation });
      tx.open(users).rebuild("byCity");
      await db.update((other) => other.open(users).put(7, { city: "Bern", mail: 7 }));
      await assert.rejects(tx.commit(), { code: "CONFLICT" });
      const writing = db.begin({ isolation });
      writing.open(users).put(8, { city: "Bern", mail: 8 });
      const more = index("users", {
        key: codec.u8,
        value: codec.json<User>(),
        indexes: { byCity: { key: codec.string, of: (user) => user.city } },
      });
      await db.update((other) => void other.open(more), { isolation });
      await assert.rejects(writing.commit(), { code: "CONFLICT" });
      assert.deepEqual(db.open(more).verify().problems, []);
    });
  });
}

for (const isolation of ["serializable", "version-on-read"] as const) {
  test(`records read through a secondary index are read: ${isolation}`, async () => {
    await withStore(async (db) => {
      await setUp(db);
      const change = (key: number, mail: number): Promise<void> =>
        db.update((tx) => tx.open(users).put(key, { city: "Oslo", mail }));

      // Iterated: what comes after the change is still as it was when the iteration began.
      const iterating = db.begin({ isolation });
      const entries = iterating.open(users).by("byCity").range({ gte: "Oslo" });
      entries.next();
      await change(1, 31);
      assert.deepEqual(entries.next().value, ["Oslo", 1, { city: "Oslo", mail: 1 }]);
      entries.return!();
      iterating.open(users).put(1, { city: "Oslo", mail: 41 });
      await assert.rejects(iterating.commit(), { code: "CONFLICT" });

      const getting = db.begin({ isolation });
      assert.equal(getting.open(users).by("byMail").one(2)?.[0], 2);
      await change(2, 32);
      getting.open(users).put(2, { city: "Oslo", mail: 42 });
      await assert.rejects(getting.commit(), { code: "CONFLICT" });
      assert.deepEqual(db.open(users).verify().problems, []);
    });
  });
}

test("serializable: a record read through an index conflicts with a change elsewhere, too", async () => {
  await withStore(async (db) => {
    await setUp(db);
    const tx = db.begin({ isolation: "serializable" });
    for (const _ of tx.open(users).by("byCity").range({ limit: 2 })) continue;
    tx.open(counts).put(1, 1);
    await db.update((other) => other.open(users).put(1, { city: "Oslo", mail: 77 }));
    await assert.rejects(tx.commit(), { code: "CONFLICT" });
    const other = db.begin({ isolation: "serializable" });
    for (const _ of other.open(users).by("byMail").range({ limit: 1 })) continue;
    other.open(counts).put(1, 1);
    await db.update((each) => each.open(users).put(4, { city: "Oslo", mail: 4 }));
    await other.commit();
    assert.equal(db.open(counts).get(1), 1);
  });
});
