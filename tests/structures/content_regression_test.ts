/** What went wrong in content stores of others, and what goes along with one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, contentStore, Database, exportDatabase, importDatabase, index } from "../../mod.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import {
  CHUNK_BYTES,
  chunkKey,
  headCodec,
  headKey,
} from "../../src/structures/content/content_layout.ts";
import { rawTree } from "../../src/structures/transfer/raw_tree.ts";
import { assertWhole, withStore } from "../kernel/checked.ts";
import { piecesOf, PLACES, someBytes, streamOf } from "./content_stores.ts";

const photos = contentStore("photos");
const MIB = 1024 * 1024;

for (const { place, run } of PLACES) {
  test(`regression: one copy of equal bytes, in every later session too: ${place}`, () =>
    run(async (open) => {
      const parts = [0, 100, 3000, 100_000, MIB + 1].map((length) => someBytes(length, length));
      let entries = -1;
      let texts: string[] = [];
      for (let session = 0; session < 4; session++) {
        const db = await open();
        const ids = await db.update(async (tx) => {
          const store = tx.open(photos);
          const streams = parts.map((bytes) => store.put(streamOf(piecesOf(bytes, 64_000))));
          const found = await Promise.all(streams);
          for (const [n, bytes] of parts.entries()) assert.ok(store.put(bytes).equals(found[n]!));
          return found;
        });
        const count = db.open(rawTree(photos)).count();
        if (session === 0) [entries, texts] = [count, ids.map(String)];
        assert.equal(count, entries);
        assert.deepEqual(ids.map(String), texts);
        for (const [n, id] of ids.entries()) {
          assert.ok(Buffer.from(db.open(photos).get(id)!).equals(parts[n]!));
        }
        await db.close();
      }
    }));
}

test("regression: lengths and offsets from 4 GiB on are not cut to 32 bits", () =>
  withStore(async (db) => {
    const length = 2 ** 32 + 10;
    const id = await db.update((tx) => tx.open(photos).put(someBytes(9)));
    const [last, next] = [someBytes(CHUNK_BYTES, 1), someBytes(10, 2)];
    // A blob of 4 GiB and 10 bytes of which only the end is there.
    await db.update((tx) => {
      const tree = tx.open(rawTree(photos));
      const { serial, stamp } = tree.get(headKey(id), headCodec)!;
      const out = new ByteWriter(32);
      headCodec.encode({ aside: false, length, serial, chunkBytes: CHUNK_BYTES, stamp }, out);
      tree.put(headKey(id), out.bytes, out.length);
      tree.put(chunkKey(serial, 2 ** 32 / CHUNK_BYTES - 1), last, last.length);
      tree.put(chunkKey(serial, 2 ** 32 / CHUNK_BYTES), next, next.length);
    });
    const reader = db.open(photos);
    assert.equal(reader.length(id), length);
    assert.deepEqual(
      reader.range(id, 2 ** 32 - 3, 2 ** 32 + 3),
      joined(last.slice(-3), next.slice(0, 3)),
    );
    assert.deepEqual(reader.range(id, 2 ** 32), next);
    assert.throws(() => reader.get(id), { code: "TOO_LARGE" });
    assert.equal((await db.open(photos).verify()).damaged.length, 1);
    assert.equal(await db.update((tx) => tx.open(photos).delete(id)), true);
    assert.equal(db.open(rawTree(photos)).count(), 0);
  }));

test("regression: all bytes zero, and no bytes, are blobs like others", () =>
  withStore(async (db) => {
    const ids = await db.update((tx) =>
      [0, 1, 32, 5000].map((length) => tx.open(photos).put(new Uint8Array(length)))
    );
    assert.equal(new Set(ids.map(String)).size, 4);
    for (const [n, length] of [0, 1, 32, 5000].entries()) {
      assert.deepEqual(db.open(photos).get(ids[n]!), new Uint8Array(length));
    }
  }));

test("contentStore: many blobs put, deleted and put again leave nothing and grow nothing", () =>
  withStore(async (db) => {
    const sizes: number[] = [];
    for (let round = 0; round < 6; round++) {
      const ids = await db.update((tx) =>
        Array.from({ length: 60 }, (_, n) => tx.open(photos).put(someBytes(n * 2000, n)))
      );
      await db.update((tx) => {
        for (const id of ids) assert.equal(tx.open(photos).delete(id), true);
      });
      await db.checkpoint();
      sizes.push(db.stats().fileBytes);
      assert.equal(db.open(rawTree(photos)).count(), 0);
    }
    assert.ok(sizes[5]! <= sizes[2]! * 1.5, sizes.join(" "));
  }));

test("contentStore: prepared transactions hold their blobs, and hand out no serial twice", () =>
  withStore(async (db) => {
    const ids = await db.update((tx) => [1, 2].map((n) => tx.open(photos).put(someBytes(3000, n))));
    const tx = db.begin({ transactionId: Uint8Array.of(7) });
    tx.open(photos).delete(ids[1]!);
    const mine = tx.open(photos).put(someBytes(3000, 3));
    const prepared = await tx.prepare();
    await assert.rejects(
      db.update((tx) => tx.open(photos).put(someBytes(3000, 2))),
      { code: "IN_DOUBT" },
    );
    const other = await db.update((tx) => tx.open(photos).put(someBytes(3000, 4)));
    await prepared.commit();
    assert.equal(db.open(photos).has(ids[1]!), false);
    for (const id of [ids[0]!, mine, other]) assert.equal(db.open(photos).get(id)!.length, 3000);
    assert.equal((await db.open(photos).verify()).ok, true);
  }));

test("contentStore: after a reopen in doubt, puts take serials that nobody holds", async () => {
  const place = PLACES[0]!;
  await place.run(async (open) => {
    let db = await open();
    const ids = await db.update((tx) => [1, 2].map((n) => tx.open(photos).put(someBytes(3000, n))));
    const tx = db.begin({ transactionId: Uint8Array.of(7) });
    tx.open(photos).delete(ids[1]!);
    await tx.prepare();
    await db.close();
    db = await open();
    const id = await db.update((tx) => tx.open(photos).put(someBytes(3000, 3)));
    await db.prepared()[0]!.rollback();
    for (const each of [...ids, id]) assert.equal(db.open(photos).get(each)!.length, 3000);
    assert.equal((await db.open(photos).verify()).ok, true);
    await db.close();
  });
});

test("contentStore: one transaction with an index is all or nothing, and a savepoint takes back", () =>
  withStore(async (db) => {
    const names = index("names", { key: codec.string, value: codec.string });
    const id = await db.update((tx) => {
      const id = tx.open(photos).put(someBytes(100_000));
      tx.open(names).put("ann", `${id}`);
      const savepoint = tx.savepoint();
      tx.open(photos).delete(id);
      tx.open(photos).put(someBytes(200_000));
      savepoint.rollback();
      return id;
    });
    assert.equal(db.open(names).get("ann"), `${id}`);
    assert.equal(db.open(photos).get(id)!.length, 100_000);
    assert.equal(db.open(rawTree(photos)).count(), 2);
    await assert.rejects(db.update((tx) => {
      tx.open(photos).delete(id);
      tx.open(names).remove("ann");
      throw new Error("no");
    }));
    assert.equal(db.open(photos).has(id), true);
  }));

for (const format of ["jsonl", "binary"] as const) {
  test(`exportDatabase, importDatabase: a content store comes back, by its digest: ${format}`, async () => {
    const stores = [photos, contentStore("b3", { digest: "blake3" })];
    const from = await Database.memory();
    const ids = await from.update((tx) =>
      stores.map((store) =>
        [0, 10, 5000, MIB + 5].map((length) => tx.open(store).put(someBytes(length, length)))
      )
    );
    const to = await Database.memory();
    await importDatabase(to, exportDatabase(from, { format }), { format });
    for (const [n, store] of stores.entries()) {
      for (const id of ids[n]!) {
        const [got, wanted] = [to, from].map((db) => db.open(store).get(id)!);
        assert.ok(Buffer.from(got!).equals(wanted!));
      }
      assert.equal((await to.open(store).verify()).blobs, 4);
      const id = await to.update((tx) => tx.open(store).put(someBytes(10, 10)));
      assert.equal(`${id}`, `${ids[n]![1]}`);
    }
    await to.update((tx) => tx.open(photos).put(someBytes(MIB + 6)));
    assert.equal((await to.open(photos).verify()).ok, true);
    await assertWhole(to);
    await to.close();
    await from.close();
  });
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
