import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, index, type IoAdapter } from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { PAGE_BYTES, SUPERBLOCK_SLOTS } from "../../src/kernel/limits.ts";
import { withStore } from "../kernel/checked.ts";

const numbers = index("numbers", { key: codec.u32, value: codec.string });
const pairs = index("pairs", { key: codec.u32, value: codec.u32, mode: "cluster" });
const COUNT = 1500;

async function fill(db: Database): Promise<void> {
  await db.update((tx) => {
    for (let n = 0; n < COUNT; n++) {
      tx.open(numbers).put(n, `value ${n}`);
      tx.open(pairs).put(n >> 1, n);
    }
  });
}

test("index iterators hold their view until they end or are left, and no longer", async () => {
  await withStore(async (db) => {
    await fill(db);
    const view = db.open(numbers);
    const held = (): number => db.stats().heldStates;
    const ways: Record<string, (entries: IterableIterator<unknown>) => void> = {
      end: (entries) => void [...entries],
      break: (entries) => {
        for (const _ of entries) break;
      },
      "throw in the loop": (entries) =>
        assert.throws(() => {
          for (const _ of entries) throw new Error("no");
        }, { message: "no" }),
      "return()": (entries) =>
        assert.deepEqual(entries.return!(), { done: true, value: undefined }),
      "throw()": (entries) => {
        assert.throws(() => entries.throw!(new Error("no")), { message: "no" });
      },
      destructuring: (entries) => {
        const [first] = entries;
        assert.notEqual(first, undefined);
      },
    };
    for (const [name, leave] of Object.entries(ways)) {
      const begin = [
        () => view.range(),
        () => view.keys({ offset: 5 }),
        () => db.open(pairs).values(),
      ];
      for (const each of begin) {
        const entries: IterableIterator<unknown> = each();
        assert.equal(held(), 1, `${name}: held`);
        leave(entries);
        assert.equal(held(), 0, `${name}: let go`);
        assert.deepEqual(entries.next(), { done: true, value: undefined }, `${name}: at the end`);
      }
    }
    const limited = view.range({ limit: 1 });
    limited.next();
    assert.equal(held(), 1);
    limited.next();
    assert.equal(held(), 0, "the end of the limit lets go");
    view.first();
    view.floor(7);
    view.count({ gt: 5 });
    db.open(pairs).has(3);
    db.open(pairs).one(3);
    db.open(pairs).get(3);
    assert.equal(held(), 0);
  });
});

test("index iterators see the entries as they were, whatever is committed meanwhile", async () => {
  await withStore(async (db) => {
    await fill(db);
    const before = [...db.open(numbers).range()];
    const entries = db.open(numbers).range();
    const seen = [entries.next().value];
    await db.update((tx) => {
      tx.open(numbers).deleteRange({ gte: 1, lt: 1000 });
      tx.open(numbers).put(COUNT, "late");
    });
    await db.checkpoint();
    for (let n = 0; n < 500; n++) seen.push(entries.next().value);
    await db.update((tx) => tx.open(numbers).deleteRange({}));
    await db.checkpoint();
    assert.deepEqual([...seen, ...entries], before);
    assert.equal(db.open(numbers).count(), 0);
  });
});

for (const reverse of [false, true]) {
  test(`index: delete and put while iterating skip nothing, reverse ${reverse}`, async () => {
    await withStore(async (db) => {
      await fill(db);
      const tx = db.begin();
      for (let n = 0; n < 300; n++) tx.open(numbers).put(COUNT + n, "own");
      const seen: number[] = [];
      for (const [key] of tx.open(numbers).range({ reverse })) {
        seen.push(key);
        assert.equal(tx.open(numbers).remove(key), true);
        tx.open(numbers).put(key + 100_000, "moved");
        if (key % 64 === 0) tx.open(pairs).remove(key >> 6);
      }
      const expected = Array.from({ length: COUNT + 300 }, (_, n) => n);
      assert.deepEqual(seen, reverse ? expected.reverse() : expected);
      assert.equal(tx.open(pairs).count(), COUNT - 2 * Math.ceil((COUNT + 300) / 64));
      await tx.commit();
      assert.deepEqual(db.open(numbers).first(), [100_000, "moved"]);
      assert.equal(db.open(numbers).count(), COUNT + 300);
    });
  });
}

test("index iterators are lazy: nothing is decoded or loaded before it is asked for", async () => {
  await withStore(async (db) => {
    let decoded = 0;
    const counting = index("numbers", {
      key: codec.u32,
      value: {
        name: "string",
        encode: (value: string, out) => codec.string.encode(value, out),
        decode: (bytes, begin, end): string => {
          decoded++;
          return codec.string.decode(bytes, begin, end);
        },
      },
    });
    await fill(db);
    const view = db.open(counting);
    const entries = view.range({ offset: 100 });
    assert.equal(decoded, 0);
    assert.deepEqual(entries.next().value, [100, "value 100"]);
    assert.equal(decoded, 1);
    entries.return!();
    assert.equal([...view.keys()].length, COUNT);
    assert.equal(view.count({ gt: 4 }), COUNT - 5);
    assert.equal(decoded, 1, "keys and counts read no values");
  });
});

/** The bytes of a closed store. */
async function build(): Promise<Uint8Array> {
  const io = memoryIo();
  const db = await Database.open("/damage.hold", { io });
  await fill(db);
  await db.close();
  const file = await io.open("/damage.hold", "read");
  const image = new Uint8Array(file.size());
  file.readAt(image, 0);
  file.close();
  return image;
}

/** The same with one page damaged. */
async function damagedAt(image: Uint8Array, page: number): Promise<IoAdapter> {
  const io = memoryIo();
  const file = await io.open("/damage.hold", "create");
  const damaged = image.slice();
  damaged[page * PAGE_BYTES + 2000]! ^= 4;
  file.writeAt(damaged, 0);
  file.close();
  return io;
}

test("index iterators that met damage fail for good, and hold nothing", async () => {
  let failed = 0;
  const image = await build();
  for (let page = SUPERBLOCK_SLOTS; page < image.length / PAGE_BYTES && failed < 2; page += 3) {
    const db = await Database.open("/damage.hold", { io: await damagedAt(image, page) }).catch(
      () => {},
    );
    if (db === undefined) continue;
    const entries = db.open(numbers).range();
    const seen: number[] = [];
    let failure: unknown;
    try {
      for (let next = entries.next(); !next.done; next = entries.next()) seen.push(next.value[0]);
    } catch (error) {
      failure = error;
    }
    assert.deepEqual(seen, Array.from(seen, (_, n) => n), "nothing is passed over");
    if (failure !== undefined && seen.length > 0) {
      failed++;
      assert.equal((failure as { code?: string }).code, "CORRUPT_PAGE");
      assert.equal(db.stats().heldStates, 0);
      for (let i = 0; i < 3; i++) assert.throws(() => entries.next(), (e) => e === failure);
      assert.deepEqual(entries.return!(), { done: true, value: undefined });
      assert.throws(() => entries.next(), (e) => e === failure, "the end is not reached either");
    }
    await db.close();
  }
  assert.ok(failed > 0, "a page in the middle was damaged");
});
