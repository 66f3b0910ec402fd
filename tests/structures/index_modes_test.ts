import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, index, isHoldfastError } from "../../mod.ts";
import { withStore } from "../kernel/checked.ts";

const names = index("names", { key: codec.string, value: codec.string, mode: "exclusive" });
const ages = index("ages", { key: codec.string, value: codec.u8 });
const tags = index("tags", { key: codec.string, value: codec.string, mode: "cluster" });
const EXISTS = { name: "StateError", code: "ALREADY_EXISTS" };

test("exclusive: put of another value throws at once, of an equal one changes nothing", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      const view = tx.open(names);
      view.put("ann", "a");
      assert.throws(() => view.put("ann", "b"), EXISTS);
      view.put("ann", "a");
      assert.deepEqual(view.get("ann"), "a");
    });
    const written = db.stats().logBytesWritten;
    await db.update((tx) => {
      tx.open(names).put("ann", "a");
      assert.throws(() => tx.open(names).put("ann", "b"), EXISTS);
      assert.throws(() => tx.open(names).put("ann", ""), EXISTS);
    });
    assert.equal(db.stats().logBytesWritten, written, "nothing was written");
    await db.update((tx) => {
      tx.open(names).remove("ann");
      tx.open(names).put("ann", "b");
    });
    assert.equal(db.open(names).get("ann"), "b");
    await assert.rejects(db.update((tx) => tx.open(names).put("ann", "c")), EXISTS);
    assert.equal(db.open(names).get("ann"), "b");
  });
});

test("exclusive: a value sequenced and not yet on disk is met, too", async () => {
  await withStore(async (db) => {
    const first = db.update((tx) => tx.open(names).put("ann", "a"));
    const second = db.update((tx) => tx.open(names).put("ann", "b"));
    const same = db.update((tx) => tx.open(names).put("ann", "a"));
    await Promise.all([first, assert.rejects(second, EXISTS), same]);
    assert.equal(db.open(names).get("ann"), "a");
  });
});

test("exclusive: of two transactions one commits, the other meets a conflict", async () => {
  await withStore(async (db) => {
    for (const [mine, theirs] of [["a", "b"], ["a", "a"]] as const) {
      const one = db.begin();
      const two = db.begin();
      one.open(names).put(mine + theirs, mine);
      two.open(names).put(mine + theirs, theirs);
      await one.commit();
      await assert.rejects(two.commit(), { code: "CONFLICT" });
      assert.equal(db.open(names).get(mine + theirs), mine);
    }
  });
});

test("exclusive: what update runs again meets ALREADY_EXISTS, or an equal value", async () => {
  await withStore(async (db) => {
    for (const theirs of ["other", "same"]) {
      let runs = 0;
      const mine = db.update(async (tx) => {
        runs++;
        tx.open(names).put(theirs, "same");
        if (runs === 1) await db.update((other) => other.open(names).put(theirs, theirs));
        return runs;
      });
      if (theirs === "same") assert.equal(await mine, 2);
      else await assert.rejects(mine, EXISTS);
      assert.equal(runs, 2);
      assert.equal(db.open(names).get(theirs), theirs);
    }
  });
});

test("exclusive: a removed key may be taken by one of two transactions", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(names).put("ann", "a"));
    const one = db.begin();
    const two = db.begin();
    one.open(names).remove("ann", "a");
    one.open(names).put("ann", "b");
    assert.throws(() => two.open(names).put("ann", "c"), EXISTS, "it is still there for two");
    await one.commit();
    two.rollback();
    assert.equal(db.open(names).get("ann"), "b");
  });
});

