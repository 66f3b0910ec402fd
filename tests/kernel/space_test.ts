/** The file stays within its bound under churn, and gives space back. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../src/base/prng.ts";
import { codec, type Database, index } from "../../mod.ts";
import { assertWhole, withStore } from "./checked.ts";

const MIB = 1024 * 1024;

/** What the transactions of these tests may take beyond what is stored. */
const IN_FLIGHT_BYTES: number = 2 * MIB;

const table = index("table", { key: codec.u32, value: codec.bytes });

/** Puts `count` entries whose keys `keyOf` gives, 50 a transaction. */
async function put(
  db: Database,
  count: number,
  keyOf: (n: number) => number,
  value: Uint8Array,
): Promise<void> {
  for (let from = 0; from < count; from += 50) {
    await db.update((tx) => {
      const writer = tx.open(table);
      for (let n = from; n < Math.min(count, from + 50); n++) writer.put(keyOf(n), value);
    }, { durability: "memory" });
  }
}

for (const logBytes of [256 * 1024, 16 * MIB]) {
  test(`Database keeps the file within twice its data and a log of ${logBytes >> 10} KiB under random overwrite`, async () => {
    await withStore(async (db) => {
      const random = new Prng(1);
      const entries = 60_000;
      const value = new Uint8Array(100);
      await put(db, entries, (n) => n, value);
      await put(db, entries, () => random.below(entries), value);
      for (let round = 0; round < 3; round++) {
        await put(db, 20_000, () => random.below(entries), value);
        const { fileBytes } = db.stats();
        const { pages } = await db.check();
        // A log that grew to its size has left the places of its smaller extents: less than one more.
        const extents = logBytes > MIB ? 3 : 2;
        const bound = 2 * pages * 4096 + extents * logBytes + IN_FLIGHT_BYTES;
        assert.ok(fileBytes <= bound, `round ${round}: ${fileBytes} of ${bound}`);
      }
    }, { logBytes });
  });
}

for (const length of [20_000, 100_000]) {
  test(`Database keeps the file small under overwrite of values of ${length} bytes`, async () => {
    await withStore(async (db) => {
      for (let n = 0; n < 500; n++) {
        await db.update((tx) => tx.open(table).put(n % 20, new Uint8Array(length)));
      }
      // What waits for a checkpoint is bounded, though such values hardly fill the log.
      const { fileBytes } = db.stats();
      const bound = 2 * 20 * length + LOG_BYTES + 12 * MIB;
      assert.ok(fileBytes <= bound, `${fileBytes} of ${bound}`);
    });
  });
}

/** The smallest log: two extents of 256 KiB. */
const LOG_BYTES: number = 512 * 1024;

test("Database.compact gives the space of what was deleted back", async () => {
  await withStore(async (db) => {
    await put(db, 30_000, (n) => n, new Uint8Array(200));
    await db.update((tx) => {
      for (let n = 0; n < 20; n++) tx.open(table).put(n, new Uint8Array(300_000));
    });
    await put(db, 10_000, (n) => n * 3, new Uint8Array(200));
    for (let from = 0; from < 30_000; from += 1000) {
      await db.update((tx) => {
        for (let n = from; n < from + 1000; n++) tx.open(table).remove(n);
      });
    }
    const { bytesBefore, bytesAfter, heldBySnapshots, reservedBytes } = await db.compact();
    assert.ok(bytesBefore > 20 * MIB, `${bytesBefore}`);
    assert.ok(bytesAfter <= LOG_BYTES + 64 * 1024, `${bytesAfter} after all was deleted`);
    assert.equal(bytesAfter, db.stats().fileBytes);
    assert.equal(heldBySnapshots + reservedBytes, 0);
    await assertWhole(db);
    await put(db, 1000, (n) => n, new Uint8Array(200));
  });
});

test("Database.compact moves pages and large values down, and all stays readable", async () => {
  await withStore(async (db) => {
    // The last ones are copied in several steps.
    const length = (n: number): number => n < 57 ? 70_000 + 1000 * n : 300_000 + 200_000 * (n - 57);
    const large = (n: number): Uint8Array => {
      const value = new Uint8Array(length(n)).fill(n);
      for (let at = 0; at < value.length; at += 1000) value[at] = at / 1000;
      return value;
    };
    await put(db, 20_000, (n) => n, new Uint8Array(200));
    await db.update((tx) => {
      for (let n = 0; n < 60; n++) tx.open(table).put(100_000 + n, large(n));
    });
    await db.update((tx) => {
      for (let n = 0; n < 20_000; n++) if (n % 40 !== 0) tx.open(table).remove(n);
      for (let n = 0; n < 40; n++) tx.open(table).remove(100_000 + n);
    });
    const report = await db.compact();
    const { pages } = await db.check();
    let values = 0;
    for (let n = 40; n < 60; n++) values += Math.ceil(large(n).length / 4096) * 4096;
    assert.ok(report.movedPages > 20, `${report.movedPages} pages moved`);
    const stored = pages * 4096 + values;
    assert.ok(report.bytesAfter < stored * 1.1 + LOG_BYTES + 64 * 1024, `${report.bytesAfter}`);
    for (let n = 0; n < 60; n++) {
      assert.deepEqual(db.open(table).get(100_000 + n), n < 40 ? undefined : large(n));
    }
    assert.equal(db.open(table).count(), 500 + 20);
    const again = await db.compact();
    assert.ok(again.bytesAfter <= report.bytesAfter, "a second time gains no loss");
  });
});
