import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { type SnapshotHold, SnapshotHolds } from "../../src/kernel/snapshot/snapshot_holds.ts";
import { codec, Database, index } from "../../mod.ts";
import { assertWhole } from "./checked.ts";
import { collector } from "./collector.ts";

const numbers = index("numbers", { key: codec.u32, value: codec.u32 });

test("Database.stats tells the age of the oldest snapshot by the adapter's clock", async () => {
  const disk = new SimulatedDisk({ seed: 1 });
  const db = await Database.open("/a", { io: disk.io });
  const age = (): [number, number] => [db.stats().snapshots, db.stats().oldestSnapshotMs];
  assert.deepEqual(age(), [0, 0]);
  const first = db.snapshot();
  disk.advance(70_000);
  const second = db.snapshot();
  disk.advance(5000);
  assert.deepEqual(age(), [2, 75_000]);
  first.release();
  first.release();
  assert.deepEqual(age(), [1, 5000]);
  second[Symbol.dispose]();
  assert.throws(() => second.open(numbers), { code: "CLOSED" });
  assert.deepEqual(age(), [0, 0]);
  assert.equal(db.stats().leakedSnapshots, 0);
  await db.close();
});

test("SnapshotHolds: a lost snapshot lets go, and is counted with its age, once", () => {
  let now = 1000;
  const state = { epoch: 1, trees: new Map(), catalog: 0, version: 0, rest: [], pins: 0 };
  const holds = new SnapshotHolds({
    states: {
      visible: state,
      pin: (pinned) => (pinned.pins++, pinned),
      unpin: (pinned) => void pinned.pins--,
    },
    io: { now: () => now },
  });
  const [one, two, three] = [holds.take(), holds.take(), holds.take()] as SnapshotHold[];
  assert.equal(state.pins, 3);
  now += 300;
  holds.lose(one!);
  holds.lose(one!);
  holds.release(one!);
  assert.deepEqual([holds.leaked, holds.leakedMs, holds.count, state.pins], [1, 300, 2, 2]);
  now += 50;
  holds.lose(two!);
  holds.release(three!);
  holds.lose(three!);
  assert.deepEqual([holds.leaked, holds.leakedMs, holds.count, state.pins], [2, 350, 0, 0]);
});

test("Database.snapshot that is forgotten is released when it is collected", async (t) => {
  const collect = collector();
  if (collect === undefined) return t.skip("this runtime cannot be asked to collect garbage");
  const disk = new SimulatedDisk({ seed: 2 });
  const db = await Database.open("/a", { io: disk.io });
  await db.update((tx) => tx.open(numbers).put(1, 1));
  const kept = db.snapshot().open(numbers);
  const forget = (): void => void db.snapshot().open(numbers).get(1);
  // Many, because a stray word on the stack may keep one of them alive.
  for (let i = 0; i < 20; i++) forget();
  disk.advance(1000);
  for (let turn = 0; turn < 50 && db.stats().leakedSnapshots === 0; turn++) {
    collect();
    await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
  }
  await db.update((tx) => tx.open(numbers).put(1, 2));
  const { snapshots, leakedSnapshots, leakedSnapshotMs } = db.stats();
  assert.ok(leakedSnapshots > 0);
  assert.deepEqual([snapshots, leakedSnapshotMs], [21 - leakedSnapshots, 1000]);
  assert.equal(kept.get(1), 1, "a view that is in use keeps its snapshot");
  await assertWhole(db);
  await db.close();
  assert.throws(() => kept.get(1), { code: "CLOSED" });
});
