/** Compaction beside other work, its limits, and what opening a large file reads. */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { Prng } from "../../src/base/prng.ts";
import { PAGE_BYTES } from "../../src/kernel/limits.ts";
import { StoreInspector } from "../../src/kernel/inspect/store_inspector.ts";
import { codec, Database, index, type IoAdapter, type IoFile } from "../../mod.ts";
import { assertWhole, withStore } from "./checked.ts";

const MIB = 1024 * 1024;
const PATH = "/compact.hold";
const table = index("table", { key: codec.u32, value: codec.bytes });

function valueOf(n: number): Uint8Array {
  return new Uint8Array(n % 100 === 0 ? 70_000 : 150).fill(n & 255);
}

async function fill(db: Database, entries: number): Promise<void> {
  for (let from = 0; from < entries; from += 100) {
    await db.update((tx) => {
      for (let n = from; n < from + 100; n++) tx.open(table).put(n, valueOf(n));
    }, { durability: "memory" });
  }
}

/** Removes all entries but every tenth. */
async function thin(db: Database, entries: number): Promise<void> {
  await db.update((tx) => {
    for (let n = 0; n < entries; n++) if (n % 10 !== 0) tx.open(table).remove(n);
  });
}

test("Database.compact goes on beside a writer and a reader, in bounded steps", async () => {
  await withStore(async (db) => {
    await fill(db, 10_000);
    await thin(db, 10_000);
    let running = true;
    let steps = 0;
    const compacting = db.compact({ onProgress: () => void steps++ })
      .finally(() => running = false);
    let written = 0;
    while (running) {
      await db.update((tx) => tx.open(table).put(1 + 10 * (written++ % 900), valueOf(1)));
      assert.deepEqual(db.open(table).get(500), valueOf(500));
    }
    const { bytesBefore, bytesAfter } = await compacting;
    assert.ok(bytesAfter < bytesBefore, `${bytesBefore} to ${bytesAfter}`);
    assert.ok(steps > 1 && written > 1, `${steps} steps, ${written} commits`);
    assert.equal(db.open(table).count(), 1000 + Math.min(written, 900));
  });
});

test("Database.compact leaves open snapshots as they are and reports what they hold", async () => {
  await withStore(async (db) => {
    await fill(db, 4000);
    const snapshot = db.snapshot();
    const open = db.begin();
    open.open(table).put(100_000, new Uint8Array(100_000));
    await thin(db, 4000);
    const held = await db.compact();
    assert.ok(held.heldBySnapshots > 100 * PAGE_BYTES, `${held.heldBySnapshots}`);
    assert.equal(held.heldBySnapshots, db.stats().heldBytes);
    assert.equal(held.reservedBytes, 25 * PAGE_BYTES);
    let n = 0;
    for (const [key, value] of snapshot.open(table).range()) {
      assert.equal(key, n);
      assert.deepEqual(value, valueOf(n++));
    }
    assert.equal(n, 4000);
    snapshot.release();
    open.rollback();
    const free = await db.compact();
    assert.equal(free.heldBySnapshots + free.reservedBytes, 0);
    assert.ok(free.movedPages > 0 && free.bytesAfter < held.bytesAfter, `${free.bytesAfter}`);
    // Values of 18 pages leave holes in which none of them fits.
    const { freeBytes, liveBytes } = db.stats();
    assert.ok(freeBytes < liveBytes / 4, `${freeBytes} free beside ${liveBytes}`);
  });
});

test("Database.compact waits for a checkpoint that came between", async () => {
  // A checkpoint of so many pages syncs them beside the thread, which takes some turns.
  const disk = new SimulatedDisk({ syncMilliseconds: 5 });
  const db = await Database.open(PATH, { io: disk.io });
  await db.update((tx) => {
    for (let n = 0; n < 1600; n++) tx.open(table).put(n, new Uint8Array(900));
  });
  await db.checkpoint();
  for (const turns of [1, 2, 8]) {
    await db.update((tx) => {
      for (let n = 0; n < 1600; n += 4) tx.open(table).put(n, new Uint8Array(turns));
    });
    const { checkpoints } = db.stats();
    disk.fail({ operation: "sync", kind: "late", turns });
    const compacting = db.compact();
    // It has asked for its checkpoint now, which begins in the next turn.
    for (let i = 0; i < 20; i++) await undefined;
    await db.checkpoint();
    assert.equal(db.stats().checkpoints, checkpoints + 1);
    const { bytesAfter } = await compacting;
    assert.ok(db.stats().checkpoints > checkpoints + 1);
    assert.equal(bytesAfter, db.stats().fileBytes);
    await assertWhole(db);
  }
  await db.close();
});

