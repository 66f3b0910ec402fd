/** One transaction that changes every kind of structure is all or nothing, whatever happens. */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { type Fault, SimulatedDisk } from "../../adapters/simulated.ts";
import {
  codec,
  Database,
  type DatabaseOptions,
  index,
  isHoldfastError,
  recordLog,
} from "../../mod.ts";
import { assertWhole } from "../kernel/checked.ts";
import { changeAll, changesOfAll, PARTS } from "./all_kinds.ts";
import { EACH_STORE, LEVELS } from "./each_store.ts";

const PATH = "/together.hold";
/** The power is cut at every so many operations: `CUT_EVERY=1` for each. */
const CUT_EVERY = Number(process.env["CUT_EVERY"] ?? 4);

const SMALL: DatabaseOptions = { logBytes: 256 * 1024, cacheBytes: 1024 * 1024 };

/** Bytes of a value: in the log, in pages of its own, and of a transaction that is checkpointed. */
const LENGTHS = [40, 3_000, 70_000] as const;

function openOn(disk: SimulatedDisk): Promise<Database> {
  return Database.open(PATH, { ...SMALL, io: disk.io });
}

function change(db: Database, n: number): Promise<void> {
  return db.update((tx) => changeAll(tx, n, LENGTHS[n % LENGTHS.length]!));
}

/** A disk with a store of so many changes, open. */
async function storeOf(
  changes: number,
  capacityBytes = Infinity,
): Promise<[SimulatedDisk, Database]> {
  const disk = new SimulatedDisk({ seed: 1, profile: "hostile", capacityBytes });
  const db = await openOn(disk);
  for (let n = 0; n < changes; n++) await change(db, n);
  return [disk, db];
}

/** Opens what is left, which is whole. @returns how many changes there are */
async function recovered(disk: SimulatedDisk): Promise<number> {
  const db = await openOn(disk);
  const changes = changesOfAll(db);
  await assertWhole(db);
  // And it goes on.
  await change(db, changes);
  assert.equal(changesOfAll(db), changes + 1);
  await db.close();
  return changes;
}

for (const [kind, withStore] of EACH_STORE) {
  test(`Database.update of every kind of structure at once, found after reopening: ${kind}`, async () => {
    await withStore(async (db, store) => {
      for (let n = 0; n < 6; n++) await change(db, n);
      const rolledBack = db.begin();
      changeAll(rolledBack, 6, 100);
      rolledBack.rollback();
      await assert.rejects(
        db.update((tx) => {
          changeAll(tx, 6, 100);
          throw new Error("no");
        }),
        { message: "no" },
      );
      assert.equal(changesOfAll(db), 6);
      assert.equal(changesOfAll(await store.open()), 6);
    }, SMALL);
  });
}

test("Database.update of every kind of structure is all or nothing at every power cut", {
  timeout: 60_000,
}, async () => {
  const [whole, last] = await storeOf(4);
  await last.checkpoint();
  const operations = whole.operations;
  const found = new Set<number>();
  for (let cut = 0; cut < operations; cut += CUT_EVERY) {
    const disk = new SimulatedDisk({ seed: 1, profile: "hostile" });
    disk.cutAt(cut);
    let acknowledged = 0;
    try {
      const db = await openOn(disk);
      for (; acknowledged < 4; acknowledged++) await change(db, acknowledged);
      await db.checkpoint();
    } catch (error) {
      assert.ok(isHoldfastError(error) && disk.isDark, String(error));
    }
    for (const { disk: image } of disk.images({ limit: 3, seed: cut })) {
      const changes = await recovered(image);
      assert.ok(changes >= acknowledged, `${changes} of ${acknowledged} at operation ${cut}`);
      found.add(changes);
    }
  }
  assert.deepEqual([...found].sort(), [0, 1, 2, 3, 4], `of ${operations} cuts`);
});

const FAULTS: readonly Omit<Fault, "at">[] = [
  { operation: "write" },
  { operation: "write", shortWrite: 700 },
  { operation: "sync", mode: "F2" },
  { operation: "sync", mode: "F3" },
];

