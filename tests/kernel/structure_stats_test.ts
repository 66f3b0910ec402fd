import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, index, recordLog } from "../../mod.ts";
import { PAGE_BYTES } from "../../src/kernel/limits.ts";
import { withStore } from "./checked.ts";

const table = index("table", { key: codec.u32, value: codec.bytes });
const audit = recordLog("audit");

test("Database.structures: name, kind, format, entries, pages and depth, by name", async () => {
  await withStore(async (db) => {
    assert.deepEqual(db.structures(), []);
    await db.update((tx) => {
      for (let n = 0; n < 1000; n++) tx.open(table).put(n, new Uint8Array(40));
      tx.open(audit);
    });
    const [log, large, ...rest] = db.structures();
    assert.deepEqual(rest, []);
    assert.deepEqual(log, {
      name: "audit",
      kind: "record-log",
      format: "bytes",
      number: log?.number,
      entries: 0,
      pages: 0,
      depth: 0,
    });
    assert.equal(large?.name, "table");
    assert.equal(large?.format, "replace(u32,bytes)");
    assert.equal(large?.entries, 1000);
    assert.equal(large?.depth, 2);
    assert.ok(large.pages > 1000 * 40 / PAGE_BYTES && large.pages < 40, `${large.pages} pages`);
  });
});

test("Database.structures: how full leaves are, if asked, before and after they are written", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let n = 0; n < 5000; n++) tx.open(table).put(n, new Uint8Array(40));
      tx.open(audit);
    });
    assert.ok(db.structures().every((each) => !("leafFill" in each)));
    const fillOf = (name: string): number =>
      db.structures({ leafFill: true }).find((each) => each.name === name)!.leafFill!;
    const full = fillOf("table");
    assert.ok(full > 0.95 && full <= 1, `${full} of ascending keys`);
    assert.equal(fillOf("audit"), 1);
    await db.update((tx) => {
      for (let n = 0; n < 5000; n++) if (n % 10 < 4) tx.open(table).remove(n);
    });
    await db.checkpoint();
    const thin = fillOf("table");
    assert.ok(thin < full - 0.3, `${thin} after ${full}`);
    const snapshot = db.snapshot();
    await db.update((tx) => tx.open(table).deleteRange({}));
    assert.deepEqual(snapshot.structures({ leafFill: true }).map((each) => each.leafFill), [
      1,
      thin,
    ]);
    assert.equal(fillOf("table"), 1);
    snapshot.release();
  });
});

test("Snapshot.structures: as of the snapshot, CLOSED after its release", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(table).put(1, new Uint8Array(1)));
    const snapshot = db.snapshot();
    await db.update((tx) => {
      tx.open(table).put(2, new Uint8Array(1));
      tx.open(audit).append(new Uint8Array(1));
    });
    assert.deepEqual(snapshot.structures().map(({ name, entries }) => [name, entries]), [
      ["table", 1],
    ]);
    assert.equal(db.structures().length, 2);
    snapshot.release();
    assert.throws(() => snapshot.structures(), { code: "CLOSED" });
  });
});

test("Database.stats: live bytes follow the data, cache hits count look-ups", async () => {
  await withStore(async (db) => {
    assert.equal(db.stats().liveBytes, 0);
    await db.update((tx) => {
      for (let n = 0; n < 100; n++) tx.open(table).put(n, new Uint8Array(10_000));
    });
    await db.checkpoint();
    const full = db.stats();
    assert.ok(full.liveBytes >= 100 * 10_000 && full.liveBytes < 140 * 10_000, `${full.liveBytes}`);
    assert.ok(full.liveBytes + full.freeBytes + full.pendingBytes <= full.fileBytes);
    const before = db.stats().cacheHits;
    for (let n = 0; n < 50; n++) db.open(table).get(n);
    assert.ok(db.stats().cacheHits >= before + 50);
    await db.update((tx) => {
      for (let n = 0; n < 100; n++) tx.open(table).remove(n);
    });
    await db.checkpoint();
    await db.checkpoint();
    assert.ok(db.stats().liveBytes < 100_000, `${db.stats().liveBytes}`);
  });
});

test("Database.stats: dirty, log and pending bytes rise with changes and fall with checkpoints", async () => {
  await withStore(async (db) => {
    const write = (): Promise<void> =>
      db.update((tx) => {
        for (let n = 0; n < 200; n++) tx.open(table).put(n, new Uint8Array(200));
      });
    await write();
    const changed = db.stats();
    assert.ok(changed.dirtyBytes > 200 * 200, `${changed.dirtyBytes}`);
    assert.ok(changed.logBytes > 200 * 200, `${changed.logBytes}`);
    await db.checkpoint();
    const folded = db.stats();
    assert.deepEqual([folded.dirtyBytes, folded.heldBytes], [0, 0]);
    assert.ok(folded.logBytes < changed.logBytes);
    const snapshot = db.snapshot();
    await write();
    await db.checkpoint();
    const held = db.stats();
    assert.ok(held.heldBytes > 200 * 200 && held.pendingBytes >= held.heldBytes);
    snapshot.release();
    await db.checkpoint();
    assert.equal(db.stats().heldBytes, 0);
    assert.ok(db.stats().pendingBytes < held.pendingBytes);
  });
});
