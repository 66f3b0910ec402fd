/** A cache that is smaller than what is changed: pages are written ahead of their checkpoint. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, index } from "../../mod.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";

const PATH = "/data/store.hold";
const CACHE_BYTES: number = 1024 * 1024;
const ENTRIES = 16_000;
const table = index("table", { key: codec.u32, value: codec.bytes });

/** Changes all leaves, in no order: four times as many bytes as the cache has. */
function fill(db: Database, round: number): Promise<void> {
  return db.update((tx) => {
    const writer = tx.open(table);
    for (let n = 0; n < ENTRIES; n++) {
      writer.put(n * 7919 % ENTRIES, new Uint8Array(200).fill(round));
    }
  });
}

function assertRound(db: Database, round: number): void {
  let entries = 0;
  for (const [key, value] of db.open(table).range()) {
    assert.equal(key, entries++);
    assert.ok(value.length === 200 && value[0] === round && value[199] === round, `entry ${key}`);
  }
  assert.equal(entries, ENTRIES);
}

test("Database.update larger than the cache is whole, in memory bounds, and after a power cut", async () => {
  const disk = new SimulatedDisk();
  const db = await Database.open(PATH, { io: disk.io, cacheBytes: CACHE_BYTES });
  for (const round of [1, 2]) {
    const before = db.stats().pagesWritten;
    await fill(db, round);
    assert.ok(db.stats().pagesWritten - before > ENTRIES * 200 / 4096);
    assertRound(db, round);
  }
  const calls = disk.operations;
  const last = fill(db, 3);
  disk.cutAt(calls + 40);
  await assert.rejects(last, { code: "IO_FAILED" });
  for (const policy of disk.policies({ limit: 4, seed: 1 })) {
    const again = await Database.open(PATH, { io: disk.crash(policy).io, cacheBytes: CACHE_BYTES });
    assertRound(again, 2);
    assert.deepEqual((await again.check()).problems, []);
    await again.close();
  }
});
