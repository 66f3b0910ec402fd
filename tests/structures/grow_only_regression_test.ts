/** What stores of grow-only structures have got wrong: none of it may come back here. */

import assert from "node:assert/strict";
import process from "node:process";
import { join } from "node:path";
import { test } from "node:test";
import { codec, Database, index, onceMap, recordLog, register } from "../../mod.ts";
import { withFolder } from "../kernel/checked.ts";
import { filled } from "../kernel/damaged_store.ts";
import { EACH_STORE } from "./each_store.ts";

const owners = onceMap("owners", { key: codec.u32, value: codec.u32 });
const audit = recordLog("audit");

for (const [kind, withStore] of EACH_STORE) {
  test(`regression: a once map finds the keys of every session after every reopening: ${kind}`, async () => {
    await withStore(async (_, store) => {
      for (let session = 0; session < 4; session++) {
        await store.db.update((tx) => {
          const map = tx.open(owners);
          for (let n = 0; n < 256; n++) {
            assert.equal(map.putIfAbsent(session * 256 + n, n).inserted, true);
          }
        });
        const again = await store.open();
        const map = again.open(owners);
        assert.equal(map.size, (session + 1) * 256);
        for (let key = 0; key < map.size; key++) assert.equal(map.get(key), key % 256);
        await again.update((tx) => {
          for (let key = 0; key < 256; key += 17) {
            assert.deepEqual(tx.open(owners).putIfAbsent(key, 9), { inserted: false, value: key });
          }
        });
      }
    });
  });

  test(`regression: zeros are values, and told apart from what is absent: ${kind}`, async () => {
    const flags = onceMap("flags", { key: codec.u8, value: codec.boolean });
    const none = onceMap("none", { key: codec.bytes, value: codec.bytes });
    const zero = register("zero", codec.f64);
    const empty = register("empty", codec.bytes);
    const pairs = index("pairs", { key: codec.u8, value: codec.u8, mode: "cluster" });
    await withStore(async (db, store) => {
      await db.update((tx) => {
        tx.open(flags).putIfAbsent(0, false);
        tx.open(none).putIfAbsent(new Uint8Array(0), new Uint8Array(0));
        tx.open(zero).set(0);
        tx.open(empty).set(new Uint8Array(0));
        tx.open(pairs).put(0, 0);
        tx.open(audit).append(new Uint8Array(0));
      });
      const again = await store.open();
      const [f, n] = [again.open(flags), again.open(none)];
      assert.deepEqual([f.get(0), f.has(0), f.get(1), f.has(1)], [false, true, undefined, false]);
      assert.deepEqual(n.get(new Uint8Array(0)), new Uint8Array(0));
      assert.equal(n.get(new Uint8Array(1)), undefined);
      assert.deepEqual(again.open(zero).get(), 0);
      assert.deepEqual(again.open(empty).get(), new Uint8Array(0));
      assert.deepEqual(again.open(pairs).get(0), [0]);
      assert.deepEqual([again.open(audit).get(0), again.open(audit).get(1)], [
        new Uint8Array(0),
        undefined,
      ]);
    });
  });
}

const [, withStore] = EACH_STORE[0]!;

test("regression: elements of every width can be stored, whether it divides a page or not", async () => {
  await withStore(async (_, store) => {
    const widths = [...Array(70).keys(), 511, 1000, 1021, 1365, 4093, 4095, 4096, 4097, 12_289];
    await store.db.update((tx) => {
      for (const width of widths) {
        const map = onceMap(`map ${width}`, { key: codec.u16, value: codec.fixed(width) });
        for (let n = 0; n < 9; n++) tx.open(map).putIfAbsent(n * 341, filled(width, n));
        tx.open(register(`register ${width}`, codec.fixed(width))).set(filled(width, 5));
      }
    });
    const again = await store.open();
    for (const width of widths) {
      const map = again.open(
        onceMap(`map ${width}`, { key: codec.u16, value: codec.fixed(width) }),
      );
      for (let n = 0; n < 9; n++) assert.deepEqual(map.get(n * 341), filled(width, n));
      const kept = again.open(register(`register ${width}`, codec.fixed(width)));
      assert.deepEqual(kept.get(), filled(width, 5));
    }
  });
});

test("regression: what is being read never stands in the way of a write", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let n = 0; n < 2000; n++) tx.open(owners).putIfAbsent(n, n);
    });
    const snapshot = db.snapshot();
    const open = [db.open(owners).entries(), snapshot.open(owners).entries()];
    for (const entries of open) entries.next();
    const reading = db.begin();
    const own = reading.open(owners).entries();
    own.next();
    await db.update((tx) => {
      const mine = tx.open(owners).entries();
      mine.next();
      for (let n = 2000; n < 2600; n++) tx.open(owners).putIfAbsent(n, n);
      assert.equal([...mine].length, 1999, "an iterator shows its moment");
    });
    for (const entries of [...open, own]) assert.equal([...entries].length, 1999);
    reading.rollback();
    snapshot.release();
    assert.equal(db.open(owners).size, 2600);
  });
});

/** Bytes of the log that must go beyond what 32 bits count: `LOG_TOTAL_BYTES=4831838208`. */
const TOTAL = Number(process.env["LOG_TOTAL_BYTES"] ?? 24 * 1024 * 1024);

test("regression: a log of more bytes than an offset of old could name gives all of them back", {
  timeout: 300_000,
}, async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "large.hold");
    const length = Math.min(64 * 1024 * 1024, TOTAL / 8) - 5;
    const count = Math.ceil(TOTAL / length);
    const record = filled(length, 3);
    const stamp = (n: number): Uint8Array => {
      record.set(filled(16, n), 0);
      record.set(filled(16, n + 1), length - 16);
      return record;
    };
    let db = await Database.open(path);
    for (let n = 0; n < count; n++) {
      assert.equal(await db.update((tx) => tx.open(audit).append(stamp(n))), n);
    }
    await db.close();
    db = await Database.open(path);
    for (const n of [0, count >> 1, count - 2, count - 1]) {
      const found = db.open(audit).get(n)!;
      assert.ok(found.length === length, `record ${n}`);
      stamp(n);
      for (let at = 0; at < length; at += at < 4096 ? 1 : 4099) {
        if (found[at] !== record[at]) assert.fail(`record ${n}, byte ${at}`);
      }
    }
    assert.equal(db.open(audit).get(count), undefined);
    assert.ok(db.stats().fileBytes > TOTAL);
    await db.close();
  });
});
