/** Which syncs go off the thread: those that have much to write. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index } from "../../mod.ts";
import { assertWhole } from "./checked.ts";
import { filled } from "./damaged_store.ts";

const MIB = 1024 * 1024;
const table = index("table", { key: codec.string, value: codec.bytes });

/** Syncs of files since the last look, in order. */
type Syncs = () => ("on" | "off")[];

/** A store on a fast disk, and what it asks of it. */
async function watchedStore(): Promise<{ disk: SimulatedDisk; db: Database; syncs: Syncs }> {
  const disk = new SimulatedDisk({ syncMilliseconds: 0.1 });
  let seen: ("on" | "off")[] = [];
  const { io } = disk;
  const open = io.open.bind(io);
  io.open = async (...args) => {
    const file = await open(...args);
    const [sync, syncAsync] = [file.sync.bind(file), file.syncAsync.bind(file)];
    file.sync = () => (seen.push("on"), sync());
    file.syncAsync = () => (seen.push("off"), syncAsync());
    return file;
  };
  const syncs = (): ("on" | "off")[] => {
    const found = seen;
    seen = [];
    return found;
  };
  const db = await Database.open("/data/store.hold", { io, logBytes: MIB });
  await db.update((tx) => tx.open(table).put("first", filled(100, 1)));
  await db.checkpoint();
  syncs();
  return { disk, db, syncs };
}

test("Database.update syncs on the thread, and off it with more than 1 MiB to write", async () => {
  const { disk, db, syncs } = await watchedStore();
  await db.update((tx) => tx.open(table).put("small", filled(100, 1)));
  assert.deepEqual(syncs(), ["on"]);
  await db.update((tx) => tx.open(table).put("large", filled(2 * MIB, 2)));
  assert.deepEqual(syncs(), ["off"]);
  await db.update((tx) => tx.open(table).put("small", filled(100, 3)));
  assert.deepEqual(syncs(), ["on"], "what was synced is not waited for again");
  const { io } = disk.crash(disk.policies({ limit: 1, seed: 1 })[0]!);
  const again = await Database.open("/data/store.hold", { io });
  assert.equal(again.open(table).get("large")?.length, 2 * MIB);
  await assertWhole(again);
  await again.close();
  await db.close();
});

test("Database.checkpoint syncs its pages off the thread where they are more than 1 MiB", async () => {
  const { db, syncs } = await watchedStore();
  for (const [entries, expected] of [[100, ["on", "on"]], [2000, ["off", "on"]]] as const) {
    for (let n = 0; n < entries; n += 100) {
      await db.update((tx) => {
        for (let i = n; i < n + 100; i++) tx.open(table).put(`${i}`, filled(900, n));
      });
    }
    syncs();
    await db.checkpoint();
    assert.deepEqual(syncs(), expected, `${entries} entries`);
  }
  await assertWhole(db);
  await db.close();
});

test("Database.update beside a checkpoint syncs off the thread", async () => {
  const { disk, db, syncs } = await watchedStore();
  for (let n = 0; n < 2000; n += 100) {
    await db.update((tx) => {
      for (let i = n; i < n + 100; i++) tx.open(table).put(`${i}`, filled(900, n));
    });
  }
  disk.fail({ operation: "sync", kind: "late", turns: 20 });
  syncs();
  const checkpoint = db.checkpoint();
  while (syncs().length === 0) await undefined;
  const { checkpoints } = db.stats();
  await db.update((tx) => tx.open(table).put("beside", filled(100, 1)));
  assert.deepEqual(syncs(), ["off"]);
  assert.equal(db.stats().checkpoints, checkpoints, "it still runs");
  await checkpoint;
  await db.close();
});