/** Readers see all of the change that failed, or nothing: those of a snapshot, too. */
function assertReadsGoOn(db: Database, changes: number, isLost: boolean): void {
  try {
    const seen = changesOfAll(db);
    assert.ok(seen === changes || seen === changes + 1, `${seen} changes of ${changes}`);
    const snapshot = db.snapshot();
    assert.equal(changesOfAll(snapshot), seen);
    snapshot.release();
  } catch (error) {
    // The medium has lost what was not synced, and only the log has it.
    if (!isLost || !isHoldfastError(error) || error.code !== "CORRUPT_VALUE") throw error;
  }
}

test(
  "Database.update of every kind: a write or sync that fails poisons the store, which opens whole",
  { timeout: 60_000 },
  async () => {
    let poisoned = 0;
    for (const fault of FAULTS) {
      for (const changes of [4, 5]) {
        const [probe, other] = await storeOf(changes);
        const before = probe.calls(fault.operation);
        await change(other, changes);
        const calls = probe.calls(fault.operation) - before;
        for (let call = 0; call < calls; call += call < 3 ? 1 : 6) {
          const [disk, db] = await storeOf(changes);
          disk.fail({ ...fault, at: call });
          const outcome = await change(db, changes).then(() => undefined, (error) => error);
          disk.heal();
          assert.ok(isHoldfastError(outcome), `${fault.operation} ${call} of change ${changes}`);
          assertReadsGoOn(db, changes, fault.mode === "F3");
          const next = await change(db, changes).then(() => undefined, (error) => error);
          if (isHoldfastError(next)) {
            assert.equal(next.code, "POISONED");
            poisoned++;
          }
          await db.close();
          const left = await recovered(disk);
          const least = next === undefined ? changes + 1 : changes;
          assert.ok(left >= least && left <= changes + 1, `${left} changes of ${changes}`);
        }
      }
    }
    assert.ok(poisoned > 6, `${poisoned} stores were poisoned`);
  },
);

test(
  "Database.update of every kind on a full disk: NO_SPACE, nothing changes, and goes on with space",
  { timeout: 60_000 },
  async () => {
    const [filled, full] = await storeOf(3);
    await full.checkpoint();
    const used = filled.contents(PATH)!.length;
    let refusals = 0;
    for (let more = 0; more < 600 * 1024; more += 90 * 1024) {
      const [disk, db] = await storeOf(3);
      await db.checkpoint();
      disk.setCapacity(used + more);
      let changes = 3;
      for (let refused = 0; refused < 3 && changes < 60;) {
        // Values of 70 kB are written before the commit, the others with it.
        const outcome = await change(db, changes).then(() => undefined, (error) => error);
        if (outcome === undefined) changes++;
        else {
          assert.equal(isHoldfastError(outcome) && outcome.code, "NO_SPACE", String(outcome));
          refused++;
          refusals++;
          assert.equal(changesOfAll(db), changes, "nothing of it is there");
        }
      }
      disk.setCapacity(Infinity);
      for (let n = 0; n < 4; n++) await change(db, changes++);
      assert.equal(changesOfAll(db), changes);
      await assertWhole(db);
      for (const { disk: image } of [...disk.images({ limit: 3, seed: more })]) {
        assert.equal(await recovered(image), changes);
      }
      await db.close();
      assert.equal(await recovered(disk), changes);
    }
    assert.ok(refusals >= 18, `${refusals} refusals`);
  },
);

test("Database.update of every kind over the quota: NO_SPACE, and goes on where it fits", async () => {
  const [, withStore] = EACH_STORE[0]!;
  const ballast = index("ballast", { key: codec.u8, value: codec.bytes });
  await withStore(async (db, store) => {
    await db.update((tx) => tx.open(ballast).put(1, new Uint8Array(600_000)));
    let changes = 0;
    let outcome: unknown;
    for (; outcome === undefined && changes < 200; changes++) {
      outcome = await change(db, changes).then(() => undefined, (error) => error);
    }
    assert.equal(isHoldfastError(outcome) && outcome.code, "NO_SPACE", String(outcome));
    changes--;
    assert.equal(changesOfAll(db), changes);
    await db.update((tx) => void tx.open(ballast).remove(1));
    await db.checkpoint();
    await change(db, changes++);
    assert.equal(changesOfAll(db), changes);
    assert.equal(changesOfAll(await store.open()), changes);
  }, { ...SMALL, maxBytes: 3 * 1024 * 1024 });
});

