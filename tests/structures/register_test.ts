import assert from "node:assert/strict";
import { test } from "node:test";
import {
  codec,
  type Database,
  type Definition,
  index,
  isHoldfastError,
  type KeyCodec,
  register,
} from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import { all, bare } from "../kernel/watched.ts";
import { CODEC_SAMPLES } from "../base/codec_samples.ts";
import { Generator } from "../base/generator.ts";
import { EACH_STORE, LEVELS } from "./each_store.ts";

const name = register("name", codec.string);
const state = register("state", codec.json<{ n: number; tags: string[] }>());
const count = register("count", codec.u32);
const high = register("high", codec.u64, { monotonic: true });
const blob = register("blob", codec.bytes);

const CONFLICT = { name: "ConflictError", code: "CONFLICT" };
const DECREASED = { name: "ConflictError", code: "DECREASED" };
const IN_DOUBT = { name: "ConflictError", code: "IN_DOUBT" };

for (const [kind, withStore] of EACH_STORE) {
  test(`register: get, set and update, found after reopening: ${kind}`, async () => {
    await withStore(async (db, store) => {
      assert.equal(db.open(name).get(), undefined);
      await db.update((tx) => {
        tx.open(name).set("");
        tx.open(state).set({ n: 1, tags: [] });
        tx.open(blob).set(new Uint8Array(0));
        assert.equal(tx.open(count).update((n) => (n ?? 40) + 1), 41);
        assert.equal(tx.open(count).update((n) => (n ?? 40) + 1), 42);
      });
      let again = await store.open();
      assert.equal(again.open(name).get(), "");
      assert.deepEqual(again.open(state).get(), { n: 1, tags: [] });
      assert.deepEqual(again.open(blob).get(), new Uint8Array(0));
      assert.equal(again.open(count).get(), 42);
      const large = new Uint8Array(300_000).fill(3);
      await again.update((tx) => {
        tx.open(name).set("last");
        tx.open(state).update((present) => ({ n: present!.n + 1, tags: ["x"] }));
        tx.open(blob).set(large);
        assert.equal(tx.open(count).update(() => undefined), undefined);
      });
      again = await store.open();
      assert.equal(again.open(name).get(), "last");
      assert.deepEqual(again.open(state).get(), { n: 2, tags: ["x"] });
      assert.deepEqual(again.open(blob).get(), large);
      assert.equal(again.open(count).get(), undefined);
    }, { logBytes: 256 * 1024 });
  });

  test(`register: a monotonic one refuses a smaller value and keeps the old one: ${kind}`, async () => {
    await withStore(async (db, store) => {
      await db.update((tx) => tx.open(high).set(7n));
      let bodies = 0;
      const lower = db.update(async (tx) => {
        bodies++;
        await Promise.resolve();
        tx.open(high).set(6n);
      });
      await assert.rejects(lower, DECREASED);
      assert.equal(bodies, 1, "update does not try again");
      await db.update((tx) => {
        const view = tx.open(high);
        assert.throws(() => view.update((present) => present! - 1n), DECREASED);
        assert.throws(() => view.update(() => undefined), DECREASED);
        assert.throws(() => view.compareAndSet(7n, 6n), DECREASED);
        assert.throws(() => view.compareAndSet(7n, undefined), DECREASED);
        assert.equal(view.compareAndSet(8n, 1n), false);
        assert.equal(view.get(), 7n);
        view.set(7n);
        view.set(2n ** 63n);
        assert.throws(() => view.set(2n ** 63n - 1n), DECREASED);
        assert.equal(view.get(), 2n ** 63n);
      });
      const again = await store.open();
      assert.equal(again.open(high).get(), 2n ** 63n);
      await assert.rejects(again.update((tx) => tx.open(high).set(8n)), DECREASED);
      await again.update((tx) => tx.open(high).set(2n ** 63n + 1n));
      assert.equal(again.open(high).get(), 2n ** 63n + 1n);
    });
  });
}

const [, withStore] = EACH_STORE[0]!;

test("register.set of the value that a monotonic one has writes nothing", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(high).set(7n));
    const written = db.stats().logBytesWritten;
    await db.update((tx) => tx.open(high).set(7n));
    assert.equal(db.stats().logBytesWritten, written);
  });
});