test("Database.compact ends between two steps when it is aborted, or the store is closed", async () => {
  const io = memoryIo();
  const db = await Database.open(PATH, { io });
  await fill(db, 10_000);
  await thin(db, 10_000);
  await assert.rejects(db.compact({ signal: AbortSignal.abort() }), { name: "AbortError" });
  const controller = new AbortController();
  const aborted = db.compact({
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await assert.rejects(aborted, { name: "AbortError" });
  await assertWhole(db);
  const cut = db.compact({ onProgress: () => void db.close() });
  await assert.rejects(cut, { code: "CLOSED" });
  await db.close();
  assert.throws(() => db.compact(), { code: "CLOSED" });
  const again = await Database.open(PATH, { io });
  assert.equal(again.open(table).count(), 1000);
  await again.compact();
  await assertWhole(again);
  await again.close();
});

test("Database.compact of an empty and of a tight store gains nothing and loses nothing", async () => {
  await withStore(async (db) => {
    const empty = await db.compact();
    assert.ok(empty.bytesAfter <= 512 * 1024 + 64 * 1024, `${empty.bytesAfter} without entries`);
    await fill(db, 2000);
    await db.compact();
    const tight = db.stats();
    const second = await db.compact();
    assert.ok(second.bytesAfter <= tight.fileBytes);
    // A hole that is too small for the next value, of 18 pages, stays.
    const used = tight.fileBytes - tight.freeBytes;
    assert.ok(second.bytesAfter <= used * 1.25, `${second.bytesAfter} of ${used}`);
    assert.equal(db.open(table).count(), 2000);
  });
});

test("Database.compact fails with CORRUPT_VALUE at a damaged value, and nothing is lost", async () => {
  const io = memoryIo();
  const db = await Database.open(PATH, { io });
  await fill(db, 2000);
  await db.checkpoint();
  const file = await io.open(PATH, "write");
  const marker = new Uint8Array(PAGE_BYTES).fill(valueOf(1900)[0]!);
  const page = new Uint8Array(PAGE_BYTES);
  let damaged = 0;
  for (let at = file.size() - PAGE_BYTES; at > 0; at -= PAGE_BYTES) {
    file.readAt(page, at);
    if (!page.every((byte, i) => byte === marker[i])) continue;
    file.writeAt(new Uint8Array([1, 2, 3]), at + 9);
    damaged++;
    break;
  }
  assert.equal(damaged, 1);
  await db.update((tx) => {
    for (let n = 0; n < 1800; n++) tx.open(table).remove(n);
  });
  await assert.rejects(db.compact(), { code: "CORRUPT_VALUE" });
  assert.equal(db.open(table).count(), 200);
  assert.deepEqual(db.open(table).get(1800), valueOf(1800));
  assert.throws(() => db.open(table).get(1900), { code: "CORRUPT_VALUE" });
  assert.deepEqual((await db.check()).problems.map(({ code }) => code), ["CORRUPT_VALUE"]);
  await db.close();
});

/** Counts the bytes that are read from files. */
function counting(io: IoAdapter): { io: IoAdapter; read: () => number } {
  let bytes = 0;
  const wrap = (file: IoFile): IoFile => ({
    readAt: (buffer, offset) => {
      const read = file.readAt(buffer, offset);
      bytes += read;
      return read;
    },
    writeAt: (buffer, offset) => file.writeAt(buffer, offset),
    truncate: (size) => file.truncate(size),
    size: () => file.size(),
    sync: () => file.sync(),
    syncAsync: () => file.syncAsync(),
    close: () => file.close(),
  });
  const counted: IoAdapter = Object.create(io, {
    open: {
      value: async (...args: Parameters<IoAdapter["open"]>) => wrap(await io.open(...args)),
    },
  });
  return { io: counted, read: () => bytes };
}

test("Database.open reads less than 1 MiB of a large file, and the log after a crash", async () => {
  const io = memoryIo();
  const db = await Database.open(PATH, { io, cacheBytes: MIB });
  const value = new Uint8Array(8 * MIB);
  for (let n = 0; n < 8; n++) await db.update((tx) => tx.open(table).put(10_000 + n, value));
  await fill(db, 2000);
  await db.checkpoint();
  await db.update((tx) => tx.open(table).put(9999, valueOf(1)));
  const crashed = await copyOf(io);
  await db.close();
  const inspector = await StoreInspector.open(crashed, PATH);
  const { current, next } = inspector.superblock!;
  inspector.close();
  const logBytes = (current.pages + next.pages) * PAGE_BYTES;
  // The bitmap is all that grows with the file: one bit a page, twice 164 KiB for 10 GiB.
  const bitmapBytes = 10 * 1024 * MIB / PAGE_BYTES / 8;
  for (const [state, log] of [[io, 0], [crashed, logBytes]] as const) {
    const size = (await state.stat(PATH))!.size;
    const { io: counted, read } = counting(state);
    const again = await Database.open(PATH, { io: counted });
    assert.equal(again.recovered.cleanClose, state === io);
    // What is looked at is read once, and the begin of each extent a second time, as batches.
    const twice = log > 0 ? 2 * 64 * 1024 : 0;
    assert.ok(
      size > 64 * MIB && read() < 64 * 1024 + log + twice,
      `${read()} of ${size}, log ${log}`,
    );
    assert.ok(read() + bitmapBytes < MIB + log);
    assert.deepEqual(again.open(table).get(9999), valueOf(1));
    await again.close();
  }
});

/** The disk as it is now. */
async function copyOf(io: IoAdapter): Promise<IoAdapter> {
  const from = await io.open(PATH, "read");
  const image = new Uint8Array(from.size());
  from.readAt(image, 0);
  from.close();
  const copy = memoryIo();
  const to = await copy.open(PATH, "create");
  to.writeAt(image, 0);
  to.close();
  return copy;
}

/** `CHURN=1000000` in the environment runs it at full length. */
const UPDATES = Number(process.env.CHURN ?? 40_000);

test("Database stays within its bound while snapshots come and go", async () => {
  const options = { logBytes: 256 * 1024, cacheBytes: 16 * MIB };
  await withStore(async (db) => {
    const random = new Prng(3);
    const entries = 5000;
    const value = new Uint8Array(150);
    await db.update((tx) => {
      for (let n = 0; n < entries; n++) tx.open(table).put(n, value);
    });
    const snapshots = [db.snapshot()];
    for (let done = 0; done < UPDATES; done += 20) {
      await db.update((tx) => {
        for (let n = 0; n < 20; n++) {
          tx.open(table).put(random.below(entries), value);
        }
      }, { durability: "memory" });
      if (done % 100 === 0) snapshots.push(db.snapshot());
      if (snapshots.length > 4) snapshots.splice(random.below(4), 1)[0]!.release();
      const { fileBytes, liveBytes } = db.stats();
      // Each of the snapshots may hold a copy of all, and two are in use.
      const bound = (2 + snapshots.length) * liveBytes + 4 * options.logBytes + 2 * MIB;
      assert.ok(fileBytes <= bound, `${fileBytes} of ${bound} after ${done}`);
    }
    for (const snapshot of snapshots) snapshot.release();
    await db.compact();
    const { fileBytes, liveBytes } = db.stats();
    assert.ok(
      fileBytes <= liveBytes * 1.1 + 3 * options.logBytes,
      `${fileBytes} for ${liveBytes}`,
    );
  }, options);
});

test("Database.close compacts a file of which much is free; little, or much that is stored, stays", async () => {
  const sizes: number[] = [];
  for (const [first, second] of [[80, 20], [80, 200], [20, 4]] as const) {
    const io = memoryIo();
    const db = await Database.open(PATH, { io });
    await db.update((tx) => tx.open(table).put(1, new Uint8Array(first * MIB).fill(1)));
    await db.update((tx) => tx.open(table).put(2, new Uint8Array(second * MIB).fill(2)));
    await db.update((tx) => void tx.open(table).remove(1));
    await db.close();
    sizes.push(Math.round((await io.stat(PATH))!.size / MIB));
    const again = await Database.open(PATH, { io });
    await assertWhole(again);
    assert.equal(again.open(table).get(2)?.length, second * MIB);
    await again.close();
  }
  const [large, crowded, small] = sizes as [number, number, number];
  assert.ok(large < 30, `${large} MiB`);
  assert.ok(crowded >= 280, `${crowded} MiB: less than a third is free`);
  assert.ok(small >= 24, `${small} MiB: it is not worth it`);
});
