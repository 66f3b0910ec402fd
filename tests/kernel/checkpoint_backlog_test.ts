/** How much a sync has to write: a checkpoint of many pages has the disk begin with them early. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index } from "../../mod.ts";
import { ASYNC_SYNC_BYTES, CHECKPOINT_BACKLOG_BYTES } from "../../src/kernel/limits.ts";
import { assertWhole } from "./checked.ts";
import { filled } from "./damaged_store.ts";

const PATH = "/data/store.hold";
/** Their leaves are three times the backlog and more. */
const ENTRIES = 28_000;
/** What one write call of a checkpoint takes at most. */
const WRITE_BYTES: number = 64 * 4096;

const table = index("table", { key: codec.u32, value: codec.bytes });

/** What the file was asked for. */
interface Traffic {
  /** Bytes written since the newest sync began. */
  unsynced: number;
  /** Bytes that syncs under way make durable. */
  running: number;
  /** The most that a sync had to wait for. */
  most: number;
  /** The most that a sync on the thread had to write. */
  mostOnThread: number;
  /** Syncs begun. */
  syncs: number;
}

/** A disk whose file counts. */
function watchedDisk(): { disk: SimulatedDisk; traffic: Traffic } {
  const disk = new SimulatedDisk({ syncMilliseconds: 0.1 });
  const traffic = { unsynced: 0, running: 0, most: 0, mostOnThread: 0, syncs: 0 };
  const { io } = disk;
  const open = io.open.bind(io);
  io.open = async (...args) => {
    const file = await open(...args);
    const { writeAt, sync, syncAsync } = file;
    const begin = (): number => {
      const bytes = traffic.unsynced;
      traffic.most = Math.max(traffic.most, traffic.running + bytes);
      traffic.unsynced = 0;
      traffic.syncs++;
      return bytes;
    };
    file.writeAt = (bytes, at) => {
      traffic.unsynced += bytes.length;
      return writeAt.call(file, bytes, at);
    };
    file.sync = () => {
      traffic.mostOnThread = Math.max(traffic.mostOnThread, begin());
      sync.call(file);
    };
    file.syncAsync = async () => {
      const bytes = begin();
      traffic.running += bytes;
      await syncAsync.call(file).finally(() => traffic.running -= bytes);
    };
    return file;
  };
  return { disk, traffic };
}

/** A store all of whose leaves are dirty, since the first of their four values has changed. */
async function dirtyStore(disk: SimulatedDisk): Promise<Database> {
  const db = await Database.open(PATH, { io: disk.io, logBytes: 1024 * 1024 });
  for (let n = 0; n < ENTRIES; n += 4000) {
    await db.update((tx) => {
      for (let i = n; i < n + 4000; i++) tx.open(table).put(i, filled(900, i));
    });
  }
  await db.checkpoint();
  await db.update((tx) => {
    for (let i = 0; i < ENTRIES; i += 4) tx.open(table).put(i, filled(9, i));
  });
  return db;
}

test("Database.checkpoint: no sync has more to write than twice the backlog", async () => {
  const { disk, traffic } = watchedDisk();
  const db = await dirtyStore(disk);
  Object.assign(traffic, { most: 0, syncs: 0 });
  // A disk that falls behind.
  disk.fail({ operation: "sync", kind: "late", turns: 20, times: 3 });
  const written = db.stats().pagesWritten;
  await db.checkpoint();
  const bytes = (db.stats().pagesWritten - written) * 4096;
  assert.ok(bytes > 3 * CHECKPOINT_BACKLOG_BYTES, `${bytes} bytes were written`);
  assert.ok(traffic.most <= 2 * (CHECKPOINT_BACKLOG_BYTES + WRITE_BYTES), `${traffic.most} bytes`);
  // One for each backlog, one for the rest, one for the superblock.
  assert.ok(traffic.syncs <= Math.ceil(bytes / CHECKPOINT_BACKLOG_BYTES) + 2, `${traffic.syncs}`);
  await db.close();
});

test("Database.update beside a checkpoint of many pages waits for two backlogs at most", async () => {
  const { disk, traffic } = watchedDisk();
  const db = await dirtyStore(disk);
  traffic.most = 0;
  let isRunning = true;
  const checkpoint = db.checkpoint().then(() => isRunning = false);
  let beside = 0;
  for (; isRunning; beside++) {
    await db.update((tx) => tx.open(table).put(beside, filled(10, beside)));
  }
  await checkpoint;
  assert.ok(beside >= 3, `${beside} commits`);
  assert.ok(traffic.most <= 2 * (CHECKPOINT_BACKLOG_BYTES + WRITE_BYTES), `${traffic.most} bytes`);
  const image = disk.crash("nothing kept");
  const again = await Database.open(PATH, { io: image.io });
  for (let n = 0; n < beside; n++) assert.deepEqual(again.open(table).get(n), filled(10, n));
  await assertWhole(again);
  await again.close();
  await db.close();
});

test("Database.update that grows the file by much syncs off the thread", async () => {
  const { disk, traffic } = watchedDisk();
  const db = await Database.open(PATH, { io: disk.io });
  for (let n = 0; n < 20_000; n += 100) {
    await db.update((tx) => {
      for (let i = n; i < n + 100; i++) tx.open(table).put(i, filled(900, i));
    });
  }
  assert.ok(traffic.most > ASYNC_SYNC_BYTES);
  // The superblock, and what a commit has grown the file by meanwhile.
  assert.ok(traffic.mostOnThread <= ASYNC_SYNC_BYTES + 4096, `${traffic.mostOnThread} bytes`);
  await db.close();
});

for (const mode of ["F1", "F2", "F3"] as const) {
  test(`Database.checkpoint: a sync of its backlog that fails (${mode}) poisons the store`, async () => {
    const { disk } = watchedDisk();
    const db = await dirtyStore(disk);
    disk.fail({ operation: "sync", mode });
    await assert.rejects(db.checkpoint(), { code: "IO_FAILED" });
    await assert.rejects(db.update((tx) => tx.open(table).put(1, filled(1, 1))), {
      code: "POISONED",
    });
    const image = disk.crash("nothing kept");
    await db.close().catch(() => {});
    const again = await Database.open(PATH, { io: image.io });
    for (let n = 0; n < ENTRIES; n++) {
      assert.deepEqual(again.open(table).get(n), filled(n % 4 === 0 ? 9 : 900, n));
    }
    await assertWhole(again);
    await again.close();
  });
}

test("Transaction.commitSync carries a checkpoint that waits for its backlog to its end", async () => {
  const { disk, traffic } = watchedDisk();
  const db = await dirtyStore(disk);
  disk.fail({ operation: "sync", kind: "late", turns: 50 });
  const checkpoint = db.checkpoint();
  while (traffic.running === 0) await new Promise<void>((turn) => disk.io.nextTurn(turn));
  // Until the log is full, and nothing but the end of the checkpoint makes room.
  const { checkpoints } = db.stats();
  for (let n = 0; db.stats().checkpoints === checkpoints; n++) {
    assert.ok(n < 5000, "the log has an end");
    const tx = db.begin();
    tx.open(table).put(n, filled(16_000, n));
    tx.commitSync();
  }
  await checkpoint;
  await assertWhole(db);
  await db.close();
});