test("register: a monotonic one is in the order of its codec, for every codec of keys", async () => {
  await withStore(async (db) => {
    const random = new Generator(9);
    for (const sample of CODEC_SAMPLES.filter(({ isKey }) => isKey)) {
      const of = sample.codec as KeyCodec<unknown>;
      const kept = register(`of ${of.name}`, of, { monotonic: true });
      const descending = register(`desc ${of.name}`, codec.desc(of), { monotonic: true });
      const values = Array.from({ length: 6 }, () => sample.make(random));
      const sorted = index(`sorted ${of.name}`, { key: of, value: codec.boolean });
      await db.update((tx) => {
        for (const value of values) tx.open(sorted).put(value, true);
        const order = [...tx.open(sorted).keys()];
        for (const [i, value] of order.entries()) {
          tx.open(kept).set(value);
          assert.deepEqual(tx.open(kept).get(), value);
          if (i > 0) assert.throws(() => tx.open(kept).set(order[i - 1]), DECREASED, of.name);
        }
        for (const value of order.toReversed()) tx.open(descending).set(value);
        const [first, last] = [order[0], order.at(-1)];
        if (order.length > 1) assert.throws(() => tx.open(descending).set(last), DECREASED);
        assert.deepEqual(tx.open(descending).get(), first);
      });
    }
  });
});

test("register.compareAndSet: of the value, of none, and to none", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      const view = tx.open(state);
      const one = { n: 1, tags: ["a"] };
      assert.equal(view.compareAndSet(one, one), false);
      assert.equal(view.compareAndSet(undefined, one), true);
      assert.equal(view.compareAndSet(undefined, one), false);
      assert.equal(view.compareAndSet({ n: 2, tags: ["a"] }, undefined), false);
      assert.deepEqual(view.get(), one);
      assert.equal(view.compareAndSet(structuredClone(one), undefined), true);
      assert.equal(view.get(), undefined);
      assert.equal(view.compareAndSet(undefined, undefined), true);
    });
    assert.equal(db.open(state).get(), undefined);
  });
});

/** Changes of `count` that depend on what was there: each has one winner. */
const RACES: Readonly<Record<string, (tx: ReturnType<Database["begin"]>, mine: number) => void>> = {
  "update": (tx, mine) => void tx.open(count).update((n) => n! + mine),
  "update to none": (tx) => void tx.open(count).update(() => undefined),
  "compareAndSet": (tx, mine) => void tx.open(count).compareAndSet(5, mine),
  "compareAndSet to the same": (tx) => void tx.open(count).compareAndSet(5, 5),
  "compareAndSet of a monotonic one to the same": (tx) => {
    assert.equal(tx.open(high).compareAndSet(5n, 5n), true);
  },
};

for (const isolation of LEVELS) {
  test(`register: conditional changes that meet have one winner: ${isolation}`, async () => {
    await withStore(async (db) => {
      for (const [race, change] of Object.entries(RACES)) {
        await db.update((tx) => {
          tx.open(count).set(5);
          tx.open(high).set(5n);
        });
        const one = db.begin({ isolation });
        const two = db.begin({ isolation });
        change(one, 10);
        change(two, 20);
        await two.commit();
        await assert.rejects(one.commit(), CONFLICT, race);
      }
      await db.update((tx) => void tx.open(count).update(() => undefined));
      const none = db.begin({ isolation });
      assert.equal(none.open(count).compareAndSet(undefined, undefined), true);
      none.open(name).set("nobody counts");
      await db.update((tx) => tx.open(count).set(1));
      await assert.rejects(none.commit(), CONFLICT, "that there is none was a condition");
    });
  });

  test(`register: 16 tasks that update lose no update: ${isolation}`, async () => {
    await withStore(async (db) => {
      await Promise.all(Array.from({ length: 16 }, (_, task) =>
        db.update(async (tx) => {
          // Beside another change, and not all in step.
          tx.open(register(`of task ${task}`, codec.u8)).set(task);
          for (let turn = 0; turn < task % 3; turn++) await Promise.resolve();
          tx.open(count).update((n = 0) => n + 1);
        }, { isolation, retries: 100 })));
      assert.equal(db.open(count).get(), 16);
    });
  });

  test(`register.update: what others commit while the function runs is not lost: ${isolation}`, async () => {
    await withStore(async (db) => {
      await db.update((tx) => tx.open(count).set(1));
      const tx = db.begin({ isolation });
      const run = (): unknown =>
        tx.open(count).update((n) => {
          const other = db.begin();
          other.open(count).set(100);
          other.commitSync();
          return n! + 1;
        });
      try {
        run();
        await assert.rejects(tx.commit(), CONFLICT);
      } catch (error) {
        assert.ok(isHoldfastError(error) && error.code === "CONFLICT", String(error));
        tx.rollback();
      }
      assert.equal(db.open(count).get(), 100);
    });
  });

  test(`register: a monotonic one never gets smaller, however writers meet: ${isolation}`, async () => {
    await withStore(async (db) => {
      const [one, two] = [db.begin({ isolation }), db.begin({ isolation })];
      one.open(high).set(5n);
      two.open(high).set(9n);
      await two.commit();
      await assert.rejects(one.commit(), CONFLICT);
      assert.equal(db.open(high).get(), 9n);
      const random = new Prng(LEVELS.indexOf(isolation) + 40);
      let committed = 9n;
      const seen: bigint[] = [];
      for (let round = 0; round < 40; round++) {
        const values = Array.from({ length: 4 }, () => committed + BigInt(random.below(9)) - 2n);
        const writers = values.map(async (value) => {
          try {
            await db.update(async (tx) => {
              for (let turn = random.below(3); turn > 0; turn--) await Promise.resolve();
              tx.open(high).set(value);
              tx.open(count).set(round);
            }, { isolation, retries: 20 });
            seen.push(db.open(high).get()!);
            return value;
          } catch (error) {
            assert.ok(isHoldfastError(error) && error.code === "DECREASED", String(error));
            return 0n;
          }
        });
        for (const value of await Promise.all(writers)) if (value > committed) committed = value;
        assert.equal(db.open(high).get(), committed, "the greatest that was committed");
      }
      assert.deepEqual(seen, seen.toSorted((a, b) => a < b ? -1 : 1), "at every commit");
    });
  });
}

