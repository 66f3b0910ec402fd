import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { codec, type Definition, index, type KeyCodec, onceMap } from "../../mod.ts";
import { all, bare } from "../kernel/watched.ts";
import { CODEC_SAMPLES } from "../base/codec_samples.ts";
import { Generator } from "../base/generator.ts";
import { EACH_STORE, LEVELS } from "./each_store.ts";

const owners = onceMap("owners", { key: codec.string, value: codec.string });
const places = onceMap("places", {
  key: codec.tuple(codec.u8, codec.string),
  value: codec.struct({ x: codec.f64, tags: codec.json<string[]>() }),
});
const raw = onceMap("raw", { key: codec.bytes, value: codec.bytes });

for (const [kind, withStore] of EACH_STORE) {
  test(`onceMap.putIfAbsent tells whether it inserted, and the value that counts: ${kind}`, async () => {
    await withStore(async (db, store) => {
      const first = await db.update((tx) => tx.open(owners).putIfAbsent("door", "ann"));
      assert.deepEqual(first, { inserted: true, value: "ann" });
      await db.update((tx) => {
        const view = tx.open(owners);
        assert.deepEqual(view.putIfAbsent("door", "bob"), { inserted: false, value: "ann" });
        assert.deepEqual(view.putIfAbsent("gate", "bob"), { inserted: true, value: "bob" });
        assert.deepEqual(view.putIfAbsent("gate", "cat"), { inserted: false, value: "bob" });
        assert.equal(view.size, 2);
        assert.deepEqual([...view.entries()], [["door", "ann"], ["gate", "bob"]]);
      });
      const again = await store.open();
      const reader = again.open(owners);
      assert.deepEqual([...reader.entries()], [["door", "ann"], ["gate", "bob"]]);
      assert.equal(reader.size, 2);
      assert.deepEqual([reader.get("door"), reader.has("gate"), reader.has("roof")], [
        "ann",
        true,
        false,
      ]);
      assert.equal(reader.get("roof"), undefined);
      const late = await again.update((tx) => tx.open(owners).putIfAbsent("door", "dan"));
      assert.deepEqual(late, { inserted: false, value: "ann" });
    });
  });

  test(`onceMap: keys and values of zeros and of no bytes are entries like others: ${kind}`, async () => {
    await withStore(async (db, store) => {
      const keys = [[], [0], [0, 0], [0, 1], [255]].map((key) => Uint8Array.from(key));
      const values = [[0, 0, 0, 0], [], [0], [], [0, 0]].map((value) => Uint8Array.from(value));
      await db.update((tx) => {
        for (const [i, key] of keys.entries()) {
          assert.equal(tx.open(raw).putIfAbsent(key, values[i]!).inserted, true);
        }
      });
      const again = await store.open();
      assert.deepEqual([...again.open(raw).entries()], keys.map((key, i) => [key, values[i]]));
      await again.update((tx) => {
        for (const [i, key] of keys.entries()) {
          const put = tx.open(raw).putIfAbsent(key, Uint8Array.of(9));
          assert.deepEqual(put, { inserted: false, value: values[i] });
        }
      });
      assert.equal(again.open(raw).size, keys.length);
    });
  });

  test(`onceMap: tuples, structs and values larger than the log keep their first value: ${kind}`, async () => {
    await withStore(async (db, store) => {
      const place = { x: -0, tags: ["a", "é"] };
      const large = new Uint8Array(300_000).fill(7);
      await db.update((tx) => {
        tx.open(places).putIfAbsent([1, "b"], place);
        tx.open(places).putIfAbsent([1, "a"], { x: 1, tags: [] });
        tx.open(raw).putIfAbsent(new Uint8Array(0), large);
      });
      const again = await store.open();
      const put = await again.update((tx) => {
        tx.open(raw).putIfAbsent(new Uint8Array(0), new Uint8Array(400_000));
        return tx.open(places).putIfAbsent([1, "b"], { x: 2, tags: [] });
      });
      assert.deepEqual(put, { inserted: false, value: place });
      assert.deepEqual(again.open(raw).get(new Uint8Array(0)), large);
      const found = [...again.open(places).entries({ prefix: [1] })];
      assert.deepEqual(found.map(([key]) => key), [[1, "a"], [1, "b"]]);
    }, { logBytes: 256 * 1024 });
  });
}

