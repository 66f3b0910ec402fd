/** What waits for commits gets its turn while one caller commits again and again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index } from "../../mod.ts";

const PATH = "/data/store.hold";
const table = index("table", { key: codec.u32, value: codec.u32 });

/** Commits that may pass before what waits has ended. */
const COMMITS_MAX = 2000;

/** What waits for commits. */
const WAITING: Readonly<Record<string, (db: Database) => Promise<unknown>>> = {
  checkpoint: (db) => db.checkpoint(),
  "checkpoint, called twice": (db) => Promise.all([db.checkpoint(), db.checkpoint()]),
  compact: (db) => db.compact(),
  check: (db) => db.check(),
  backup: (db) => db.backup(new WritableStream()),
};

for (const syncMilliseconds of [0.1, 10]) {
  for (const [name, wait] of Object.entries(WAITING)) {
    test(`Database.${name} ends beside steady commits, syncs of ${syncMilliseconds} ms`, async () => {
      const disk = new SimulatedDisk({ syncMilliseconds });
      const db = await Database.open(PATH, { io: disk.io });
      let isWaiting = true;
      let commits = 0;
      const first = db.update((tx) => tx.open(table).put(0, 0));
      const waiting = wait(db).finally(() => isWaiting = false);
      while (isWaiting) {
        assert.ok(commits < COMMITS_MAX, "it does not end");
        await db.update((tx) => tx.open(table).put(commits, commits));
        commits++;
      }
      await Promise.all([first, waiting]);
      await db.close();
    });
  }

  test(`Database.close ends beside steady commits, syncs of ${syncMilliseconds} ms`, async () => {
    const disk = new SimulatedDisk({ syncMilliseconds });
    const db = await Database.open(PATH, { io: disk.io });
    await db.update((tx) => tx.open(table).put(0, 0));
    let commits = 1;
    const steady = (async () => {
      for (; commits < COMMITS_MAX; commits++) {
        await db.update((tx) => tx.open(table).put(commits, commits));
      }
    })();
    const closing = db.close();
    await assert.rejects(steady, { code: "CLOSED" });
    await closing;
    const again = await Database.open(PATH, { io: disk.io });
    assert.equal([...again.open(table).keys()].length, commits);
    await again.close();
  });
}

test("Database.checkpoint has what was committed before it, awaited or not", async () => {
  const disk = new SimulatedDisk();
  const db = await Database.open(PATH, { io: disk.io });
  for (let n = 0; n < 100; n++) void db.update((tx) => tx.open(table).put(n, n));
  await db.checkpoint();
  assert.equal(db.stats().logBytes, 0);
  assert.equal([...db.open(table).keys()].length, 100);
  await db.close();
});

/** A store of which so many pages are dirty that a checkpoint syncs them off the thread. */
async function dirtyStore(disk: SimulatedDisk): Promise<Database> {
  const db = await Database.open(PATH, { io: disk.io });
  const put = (value: number, step: number): Promise<void> =>
    db.update((tx) => {
      for (let n = 0; n < 100_000; n += step) tx.open(table).put(n, value);
    });
  await put(1, 1);
  await db.checkpoint();
  await put(2, 50);
  return db;
}

test("Database.checkpoint: calls while one runs share the next one", async () => {
  const db = await dirtyStore(new SimulatedDisk({ syncMilliseconds: 10 }));
  const { checkpoints } = db.stats();
  await Promise.all([db.checkpoint(), db.checkpoint(), db.checkpoint()]);
  assert.equal(db.stats().checkpoints, checkpoints + 2);
  await db.close();
});

test("Database.close has the checkpoint that somebody waits for", async () => {
  const disk = new SimulatedDisk({ syncMilliseconds: 10 });
  const db = await dirtyStore(disk);
  // One that runs, and one that waits for it.
  await Promise.all([db.checkpoint(), db.checkpoint(), db.close()]);
  const again = await Database.open(PATH, { io: disk.crash("nothing kept").io });
  assert.equal(again.open(table).get(50), 2);
  assert.deepEqual((await again.check()).problems, []);
  await again.close();
});