test(
  "Database: a commit at disk, a checkpoint and a close make all that was acknowledged durable",
  { timeout: 60_000 },
  async () => {
    const ends: Readonly<Record<string, (db: Database) => Promise<void>>> = {
      "commit": (db) => db.update((tx) => changeAll(tx, 7, 50), { durability: "disk" }),
      "checkpoint": async (db) => {
        await db.update((tx) => changeAll(tx, 7, 50), { durability: "memory" });
        await db.checkpoint();
      },
      "close": async (db) => {
        await db.update((tx) => changeAll(tx, 7, 50), { durability: "memory" });
        await db.close();
      },
      "of one structure alone": async (db) => {
        await db.update((tx) => changeAll(tx, 7, 50), { durability: "memory" });
        await db.update((tx) =>
          tx.open(index("alone", { key: codec.u8, value: codec.u8 })).put(1, 1)
        );
      },
    };
    for (const [name, end] of Object.entries(ends)) {
      const disk = new SimulatedDisk({ seed: 2, profile: "hostile" });
      const db = await openOn(disk);
      await change(db, 0);
      for (let n = 1; n < 7; n++) {
        await db.update((tx) => changeAll(tx, n, LENGTHS[n % 3]!), { durability: "memory" });
      }
      await end(db);
      const images = [
        disk.crash("nothing kept"),
        ...[...disk.images({ limit: 6, seed: 3 })].map((image) => image.disk),
      ];
      for (const image of images) assert.equal(await recovered(image), 8, name);
      await db.close();
    }
  },
);

for (const isolation of LEVELS) {
  test(`Database.update of every kind: transactions that meet never mix: ${isolation}`, async () => {
    const [, withStore] = EACH_STORE[0]!;
    await withStore(async (db) => {
      await change(db, 0);
      await Promise.all(Array.from({ length: 6 }, (_, task) =>
        db.update(async (tx) => {
          for (let turn = 0; turn < task % 3; turn++) await Promise.resolve();
          changeAll(tx, tx.open(recordLog("audit")).head(), 30);
          for (let turn = 0; turn < task % 2; turn++) await Promise.resolve();
        }, { isolation, retries: 100 })));
      assert.equal(changesOfAll(db), 7);
    }, SMALL);
  });
}

test("Transaction.prepare of every kind: all or nothing, decided before or after a power cut", async () => {
  for (const decision of ["commit", "rollback"] as const) {
    for (const isCut of [false, true]) {
      const [disk, db] = await storeOf(4);
      const tx = db.begin();
      changeAll(tx, 4, 70_000);
      const prepared = await tx.prepare();
      assert.equal(changesOfAll(db), 4);
      if (!isCut) {
        await prepared[decision]();
        assert.equal(changesOfAll(db), decision === "commit" ? 5 : 4);
      }
      const images = [...disk.images({ limit: 4, seed: 8 })];
      await db.close();
      for (const { disk: image } of images) {
        if (isCut) {
          const again = await openOn(image);
          assert.equal(changesOfAll(again), 4);
          await again.prepared()[0]![decision]();
          await again.close();
        }
        assert.equal(await recovered(image), decision === "commit" ? 5 : 4);
      }
    }
  }
});

test("Savepoint.rollback takes back what every kind of structure has changed since", async () => {
  const [disk, db] = await storeOf(2);
  await db.update((tx) => {
    const first = tx.savepoint();
    changeAll(tx, 2, 70_000);
    first.rollback();
    changeAll(tx, 2, 40);
    const second = tx.savepoint();
    changeAll(tx, 3, 3_000);
    second.rollback();
    changeAll(tx, 3, 70_000);
  });
  assert.equal(changesOfAll(db), 4);
  await assertWhole(db);
  await db.close();
  assert.equal(await recovered(disk), 4);
});

test("Database.update: every kind of structure is among those tested together", async () => {
  const [, db] = await storeOf(1);
  const kinds = new Set(db.structures().map(({ kind }) => kind));
  for (
    const kind of [
      "content-store",
      "index",
      "once-map",
      "record-log",
      "register",
      "segment",
      "vector",
    ]
  ) {
    assert.ok(kinds.has(kind), kind);
  }
  assert.ok(PARTS.length >= kinds.size);
  await db.close();
});
