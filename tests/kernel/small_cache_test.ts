/** A cache that is smaller than what is changed: pages are written ahead of their checkpoint. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, index, recordLog, type Transaction } from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { Checksum } from "../../src/base/checksum.ts";
import { Pager } from "../../src/kernel/page/pager.ts";
import { FreeSpace } from "../../src/kernel/space/free_space.ts";

const PATH = "/data/store.hold";
const CACHE_BYTES: number = 1024 * 1024;
const ENTRIES = 16_000;
const ROUNDS = 30;
const log = recordLog("log");
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
  // Of a checkpoint, or of a leaf that makes room while it is applied.
  await assert.rejects(last, ({ code }) => ["IO_FAILED", "POISONED"].includes(code));
  for (const policy of disk.policies({ limit: 4, seed: 1 })) {
    const again = await Database.open(PATH, { io: disk.crash(policy).io, cacheBytes: CACHE_BYTES });
    // Refused does not mean gone: its batch may have been durable before.
    assertRound(again, again.open(table).get(0)?.[0] === 3 ? 3 : 2);
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

test("recordLog.append goes on behind a last leaf that was written ahead of its checkpoint", async () => {
  const disk = new SimulatedDisk();
  const db = await Database.open(PATH, { io: disk.io, cacheBytes: CACHE_BYTES });
  await fill(db, 1);
  const commits: Promise<unknown>[] = [];
  const commit = (change: (tx: Transaction) => void): void => {
    const tx = db.begin({ durability: "memory" });
    change(tx);
    commits.push(tx.commit());
  };
  const append = (byte: number) =>
    commit((tx) => void tx.open(log).append(new Uint8Array(20).fill(byte)));
  append(1);
  await db.checkpoint();
  // In one turn, so that no checkpoint begins: nine tenths of the cache are dirty.
  append(2);
  for (let n = 0; n < ENTRIES; n += 70) {
    commit((tx) => tx.open(table).put(n, new Uint8Array(200).fill(1)));
  }
  append(3);
  const before = db.stats().pagesWritten;
  for (let round = 0; round < 2; round++) assertRound(db, 1);
  assert.ok(db.stats().pagesWritten > before, "leaves were written ahead");
  append(4);
  await Promise.all(commits);
  await db.checkpoint();
  for (const at of [db, await Database.open(PATH, { io: disk.crash("nothing kept").io })]) {
    const records = Array.from(at.open(log).read(), ({ bytes }) => bytes[0]);
    assert.deepEqual(records, [1, 2, 3, 4]);
    assert.deepEqual((await at.check()).problems, []);
    await at.close();
  }
});

test("Pager: a page far behind all that were in the cache is freed, and others stay in it", async () => {
  const file = await memoryIo().open(PATH, "create");
  const space = new FreeSpace(file, new Uint32Array([0xffffffff]), 32, 1 << 30);
  const pager = new Pager(file, PATH, new Checksum(undefined), space, CACHE_BYTES, 1, 1);
  const frame = pager.create(16, 0);
  const page = pager.pageOf(frame);
  space.extendTo(9000);
  space.markRun(8999, 1);
  const free = space.freeCount;
  pager.freePage(8999, pager.epoch);
  assert.equal(space.freeCount, free + 1);
  assert.ok(pager.holds(frame, page));
  pager.freePage(page, pager.epoch);
  assert.equal(pager.holds(frame, page), false);
  file.close();
});
