import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index, type Transaction } from "../../mod.ts";
import { assertWhole } from "./checked.ts";
import { collector } from "./collector.ts";

const numbers = index("numbers", { key: codec.u32, value: codec.u32 });
const blobs = index("blobs", { key: codec.u32, value: codec.bytes });

test("Database.stats counts open transactions, with the age of the oldest", async () => {
  const disk = new SimulatedDisk({ seed: 1 });
  const db = await Database.open("/a", { io: disk.io });
  const open = (): [number, number] => {
    const { openTransactions, oldestTransactionMs } = db.stats();
    return [openTransactions, oldestTransactionMs];
  };
  assert.deepEqual(open(), [0, 0]);
  const first = db.begin();
  disk.advance(70_000);
  const second = db.begin();
  disk.advance(5000);
  assert.deepEqual(open(), [2, 75_000]);
  await db.update((tx) => tx.open(numbers).put(1, 1));
  assert.deepEqual(open(), [2, 75_000]);
  first.rollback();
  first.rollback();
  assert.deepEqual(open(), [1, 5000]);
  let resume = (): void => {};
  const paused = new Promise<void>((resolve) => resume = resolve);
  const running = db.update(async (tx) => {
    await paused;
    tx.open(numbers).put(2, 2);
  });
  disk.advance(1);
  assert.deepEqual(open(), [2, 5001]);
  await second.commit();
  assert.deepEqual(open(), [1, 1]);
  resume();
  await running;
  const prepared = await db.begin().prepare();
  assert.deepEqual(open(), [0, 0], "what is in doubt has ended");
  await prepared.rollback();
  const last = db.begin();
  assert.equal(db.stats().leakedTransactions, 0);
  await db.close();
  assert.throws(() => last.open(numbers), { code: "CLOSED" });
});

/** A transaction that nobody ends; it has written a large value. */
function forgotten(db: Database): Transaction {
  const tx = db.begin();
  tx.open(blobs).put(1, new Uint8Array(200_000));
  return tx;
}

test("Transaction that is forgotten lets go of what it holds when it is collected", async (t) => {
  const collect = collector();
  if (collect === undefined) return t.skip("this runtime cannot be asked to collect garbage");
  const disk = new SimulatedDisk({ seed: 2 });
  const db = await Database.open("/a", { io: disk.io });
  await db.update((tx) => tx.open(numbers).put(1, 1));
  const kept = db.begin().open(numbers);
  const forget = (): void => void forgotten(db);
  // Many, because a stray word on the stack may keep one of them alive.
  for (let i = 0; i < 20; i++) forget();
  const before = db.stats();
  assert.equal(before.openTransactions, 21);
  disk.advance(1000);
  // Only a commit makes them cost anything: until then they are kept.
  await db.update((tx) => tx.open(numbers).put(1, 2));
  for (let turn = 0; turn < 50 && db.stats().leakedTransactions === 0; turn++) {
    collect();
    await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
  }
  const { openTransactions, leakedTransactions, leakedTransactionMs, freeBytes } = db.stats();
  assert.ok(leakedTransactions > 0);
  assert.deepEqual([openTransactions, leakedTransactionMs], [21 - leakedTransactions, 1000]);
  const runs = leakedTransactions * Math.ceil(200_000 / 4096) * 4096;
  assert.ok(freeBytes >= runs, `the pages of its value are free: ${freeBytes} of ${runs}`);
  assert.equal(kept.get(1), 1, "a view that is in use keeps its transaction, and what it sees");
  await assertWhole(db);
  await db.close();
});

test("Database.close ends transactions that others have overtaken", async () => {
  const disk = new SimulatedDisk({ seed: 3 });
  const db = await Database.open("/a", { io: disk.io });
  const open = [forgotten(db), forgotten(db)];
  await db.update((tx) => tx.open(numbers).put(1, 1));
  open.push(forgotten(db));
  await db.close();
  for (const tx of open) assert.throws(() => tx.savepoint(), { code: "CLOSED" });
  const again = await Database.open("/a", { io: disk.io });
  assert.equal(again.open(numbers).get(1), 1);
  await assertWhole(again);
  await again.close();
});
