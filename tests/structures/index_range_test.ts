import assert from "node:assert/strict";
import { test } from "node:test";
import { type Codec, codec, index, type KeyCodec, type RangeOptions } from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import { withStore } from "../kernel/checked.ts";
import { IndexModel } from "./index_model.ts";

const single = index("single", { key: codec.u8, value: codec.u8 });
const cluster = index("cluster", { key: codec.u8, value: codec.u8, mode: "cluster" });

test("index.range: every combination of bounds, inverted ones too, in both directions", async () => {
  await withStore(async (db) => {
    const keys = [0, 1, 5, 9, 254, 255];
    const sides = [undefined, 0, 1, 3, 254, 255];
    const models = { single: new IndexModel("replace"), cluster: new IndexModel("cluster") };
    await db.update((tx) => {
      for (const key of keys) {
        tx.open(single).put(key, 7);
        models.single.put(key, 7);
        for (const value of [0, 255]) {
          tx.open(cluster).put(key, value);
          models.cluster.put(key, value);
        }
      }
    });
    // A transaction that has changed something merges, so both ways to walk are seen.
    const tx = db.begin();
    tx.open(single).remove(5);
    tx.open(cluster).remove(5, 0);
    const changed = { single: models.single.copy(), cluster: models.cluster.copy() };
    changed.single.remove(5);
    changed.cluster.remove(5, 0);
    let combinations = 0;
    for (const low of sides) {
      for (const high of sides) {
        for (const lower of low === undefined ? [{}] : [{ gt: low }, { gte: low }]) {
          for (const upper of high === undefined ? [{}] : [{ lt: high }, { lte: high }]) {
            for (const reverse of [false, true]) {
              const range: RangeOptions<number> = { ...lower, ...upper, reverse };
              const text = JSON.stringify(range);
              assert.deepEqual([...db.open(single).range(range)], models.single.range(range), text);
              assert.deepEqual(
                [...db.open(cluster).range(range)],
                models.cluster.range(range),
                text,
              );
              assert.deepEqual(
                [...tx.open(single).range(range)],
                changed.single.range(range),
                text,
              );
              assert.deepEqual(
                [...tx.open(cluster).range(range)],
                changed.cluster.range(range),
                text,
              );
              combinations++;
            }
          }
        }
      }
    }
    assert.equal(combinations, 242);
    tx.rollback();
    for (const key of [0, 3, 255]) {
      assert.deepEqual(db.open(cluster).floor(key), models.cluster.range({ lte: key }).at(-1));
      assert.deepEqual(db.open(cluster).ceiling(key), models.cluster.range({ gte: key })[0]);
    }
  });
});

test("index.range: offset and limit count entries in the direction of the walk", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let key = 0; key < 200; key++) tx.open(single).put(key, key);
    });
    const view = db.open(single);
    assert.deepEqual([...view.keys({ offset: 3, limit: 2 })], [3, 4]);
    assert.deepEqual([...view.keys({ offset: 3, limit: 2, reverse: true })], [196, 195]);
    assert.deepEqual([...view.keys({ offset: 199 })], [199]);
    assert.deepEqual([...view.keys({ offset: 200 })], []);
    assert.deepEqual([...view.keys({ limit: 0 })], []);
    assert.equal(view.count({ offset: 150, lt: 190 }), 40);
    assert.equal(view.count({ offset: 500, lt: 190 }), 0);
    for (const bad of [-1, 0.5, NaN]) {
      assert.throws(() => view.range({ limit: bad }), RangeError);
      assert.throws(() => view.range({ offset: bad }), RangeError);
      assert.throws(() => view.count({ offset: bad }), RangeError);
    }
    assert.throws(() => view.range({ gt: 1, gte: 1 }), TypeError);
    assert.throws(() => view.range({ lt: 1, lte: 1 }), TypeError);
    assert.equal(db.stats().heldStates, 0, "what throws holds nothing");
    await db.update((tx) => {
      assert.equal(tx.open(single).deleteRange({ gte: 100, offset: 10, limit: 5 }), 5);
      assert.equal(tx.open(single).deleteRange({ reverse: true, limit: 2 }), 2);
      assert.equal(tx.open(single).deleteRange({ gt: 9, lt: 3 }), 0);
    });
    assert.deepEqual([...view.keys({ gte: 108, limit: 3 })], [108, 109, 115]);
    assert.deepEqual(view.last(), [197, 197]);
    await db.update((tx) => tx.open(single).deleteRange({}));
    assert.equal(view.count(), 0);
    assert.equal(view.first(), undefined);
  });
});

const EVENTS = codec.tuple(codec.string, codec.desc(codec.u16), codec.desc(codec.string));
type EventKey = typeof EVENTS extends KeyCodec<infer K> ? K : never;
const replacing = index<EventKey, number>;

