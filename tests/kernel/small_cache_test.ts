/** A cache that is smaller than what is changed: pages are written ahead of their checkpoint. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, index } from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";

const PATH = "/data/store.hold";
const CACHE_BYTES: number = 1024 * 1024;
const ENTRIES = 16_000;
const ROUNDS = 30;
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

test("BTree.put at the end of a tree whose last leaf was written ahead, and its frame given away", async () => {
  const io = memoryIo();
  const db = await Database.open(PATH, { io, cacheBytes: CACHE_BYTES, durability: "memory" });
  const tail = index("tail", { key: codec.u32, value: codec.u32 });
  // Its keys are behind those of every leaf that may come into the frame.
  let last = ENTRIES;
  await db.update((tx) => tx.open(tail).put(last, last));
  await fill(db, 1);
  await db.checkpoint();
  // Without a turn of the event loop no checkpoint begins: the tree's root stays the same.
  const before = db.stats().pagesWritten;
  const commits: Promise<void>[] = [];
  const emptied = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    commits.push(db.update((tx) => {
      for (let n = 0; n < 230; n++) {
        const key = (round * 230 + n) * 7919 % ENTRIES;
        emptied.add(key);
        tx.open(table).put(key, new Uint8Array(0));
      }
      tx.open(tail).put(++last, last);
    }));
    for (let n = 0; n < ENTRIES; n += 16) db.open(table).get(n);
    commits.push(db.update((tx) => tx.open(tail).put(++last, last)));
  }
  assert.ok(db.stats().pagesWritten - before > CACHE_BYTES / 4096, "leaves are written ahead");
  const keys = Array.from({ length: 2 * ROUNDS + 1 }, (_, n) => ENTRIES + n);
  assert.deepEqual([...db.open(tail).keys()], keys);
  await Promise.all(commits);
  let entries = 0;
  for (const [key, { length }] of db.open(table).range()) {
    assert.equal(key, entries++);
    assert.equal(length, emptied.has(key) ? 0 : 200);
  }
  assert.equal(entries, ENTRIES);
  assert.deepEqual((await db.check()).problems, []);
  await db.close();
});
