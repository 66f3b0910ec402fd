/** The file stays within its bound under churn, and gives space back. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../src/base/prng.ts";
import { codec, type Database, index } from "../../mod.ts";
import { withStore } from "./checked.ts";

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
      const entries = 100_000;
      const value = new Uint8Array(100);
      await put(db, entries, (n) => n, value);
      await put(db, 2 * entries, () => random.below(entries), value);
      for (let round = 0; round < 5; round++) {
        await put(db, 40_000, () => random.below(entries), value);
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
