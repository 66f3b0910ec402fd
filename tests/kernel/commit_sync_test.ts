/** Commits that do not wait for the event loop, while others do. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, index } from "../../mod.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { assertWhole } from "./checked.ts";
import { filled } from "./damaged_store.ts";

const PATH = "/data/store.hold";
const table = index("table", { key: codec.string, value: codec.bytes });

/** A store on a disk so slow that its syncs run beside the thread. */
async function slowStore(): Promise<{ disk: SimulatedDisk; db: Database }> {
  const disk = new SimulatedDisk({ syncMilliseconds: 10 });
  const db = await Database.open(PATH, { io: disk.io, logBytes: 512 * 1024 });
  for (let n = 0; n < 30; n++) await put(db, `warm ${n}`, 10);
  return { disk, db };
}

function put(db: Database, key: string, length: number): Promise<void> {
  return db.update((tx) => tx.open(table).put(key, filled(length, 1)));
}

function putSync(db: Database, key: string, length: number): void {
  const tx = db.begin();
  tx.open(table).put(key, filled(length, 2));
  tx.commitSync();
}

/** What a power cut that keeps nothing more leaves. */
async function keysAfterPowerCut(disk: SimulatedDisk): Promise<string[]> {
  const { io } = disk.crash(disk.policies({ limit: 1, seed: 1 })[0]!);
  const db = await Database.open(PATH, { io });
  const keys = Array.from(db.open(table).range(), ([key]) => key);
  await assertWhole(db);
  await db.close();
  return keys.filter((key) => !key.startsWith("warm"));
}

test("Transaction.commitSync overtakes a sync that is under way, and makes its commits durable too", async () => {
  const { disk, db } = await slowStore();
  const first = put(db, "first", 100);
  // Until its sync is under way.
  for (const calls = disk.operations; disk.operations < calls + 2;) {
    await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
  }
  putSync(db, "second", 100);
  assert.deepEqual(await keysAfterPowerCut(disk), ["first", "second"]);
  await first;
  await put(db, "third", 100);
  assert.deepEqual(await keysAfterPowerCut(disk), ["first", "second", "third"]);
  await assertWhole(db);
  await db.close();
});

/**
 * A checkpoint of more pages than are synced on the thread, whose sync has just begun, and may take
 * some turns of the event loop.
 */
async function underCheckpoint(
  disk: SimulatedDisk,
  db: Database,
  turns?: number,
): Promise<{ readonly checkpoint: Promise<void> }> {
  await db.update((tx) => {
    for (let n = 0; n < 1600; n++) tx.open(table).put(`warm ${n}`, filled(900, n));
  });
  await db.update((tx) => {
    for (let n = 0; n < 1600; n += 4) tx.open(table).put(`warm ${n}`, filled(9, n));
  });
  if (turns !== undefined) disk.fail({ operation: "sync", kind: "late", turns });
  const syncs = disk.calls("sync");
  const checkpoint = db.checkpoint();
  while (disk.calls("sync") === syncs) await undefined;
  return { checkpoint };
}

for (const length of [100, 16_000, 200_000]) {
  test(`Transaction.commitSync of ${length} bytes during a checkpoint ends that first where it needs its space`, async () => {
    const { disk, db } = await slowStore();
    const { checkpoint } = await underCheckpoint(disk, db);
    const { checkpoints } = db.stats();
    putSync(db, "sync 0", length);
    assert.equal(db.stats().checkpoints - checkpoints, 0, "it goes on beside small commits");
    for (let n = 1; n < 30; n++) putSync(db, `sync ${n % 3}`, length);
    assert.equal(db.stats().checkpoints - checkpoints > 0, length > 100);
    assert.deepEqual(await keysAfterPowerCut(disk), ["sync 0", "sync 1", "sync 2"]);
    await checkpoint;
    await assertWhole(db);
    await db.close();
  });
}