test("exclusive: values longer than a page are compared, too", async () => {
  await withStore(async (db) => {
    const blobs = index("blobs", { key: codec.u8, value: codec.bytes, mode: "exclusive" });
    const large = (fill: number): Uint8Array => new Uint8Array(200_000).fill(fill);
    await db.update((tx) => {
      tx.open(blobs).put(1, large(1));
      tx.open(blobs).put(1, large(1));
      assert.throws(() => tx.open(blobs).put(1, large(2)), EXISTS);
      assert.equal(tx.open(blobs).remove(1, large(2)), false);
    });
    await db.update((tx) => {
      tx.open(blobs).put(1, large(1));
      assert.throws(() => tx.open(blobs).put(1, large(1).subarray(1)), EXISTS);
      assert.equal(tx.open(blobs).remove(1, large(1)), true);
    });
  });
});

test("index.remove with a value drops it only if it is equal, in every mode", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      tx.open(ages).put("ann", 30);
      tx.open(names).put("ann", "a");
      for (const tag of ["x", "y"]) tx.open(tags).put("ann", tag);
    });
    await db.update((tx) => {
      assert.equal(tx.open(ages).remove("ann", 31), false);
      assert.equal(tx.open(ages).remove("bob", 30), false);
      assert.equal(tx.open(names).remove("ann", "b"), false);
      assert.equal(tx.open(tags).remove("ann", "z"), false);
      assert.equal(tx.open(ages).get("ann"), 30);
      assert.equal(tx.open(ages).remove("ann", 30), true);
      assert.equal(tx.open(names).remove("ann", "a"), true);
      assert.equal(tx.open(tags).remove("ann", "x"), true);
      assert.deepEqual(tx.open(tags).get("ann"), ["y"]);
      assert.equal(tx.open(tags).remove("ann", "y"), true);
    });
    for (const view of [db.open(ages), db.open(names), db.open(tags)]) {
      assert.equal(view.has("ann"), false);
      assert.equal(view.count(), 0);
    }
  });
});

test("index.compareAndSet and update replace in mode exclusive: the caller knows the value", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      const view = tx.open(names);
      assert.equal(view.compareAndSet("ann", undefined, "a"), true);
      assert.equal(view.compareAndSet("ann", undefined, "b"), false);
      assert.equal(view.compareAndSet("ann", "b", "c"), false);
      assert.equal(view.compareAndSet("ann", "a", "b"), true);
      assert.equal(view.update("ann", (present) => `${present}!`), "b!");
      assert.equal(view.compareAndSet("bob", undefined, undefined), true);
      assert.equal(view.has("bob"), false);
      assert.equal(view.compareAndSet("ann", "b!", undefined), true);
      assert.equal(view.has("ann"), false);
    });
  });
});

test("index.update: a counter is right however many transactions raise it", async () => {
  await withStore(async (db) => {
    await Promise.all(Array.from({ length: 20 }, () =>
      db.update(async (tx) => {
        await Promise.resolve();
        tx.open(ages).update("ann", (n = 0) => n + 1);
      }, { retries: 50 })));
    assert.equal(db.open(ages).get("ann"), 20);
  });
});

test("index.update: what throws changes nothing", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      tx.open(ages).put("ann", 7);
      assert.throws(() =>
        tx.open(ages).update("ann", () => {
          throw new Error("no");
        }), { message: "no" });
      assert.throws(() => tx.open(ages).update("ann", () => 256), RangeError);
      assert.equal(tx.open(ages).get("ann"), 7);
    });
  });
});

test("index: another mode under a used name is TYPE_MISMATCH", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(names).put("ann", "a"));
    const replacing = index("names", { key: codec.string, value: codec.string });
    const clustered = index("names", { key: codec.string, value: codec.string, mode: "cluster" });
    for (const other of [replacing, clustered as unknown as typeof replacing]) {
      assert.throws(() => db.open(other), { code: "TYPE_MISMATCH" });
      await assert.rejects(
        db.update((tx) => void tx.open(other)),
        (error) => isHoldfastError(error) && error.code === "TYPE_MISMATCH",
      );
    }
    assert.throws(
      () => index("bad", { key: codec.string, value: codec.string, mode: "other" as "replace" }),
      TypeError,
    );
    assert.throws(
      () =>
        index("bad", { key: codec.u8, value: codec.json() as typeof codec.u8, mode: "cluster" }),
      TypeError,
    );
  });
});