test("register.set at last-win replaces what others have set; update() of the same does not", async () => {
  await withStore(async (db) => {
    const one = db.begin({ isolation: "last-win" });
    const two = db.begin({ isolation: "last-win" });
    one.open(count).set(1);
    two.open(count).set(2);
    await two.commit();
    await one.commit();
    assert.equal(db.open(count).get(), 1);
  });
});

test("register.set at version-on-read: a value read, and changed by others, is not replaced", async () => {
  await withStore(async (db) => {
    const tx = db.begin({ isolation: "version-on-read" });
    assert.equal(tx.open(high).get(), undefined);
    await db.update((other) => other.open(high).set(5n));
    tx.open(high).set(9n);
    await assert.rejects(tx.commit(), CONFLICT);
  });
});

test("register: one that a prepared transaction changes is IN_DOUBT until that is decided", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(high).set(5n));
    const tx = db.begin();
    tx.open(high).set(10n);
    const prepared = await tx.prepare();
    await assert.rejects(db.update((other) => other.open(high).set(7n)), IN_DOUBT);
    await assert.rejects(db.update((other) => other.open(high).set(4n)), DECREASED);
    await prepared.commit();
    await assert.rejects(db.update((other) => other.open(high).set(7n)), DECREASED);
    assert.equal(db.open(high).get(), 10n);
  });
});

test("register: what a function throws leaves the value, and a savepoint takes changes back", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      const view = tx.open(high);
      view.set(3n);
      const before = tx.savepoint();
      view.set(8n);
      before.rollback();
      view.set(4n);
      assert.throws(() =>
        view.update(() => {
          throw new Error("no");
        }), { message: "no" });
      assert.throws(() => view.set(-1n), RangeError);
      assert.throws(() => view.set("5" as unknown as bigint), TypeError);
    });
    assert.equal(db.open(high).get(), 4n);
  });
});

test("register: another codec, another kind, monotonic or not under a used name is TYPE_MISMATCH", async () => {
  assert.throws(() => register("wrong", codec.json<number>(), { monotonic: true as false }), {
    name: "TypeError",
  });
  // @ts-expect-error: there is no codec
  assert.throws(() => register("wrong"), TypeError);
  await withStore(async (db) => {
    await db.update((tx) => tx.open(high).set(7n));
    const others = [
      register("high", codec.u64),
      register("high", codec.u128, { monotonic: true }),
      index("high", { key: codec.bytes, value: codec.u64 }),
    ] as Definition<unknown>[];
    for (const other of others) {
      const mismatch = { name: "StateError", code: "TYPE_MISMATCH" };
      assert.throws(() => db.open(other), mismatch);
      await assert.rejects(db.update((tx) => void tx.open(other)), mismatch);
    }
    assert.equal(db.open(high).get(), 7n);
  });
});

test("Database.watch of a register tells its values in the order of commits", async () => {
  await withStore(async (db) => {
    await db.update((tx) => void tx.open(count));
    const changes = all(db.watch(count));
    // @ts-expect-error: there is nothing to narrow it to
    assert.throws(() => db.watch(count, { key: 1 }), TypeError);
    await db.update((tx) => tx.open(count).set(1));
    await db.update((tx) => void tx.open(count).update((n) => n! + 1));
    await db.update((tx) => void tx.open(count).update(() => undefined));
    await db.update((tx) => tx.drop(count));
    assert.deepEqual((await changes).map(bare), [
      ["put", undefined, 1],
      ["put", undefined, 2],
      ["remove", undefined, undefined],
    ]);
  });
});
