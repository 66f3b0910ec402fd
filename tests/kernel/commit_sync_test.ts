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

test("Transaction.commitSync during a checkpoint ends that first where it needs its space", async () => {
  for (const length of [100, 16_000, 200_000]) {
    const { disk, db } = await slowStore();
    for (let n = 0; n < 12; n++) await put(db, `warm ${n}`, 15_000);
    const checkpoint = db.checkpoint();
    await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
    for (let n = 0; n < 30; n++) putSync(db, `sync ${n % 3}`, length);
    assert.deepEqual(await keysAfterPowerCut(disk), ["sync 0", "sync 1", "sync 2"]);
    await checkpoint;
    await assertWhole(db);
    await db.close();
  }
});

test("Transaction.commitSync of more than the log has room for is durable on return", async () => {
  const { disk, db } = await slowStore();
  const checkpoint = db.checkpoint();
  await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
  const tx = db.begin();
  for (let n = 0; n < 40; n++) tx.open(table).put(`many ${n}`, filled(10_000, n));
  tx.commitSync();
  assert.equal((await keysAfterPowerCut(disk)).length, 40);
  await checkpoint;
  await assertWhole(db);
  await db.close();
});