for (const mode of ["replace", "cluster"] as const) {
  test(`index.range: prefixes of tuples, parts in the opposite order too: ${mode}`, async () => {
    await withStore(async (db) => {
      const options = { key: EVENTS, value: codec.u8 };
      const events = (mode === "replace"
        ? index("events", options)
        : index("events", { ...options, mode: "cluster" })) as unknown as ReturnType<
          typeof replacing
        >;
      const cities = ["", "Os", "Oslo", "Oslo\u0000", "Oslo\u0000x", "Oslp", "\u{10ffff}"];
      const all: EventKey[] = [];
      for (const city of cities) {
        for (const at of [65535, 256, 255, 0]) {
          for (const name of ["b", "a\u0000", "a", ""]) {
            all.push([city, at, name]);
          }
        }
      }
      await db.update((tx) => {
        for (const key of all) {
          tx.open(events).put(key, 1);
        }
      });
      const view = db.open(events);
      for (const city of cities) {
        const ofCity = all.filter((key) =>
          key[0] === city
        );
        assert.deepEqual([...view.keys({ prefix: [city] })], ofCity);
        assert.deepEqual([...view.keys({ prefix: [city], reverse: true })], ofCity.toReversed());
        for (const at of [65535, 255, 0]) {
          const ofBoth = ofCity.filter((key) => key[1] === at);
          assert.deepEqual([...view.keys({ prefix: [city, at] })], ofBoth);
        }
        // Bounds cut a prefix: the next page of a city goes on behind the last key.
        assert.deepEqual([...view.keys({ prefix: [city], gt: ofCity[4]! })], ofCity.slice(5));
        assert.deepEqual([...view.keys({ prefix: [city], lte: ofCity[4]! })], ofCity.slice(0, 5));
        assert.equal(view.count({ prefix: [city], gte: ["", 65535, "b"] }), 16);
        const other = all.find((key) => key[0] !== city)!;
        assert.equal(view.count({ prefix: [city], gte: other, lte: other }), 0);
      }
      assert.deepEqual([...view.keys({ prefix: [] })], all);
      assert.deepEqual([...view.keys({ prefix: ["Osl"] })], []);
      assert.throws(() => view.range({ prefix: all[0]! as unknown as [] }), RangeError);
      assert.throws(() => view.range({ prefix: "Oslo" as unknown as [] }), TypeError);
    });
  });
}

const WORDS = ["", "\u0000", "a", "a\u0000", "a\u0000\u0000", "a\u0000b", "ab", "a\u00ff", "b"];

test("index.range: prefixes of strings with NUL, in every place a string can have", async () => {
  await withStore(async (db) => {
    const ascending = index("ascending", { key: codec.string, value: codec.u8 });
    const clustered = index("clustered", {
      key: codec.string,
      value: codec.string,
      mode: "cluster",
    });
    const descending = index("descending", { key: codec.desc(codec.string), value: codec.u8 });
    await db.update((tx) => {
      for (const word of WORDS) {
        tx.open(ascending).put(word, 1);
        tx.open(clustered).put(word, "\u0000");
        tx.open(descending).put(word, 1);
      }
    });
    for (const prefix of WORDS) {
      const expected = WORDS.filter((word) => word.startsWith(prefix));
      assert.deepEqual([...db.open(ascending).keys({ prefix })], expected);
      assert.deepEqual([...db.open(clustered).keys({ prefix })], expected);
      assert.deepEqual([...db.open(descending).keys({ prefix })], expected.toReversed());
    }
    assert.throws(() => db.open(ascending).range({ prefix: "\ud800" }), TypeError);
  });
});

test("index.range: prefixes of bytes that end in 255 have no end above them", async () => {
  await withStore(async (db) => {
    const random = new Prng(3);
    const loose = index("loose", { key: codec.bytes, value: codec.u8 });
    const fixed = index("fixed", { key: codec.fixed(3), value: codec.u8 });
    const draw = (length: number): Uint8Array =>
      Uint8Array.from({ length }, () => [0, 1, 254, 255][random.below(4)]!);
    const keys = [...new Set(Array.from({ length: 60 }, () => draw(3).join()))]
      .map((text) => Uint8Array.from(text.split(","), Number));
    await db.update((tx) => {
      for (const key of keys) {
        tx.open(loose).put(key, 1);
        tx.open(fixed).put(key, 1);
      }
    });
    const texts = (found: Iterable<Uint8Array>): string[] => [...found].map((key) => key.join());
    for (let round = 0; round < 60; round++) {
      const prefix = draw(random.below(4));
      const expected = keys.filter((key) => prefix.every((byte, i) => key[i] === byte))
        .map((key) => key.join()).toSorted();
      for (const view of [db.open(loose), db.open(fixed)]) {
        assert.deepEqual(texts(view.keys({ prefix })).toSorted(), expected);
      }
    }
    assert.throws(() => db.open(fixed).range({ prefix: new Uint8Array(4) }), RangeError);
    assert.throws(() => db.open(loose).range({ prefix: [1] as unknown as Uint8Array }), TypeError);
  });
});

test("index.range: TypeError for prefixes of keys that have none", async () => {
  await withStore((db) => {
    const own: Codec<number> & { readonly ordered: true } = {
      name: "own",
      ordered: true,
      encode: (value, out) => out.u8(value),
      decode: (bytes, begin) => bytes[begin]!,
    };
    const keys: readonly KeyCodec<unknown>[] = [
      codec.u8 as KeyCodec<unknown>,
      codec.uuid as KeyCodec<unknown>,
      codec.desc(codec.u8) as KeyCodec<unknown>,
      own as unknown as KeyCodec<unknown>,
    ];
    for (const key of keys) {
      const view = db.open(index(`of ${key.name}`, { key, value: codec.u8 }));
      assert.throws(() => view.range({ prefix: "a" as never }), TypeError, key.name);
    }
    return Promise.resolve();
  });
});

test("Database.watch takes a prefix of keys", async () => {
  await withStore(async (db) => {
    const words = index("words", { key: codec.string, value: codec.u8 });
    await db.update((tx) => tx.open(words).put("", 0));
    const changes = db.watch(words, { prefix: "Os" });
    await db.update((tx) => {
      for (const word of ["Bern", "Os", "Oslo", "Ot"]) tx.open(words).put(word, 1);
    });
    const seen: string[] = [];
    for await (const { key } of changes) {
      seen.push(key);
      if (seen.length === 2) break;
    }
    assert.deepEqual(seen, ["Os", "Oslo"]);
  });
});