const [, withStore] = EACH_STORE[0]!;

for (const isolation of LEVELS) {
  test(`onceMap: of transactions that add one key the first to commit wins: ${isolation}`, async () => {
    await withStore(async (db) => {
      await db.update((tx) => void tx.open(owners));
      const one = db.begin({ isolation });
      const two = db.begin({ isolation });
      assert.equal(one.open(owners).putIfAbsent("door", "ann").inserted, true);
      assert.equal(two.open(owners).putIfAbsent("door", "bob").inserted, true);
      await two.commit();
      await assert.rejects(one.commit(), { name: "ConflictError", code: "CONFLICT" });
      assert.equal(db.open(owners).get("door"), "bob");
    });
  });

  test(`onceMap: 16 tasks that add one key agree on one value: ${isolation}`, async () => {
    await withStore(async (db) => {
      const puts = await Promise.all(
        Array.from({ length: 16 }, (_, task) =>
          db.update(async (tx) => {
            // Each has seen that the key is not there before any of them commits.
            assert.equal(tx.open(owners).has("never"), false);
            await Promise.resolve();
            return tx.open(owners).putIfAbsent("door", `task ${task}`);
          }, { isolation, retries: 100 })),
      );
      const winner = db.open(owners).get("door");
      assert.deepEqual(puts.map(({ value }) => value), Array(16).fill(winner));
      assert.equal(puts.filter(({ inserted }) => inserted).length, 1);
      assert.equal(`task ${puts.findIndex(({ inserted }) => inserted)}`, winner);
    });
  });

  test(`onceMap: a rollback to a savepoint takes an entry back, and the next put counts: ${isolation}`, async () => {
    await withStore(async (db) => {
      await db.update((tx) => {
        const before = tx.savepoint();
        tx.open(owners).putIfAbsent("door", "ann");
        before.rollback();
        assert.equal(tx.open(owners).has("door"), false);
        const put = tx.open(owners).putIfAbsent("door", "bob");
        assert.deepEqual(put, { inserted: true, value: "bob" });
      }, { isolation });
      assert.equal(db.open(owners).get("door"), "bob");
    });
  });
}

test("onceMap: a key that a prepared transaction adds is IN_DOUBT until that is decided", async () => {
  for (const commits of [true, false]) {
    await withStore(async (db) => {
      await db.update((tx) => void tx.open(owners));
      const tx = db.begin();
      tx.open(owners).putIfAbsent("door", "ann");
      const prepared = await tx.prepare();
      const put = (): Promise<unknown> =>
        db.update((other) => other.open(owners).putIfAbsent("door", "bob"));
      await assert.rejects(put(), { name: "ConflictError", code: "IN_DOUBT" });
      await (commits ? prepared.commit() : prepared.rollback());
      const value = commits ? "ann" : "bob";
      assert.deepEqual(await put(), { inserted: !commits, value });
    });
  }
});

test("onceMap: every codec of keys and of values", async () => {
  await withStore(async (db, store) => {
    const random = new Generator(3);
    const keys = CODEC_SAMPLES.filter(({ isKey }) => isKey);
    const wanted: [Definition<unknown>, unknown][] = [];
    for (const [i, value] of CODEC_SAMPLES.entries()) {
      const key = keys[i % keys.length]!;
      const map = onceMap<unknown, unknown>(`of ${value.codec.name}`, {
        key: key.codec as KeyCodec<unknown>,
        value: value.codec,
      });
      const entries = await store.db.update((tx) => {
        for (let n = 0; n < 5; n++) tx.open(map).putIfAbsent(key.make(random), value.make(random));
        return [...tx.open(map).entries()];
      });
      wanted.push([map, entries]);
    }
    assert.equal(db, store.db);
    const again = await store.open();
    for (const [map, entries] of wanted as [typeof owners, unknown][]) {
      assert.deepEqual([...again.open(map).entries()], entries, map.name);
    }
  });
});

