/** Drops and transactions in doubt: neither takes away what the other stands on. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index } from "../../mod.ts";
import { assertWhole, bytes, withStore } from "./checked.ts";

const table = index("table", { key: codec.string, value: codec.string });
const other = index("other", { key: codec.string, value: codec.string });
const IN_DOUBT = { name: "ConflictError", code: "IN_DOUBT" };

async function fill(db: Database): Promise<void> {
  await db.update((tx) => {
    tx.open(other).put("o", "1");
    for (let n = 0; n < 300; n++) tx.open(table).put(`${n}`, "x".repeat(200));
  });
}

test("Transaction.drop of a structure with a key in doubt is IN_DOUBT", async () => {
  await withStore(async (db) => {
    await fill(db);
    const writing = db.begin();
    writing.open(table).put("a", "in doubt");
    const early = db.begin();
    early.drop(table);
    const prepared = await writing.prepare();
    await assert.rejects(early.commit(), IN_DOUBT, "it was dropped before the prepare");
    const late = db.begin();
    assert.throws(() => late.drop(table), IN_DOUBT);
    late.drop(other);
    await late.commit();
    await prepared.commit();
    assert.equal(db.open(table).get("a"), "in doubt");
    await db.update((tx) => tx.drop(table));
    assert.equal(db.open(table).count(), 0);
  });
});

for (const decision of ["commit", "rollback"] as const) {
  test(`A prepared drop holds the structure over a power cut, until its ${decision}`, async () => {
    const disk = new SimulatedDisk();
    const first = await Database.open("/store.hold", { io: disk.io });
    await fill(first);
    const writing = first.begin();
    writing.open(table).put("a", "too late");
    const tx = first.begin({ transactionId: bytes("drop") });
    tx.drop(table);
    tx.open(other).put("o", "2");
    await tx.prepare();
    await assert.rejects(writing.commit(), IN_DOUBT);
    assert.equal(first.open(table).count(), 300);

    const db = await Database.open("/store.hold", { io: disk.crash("nothing kept").io });
    await assertWhole(db);
    const [prepared] = db.prepared();
    assert.equal(db.open(table).count(), 300);
    const next = db.begin();
    assert.throws(() => next.open(table).put("new", "key"), IN_DOUBT);
    assert.throws(() => next.open(table).remove("1"), IN_DOUBT);
    assert.throws(() => next.drop(table), IN_DOUBT);
    next.rollback();
    const reading = db.begin();
    assert.equal(reading.open(table).get("1"), "x".repeat(200));
    await prepared![decision]();
    assert.equal(reading.open(table).get("1"), "x".repeat(200));
    reading.rollback();
    const isDropped = decision === "commit";
    assert.equal(db.open(table).count(), isDropped ? 0 : 300);
    assert.equal(db.open(other).get("o"), isDropped ? "2" : "1");
    await db.update((again) => again.open(table).put("1", "written"));
    assert.equal(db.open(table).count(), isDropped ? 1 : 300);
    await assertWhole(db);
    await db.close();
  });
}
