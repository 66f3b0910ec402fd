/** Many keys at once give what each gives alone. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { codec, Database, index } from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";

const table = index("table", { key: codec.u32, value: codec.bytes });
const texts = index("texts", { key: codec.string, value: codec.string });

/** Inline ones, and ones that have pages of their own. */
function valueOf(n: number): Uint8Array {
  return new Uint8Array(n % 50 === 0 ? 20_000 : 10 + n % 300).fill(n & 255);
}

test("index.getMany: more keys than go at once, of a tree larger than the cache, some of them missing", async () => {
  const db = await Database.open("/many.hold", { io: memoryIo(), cacheBytes: 1024 * 1024 });
  for (let first = 0; first < 20_000; first += 1000) {
    await db.update((tx) => {
      for (let n = first; n < first + 1000; n++) tx.open(table).put(2 * n, valueOf(n));
    });
  }
  const random = new Prng(1);
  const entries = db.open(table);
  for (const count of [0, 1, 31, 32, 33, 500]) {
    const keys = Array.from({ length: count }, () => random.below(40_100));
    assert.deepEqual(entries.getMany(keys), keys.map((key) => entries.get(key)));
  }
  await db.close();
});

test("index.getMany of what does not exist yet, and of what is empty again", async () => {
  const db = await Database.open("/many.hold", { io: memoryIo() });
  const entries = db.open(table);
  assert.deepEqual(entries.getMany([1, 2]), [undefined, undefined]);
  await db.update((tx) => tx.open(table).put(1, valueOf(1)));
  assert.deepEqual(entries.getMany([2, 1]), [undefined, valueOf(1)]);
  await db.update((tx) => void tx.open(table).remove(1));
  assert.deepEqual(entries.getMany([1, 2]), [undefined, undefined]);
  await db.close();
});

test("index.getMany in a transaction sees its own changes", async () => {
  const db = await Database.open("/many.hold", { io: memoryIo() });
  await db.update((tx) => tx.open(texts).put("a", "old"));
  await db.update((tx) => {
    const entries = tx.open(texts);
    entries.put("b", "new");
    assert.deepEqual(entries.getMany(["b", "a", "c"]), ["new", "old", undefined]);
    entries.remove("a");
    assert.deepEqual(entries.getMany(["a", "b"]), [undefined, "new"]);
  });
  assert.deepEqual(db.open(texts).getMany(["b", "a"]), ["new", undefined]);
  await db.close();
});
