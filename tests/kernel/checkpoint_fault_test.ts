/** A call that fails while a checkpoint begins, runs, or is waited for: nothing is left unanswered. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, index, isHoldfastError } from "../../mod.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { assertWhole } from "./checked.ts";

const PATH = "/data/store.hold";
const ENTRIES = 1600;
const LOG_BYTES: number = 512 * 1024;
const table = index("table", { key: codec.u32, value: codec.bytes });

/** Puts one value and says whether that was acknowledged. */
type Put = (key: number, length: number, how?: "sync" | "memory") => void;

/** A store of 400 leaves, on a disk so slow that its syncs run beside the thread. */
async function makeStore(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ syncMilliseconds: 10 });
  const db = await Database.open(PATH, { io: disk.io, logBytes: LOG_BYTES });
  await db.update((tx) => {
    for (let n = 0; n < ENTRIES; n++) tx.open(table).put(n, new Uint8Array(900));
  });
  await db.close();
  return disk.crash("nothing kept");
}

/** Changes all leaves. */
async function changeAll(db: Database): Promise<void> {
  await db.update((tx) => {
    for (let n = 0; n < ENTRIES; n += 4) tx.open(table).put(n, new Uint8Array(8));
  }).catch(() => {});
}

function refused(error: unknown): void {
  assert.ok(isHoldfastError(error), String(error));
  assert.ok(["IO_FAILED", "POISONED"].includes(error.code), error.message);
}

/** Cache in KiB, and what leads to a checkpoint. */
type Work = readonly [cacheKiB: number, work: (db: Database, put: Put) => Promise<void>];

const WORK: Readonly<Record<string, Work>> = {
  "that begins since most of the cache is dirty": [1024, async (db, put) => {
    // What a checkpoint begins with is not in the cache any more.
    try {
      for (const _ of db.open(table).keys());
    } catch (error) {
      refused(error);
    }
    for (let n = 0; n < 230 * 4; n += 4) put(n, 9);
    await db.update((tx) => tx.open(table).get(1)).catch(() => {});
  }],
  "that begins since the log is full": [1024, async (db, put) => {
    for (let n = 0; n < 40; n++) put(n * 4, 15_000, n < 20 ? "memory" : undefined);
    await db.update((tx) => tx.open(table).get(1)).catch(() => {});
  }],
  "that commitSync waits for": [8192, async (db, put) => {
    await changeAll(db);
    const checkpoint = db.checkpoint().catch(() => {});
    for (let i = 0; i < 20; i++) await undefined;
    for (let n = 0; n < 24; n++) put(n * 4, 15_000, "sync");
    await checkpoint;
  }],
};

/** Lengths of the values that were acknowledged at "disk", by key; all commits have an answer. */
async function answers(db: Database, [, work]: Work): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  const commits: Promise<void>[] = [];
  await work(db, (key, length, how) => {
    try {
      const tx = db.begin(how === "memory" ? { durability: how } : {});
      tx.open(table).put(key, new Uint8Array(length));
      if (how === "sync") {
        tx.commitSync();
        found.set(key, length);
      } else {
        const acknowledged = (): void => void (how === "memory" || found.set(key, length));
        commits.push(tx.commit().then(acknowledged, refused));
      }
    } catch (error) {
      refused(error);
    }
  });
  await Promise.all(commits);
  return found;
}

for (const [name, work] of Object.entries(WORK)) {
  for (const operation of ["write", "sync", "read"] as const) {
    test(`Database: a failing ${operation} around a checkpoint ${name}`, async () => {
      const store = await makeStore();
      const options = { logBytes: LOG_BYTES, cacheBytes: work[0] * 1024 };
      const healthy = store.crash("everything kept");
      const whole = await Database.open(PATH, { io: healthy.io, ...options });
      const before = healthy.calls(operation);
      const { size } = await answers(whole, work);
      const total = healthy.calls(operation) - before;
      assert.ok(size > 0 && total > 0);
      for (let at = 0; at < total; at = at === 12 && total > 60 ? total - 16 : at + 1) {
        const disk = store.crash("everything kept");
        const db = await Database.open(PATH, { io: disk.io, ...options });
        disk.fail({ operation, at });
        const found = await answers(db, work);
        assert.equal(disk.injected, 1);
        disk.heal();
        await db.update((tx) => tx.open(table).put(1, new Uint8Array(1))).then(
          () => assert.notEqual(operation, "sync"),
          (error) => assert.equal(error.code, "POISONED"),
        );
        const image = disk.crash("nothing kept");
        await db.close().catch(() => {});
        const again = await Database.open(PATH, { io: image.io, ...options });
        for (const [key, length] of found) {
          assert.equal(again.open(table).get(key)?.length, length, `${operation} ${at}: ${key}`);
        }
        await assertWhole(again);
        await again.close();
      }
    });
  }
}
