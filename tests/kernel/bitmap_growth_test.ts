/** A file that outgrows the run of its free space bitmap while a checkpoint becomes durable. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type FaultOperation, SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index } from "../../mod.ts";
import { assertWhole } from "./checked.ts";

const PATH = "/data/store.hold";
const table = index("table", { key: codec.u32, value: codec.bytes });

const MEBIBYTE = 1024 * 1024;

/** A page of the bitmap has a bit for each page of so many bytes. */
const BITMAP_PAGE_COVERS = 128 * MEBIBYTE;

/** More pages than a checkpoint syncs on the thread. */
const MANY = 1600;

/** Waits for the first call that is more than `before`. */
async function callOf(
  disk: SimulatedDisk,
  operation: FaultOperation,
  before: number,
): Promise<void> {
  while (disk.calls(operation) === before) {
    await new Promise<void>((turn) => disk.io.nextTurn(turn));
  }
}

async function putMany(db: Database, length: number): Promise<void> {
  await db.update((tx) => {
    for (let n = 0; n < MANY; n++) tx.open(table).put(n, new Uint8Array(length).fill(n));
  });
}

test("a commit that outgrows the bitmap's run while a superblock becomes durable leaves that one its run", async () => {
  // Its syncs run beside the thread.
  const disk = new SimulatedDisk({ syncMilliseconds: 10 });
  const db = await Database.open(PATH, { io: disk.io });
  await putMany(db, 900);
  await db.update((tx) => tx.open(table).put(MANY, new Uint8Array(100 * MEBIBYTE)));
  await putMany(db, 800);
  const syncs = disk.calls("sync");
  const checkpoint = db.checkpoint();
  await callOf(disk, "sync", syncs);
  assert.ok(db.stats().fileBytes <= BITMAP_PAGE_COVERS);
  await db.update((tx) => tx.open(table).put(MANY + 1, new Uint8Array(30 * MEBIBYTE)));
  assert.ok(db.stats().fileBytes > BITMAP_PAGE_COVERS);
  await checkpoint;
  // Were the run of the bitmap free, these would be given its pages.
  await putMany(db, 700);
  await assertWhole(db);
  const image = await Database.open(PATH, { io: disk.crash("nothing kept").io });
  await assertWhole(image);
  assert.equal(image.open(table).get(MANY - 1)?.length, 700);
  await image.close();
  await db.close();
  const again = await Database.open(PATH, { io: disk.io });
  await assertWhole(again);
  await again.close();
});

test("a run that a larger one replaces while a checkpoint writes its pages is not part of the image", async () => {
  // Its pages are written in steps, between which commits go on.
  const disk = new SimulatedDisk({ syncMilliseconds: 10, writeMilliseconds: 5 });
  const db = await Database.open(PATH, { io: disk.io });
  await putMany(db, 900);
  await db.update((tx) => tx.open(table).put(MANY, new Uint8Array(100 * MEBIBYTE)));
  await putMany(db, 800);
  const [syncs, writes] = [disk.calls("sync"), disk.calls("write")];
  const checkpoint = db.checkpoint();
  await callOf(disk, "write", writes);
  await db.update((tx) => tx.open(table).put(MANY + 1, new Uint8Array(30 * MEBIBYTE)), {
    durability: "os",
  });
  assert.equal(disk.calls("sync"), syncs, "the checkpoint is still writing");
  assert.ok(db.stats().fileBytes > BITMAP_PAGE_COVERS);
  await checkpoint;
  const image = await Database.open(PATH, { io: disk.crash("nothing kept").io });
  await assertWhole(image);
  await image.close();
  await db.close();
});