test("onceMap: entries take ranges, and see the map as it was", async () => {
  await withStore(async (db) => {
    const numbers = onceMap("numbers", { key: codec.u32, value: codec.u32 });
    await db.update((tx) => {
      for (let n = 0; n < 500; n += 2) tx.open(numbers).putIfAbsent(n, n * n);
    });
    const view = db.open(numbers);
    assert.deepEqual([...view.entries({ gte: 5, lt: 10 })], [[6, 36], [8, 64]]);
    assert.deepEqual([...view.entries({ lte: 4, reverse: true, limit: 2 })], [[4, 16], [2, 4]]);
    const entries = view.entries({ gte: 490 });
    await db.update((tx) => void tx.open(numbers).putIfAbsent(491, 1));
    assert.deepEqual([...entries].map(([key]) => key), [490, 492, 494, 496, 498]);
    assert.equal(view.size, 251);
  });
});

test("onceMap: codecs that are none, and another definition of a name, are refused", async () => {
  const json = { key: codec.json<string>(), value: codec.u8 };
  // @ts-expect-error: keys of json have no order
  assert.throws(() => onceMap("wrong", json), TypeError);
  // @ts-expect-error: there is no value codec
  assert.throws(() => onceMap("wrong", { key: codec.u8 }), TypeError);
  await withStore(async (db) => {
    await db.update((tx) => void tx.open(owners).putIfAbsent("door", "ann"));
    const others = [
      onceMap("owners", { key: codec.string, value: codec.bytes }),
      onceMap("owners", { key: codec.bytes, value: codec.string }),
      index("owners", { key: codec.string, value: codec.string }),
      index("owners", { key: codec.string, value: codec.string, mode: "exclusive" }),
    ] as Definition<unknown>[];
    for (const other of others) {
      const mismatch = { name: "StateError", code: "TYPE_MISMATCH" };
      assert.throws(() => db.open(other), mismatch);
      await assert.rejects(db.update((tx) => void tx.open(other)), mismatch);
    }
    await db.update((tx) => {
      // A value that its codec does not take is refused, whether the key is there or not.
      for (const key of ["door", "roof"]) {
        assert.throws(() => tx.open(owners).putIfAbsent(key, 7 as unknown as string), TypeError);
      }
    });
    assert.deepEqual([...db.open(owners).entries()], [["door", "ann"]]);
  });
});

test("Database.watch of a once map tells entries when they are inserted, and nothing else", async () => {
  await withStore(async (db) => {
    await db.update((tx) => void tx.open(owners));
    const changes = all(db.watch(owners));
    const door = all(db.watch(owners, { key: "door" }));
    await db.update((tx) => void tx.open(owners).putIfAbsent("door", "ann"));
    await db.update((tx) => {
      tx.open(owners).putIfAbsent("door", "bob");
      tx.open(owners).putIfAbsent("gate", "cat");
    });
    await db.update((tx) => tx.drop(owners));
    assert.deepEqual((await changes).map(bare), [["put", "door", "ann"], ["put", "gate", "cat"]]);
    assert.deepEqual((await door).map(bare), [["put", "door", "ann"]]);
  });
});

/** Entries of the largest map. */
const ENTRIES = Number(process.env["ONCE_ENTRIES"] ?? 200_000);

test("onceMap: a key is found through at most three pages, however many entries there are", {
  timeout: 60_000,
}, async () => {
  const numbers = onceMap("numbers", { key: codec.u32, value: codec.u32 });
  await withStore(async (db) => {
    for (let from = 0; from < ENTRIES; from += 20_000) {
      await db.update((tx) => {
        const view = tx.open(numbers);
        for (let n = from; n < from + 20_000; n++) view.putIfAbsent(n * 7919 % 2 ** 32, n);
      }, { durability: "memory" });
      const [{ depth, entries } = { depth: 0, entries: 0 }] = db.structures();
      assert.equal(entries, from + 20_000);
      // A lookup reads one page of each level.
      assert.ok(depth <= 3, `${depth} levels of ${entries} entries`);
    }
    for (let n = 0; n < ENTRIES; n += 997) {
      assert.equal(db.open(numbers).get(n * 7919 % 2 ** 32), n);
    }
  });
});