test("Transaction.commitSync of more than the log has room for is durable on return", async () => {
  const { disk, db } = await slowStore();
  const { checkpoint } = await underCheckpoint(disk, db);
  const tx = db.begin();
  for (let n = 0; n < 40; n++) tx.open(table).put(`many ${n}`, filled(10_000, n));
  tx.commitSync();
  assert.equal((await keysAfterPowerCut(disk)).length, 40);
  await checkpoint;
  await assertWhole(db);
  await db.close();
});

test("Database.update of more than the log has room for waits for a checkpoint that is under way", async () => {
  const { disk, db } = await slowStore();
  const { checkpoint } = await underCheckpoint(disk, db, 20);
  const ended: string[] = [];
  const large = db.update((tx) => {
    for (let n = 0; n < 40; n++) tx.open(table).put(`many ${n}`, filled(10_000, n));
  });
  await Promise.all([
    checkpoint.then(() => ended.push("checkpoint")),
    large.then(() => ended.push("large")),
  ]);
  assert.deepEqual(ended, ["checkpoint", "large"]);
  assert.equal((await keysAfterPowerCut(disk)).length, 40);
  await assertWhole(db);
  await db.close();
});

/** More than the log has room for: a checkpoint carries it, whose sync has just begun. */
async function underLargeCommit(
  disk: SimulatedDisk,
  db: Database,
): Promise<{ readonly large: Promise<void> }> {
  const syncs = disk.calls("sync");
  const large = db.update((tx) => {
    for (let n = 0; n < 1600; n++) tx.open(table).put(`large ${n}`, filled(900, n));
  });
  while (disk.calls("sync") === syncs) {
    await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
  }
  assert.equal(db.open(table).has("large 0"), false);
  return { large };
}

for (const length of [100, 16_000, 200_000]) {
  test(`regression: Transaction.commitSync of ${length} bytes behind a large commit ends that first`, async () => {
    const { disk, db } = await slowStore();
    const told: number[] = [];
    db.hooks.afterCommit(({ sequence }) => void told.push(sequence));
    const { large } = await underLargeCommit(disk, db);
    for (let n = 0; n < 40; n++) {
      const tx = db.begin();
      for (let key = 0; key < 4; key++) tx.open(table).put(`sync ${key}`, filled(length, n));
      tx.commitSync();
      assert.deepEqual(db.open(table).get("sync 3"), filled(length, n));
    }
    assert.ok(db.open(table).has("large 0"), "later commits are visible, so it is");
    assert.equal((await keysAfterPowerCut(disk)).length, 1604);
    await large;
    assert.deepEqual(told, Array.from({ length: 41 }, (_, at) => told[0]! + at));
    await assertWhole(db);
    await db.close();
  });
}

test("regression: Transaction.commitSync of more than the log has room for, behind another such commit", async () => {
  const { disk, db } = await slowStore();
  const { large } = await underLargeCommit(disk, db);
  const tx = db.begin();
  for (let n = 0; n < 40; n++) tx.open(table).put(`many ${n}`, filled(10_000, n));
  tx.commitSync();
  assert.equal((await keysAfterPowerCut(disk)).length, 1640);
  await large;
  await db.close();
});

test("regression: Transaction.commitSync behind a large commit: its pages are durable before a superblock", async () => {
  for (let cut = 0; cut < 5; cut++) {
    const { disk, db } = await slowStore();
    const { large } = await underLargeCommit(disk, db);
    disk.cutAt(disk.operations + cut);
    assert.throws(() => putSync(db, "second", 100), { code: "POISONED" });
    await large.catch(() => {});
    for (const policy of disk.policies({ limit: 8, seed: cut })) {
      const again = await Database.open(PATH, { io: disk.crash(policy).io });
      await assertWhole(again);
      await again.close();
    }
  }
});

test("Transaction.commitSync behind a large commit whose checkpoint fails is POISONED, as that is", async () => {
  const { disk, db } = await slowStore();
  const { large } = await underLargeCommit(disk, db);
  disk.fail({ operation: "sync", times: 2 });
  assert.throws(() => putSync(db, "second", 100), { code: "POISONED" });
  await assert.rejects(large, { code: "IO_FAILED" });
  assert.equal(db.open(table).has("large 0"), false);
  assert.deepEqual(await keysAfterPowerCut(disk), []);
  await db.close();
});
