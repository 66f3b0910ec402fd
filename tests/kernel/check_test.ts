import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import {
  ByteWriter,
  type CheckReport,
  codec,
  Database,
  index,
  type IoAdapter,
  recordLog,
} from "../../mod.ts";
import { crc32 } from "../../src/base/checksum.ts";
import { catalogCodec, catalogKey } from "../../src/kernel/catalog/catalog.ts";
import { filled, numbers, PAGE } from "./damaged_store.ts";
import { readBytes } from "./file_bytes.ts";

const PATH = "/test.hold";

/** A closed store with one leaf of tree 16, and its bytes. */
async function build(io: IoAdapter): Promise<Uint8Array> {
  const db = await Database.open(PATH, { io });
  await db.update((tx) => {
    for (let n = 0; n < 20; n++) tx.open(numbers("a")).put(n, filled(20, n));
  });
  await db.close();
  return await readBytes(io, PATH);
}

/** Checks bytes after a change that keeps all checksums right, up to the superblock's. */
async function checkChanged(
  tree: number,
  change: (page: DataView) => void,
): Promise<CheckReport> {
  const io = memoryIo();
  const bytes = await build(io);
  const words = new DataView(bytes.buffer);
  let page = 128;
  while (words.getUint32(page * PAGE + 4, true) !== page || find(page) !== tree) page++;
  function find(at: number): number {
    return words.getUint32(at * PAGE + 12, true);
  }
  const old = words.getUint32(page * PAGE, true);
  change(new DataView(bytes.buffer, page * PAGE, PAGE));
  let changed = crc32(bytes, page * PAGE + 4, (page + 1) * PAGE);
  words.setUint32(page * PAGE, changed, true);
  replace(bytes, 130, old, changed);
  // Its root is in the tree of roots, whose own root is in the superblock.
  const roots = pageOf(bytes, 1);
  const oldRoots = words.getUint32(roots * PAGE, true);
  changed = crc32(bytes, roots * PAGE + 4, (roots + 1) * PAGE);
  words.setUint32(roots * PAGE, changed, true);
  for (const slot of [0, 1, 2]) {
    replace(bytes.subarray(slot * PAGE, (slot + 1) * PAGE), 0, oldRoots, changed);
    const end = slot * PAGE + 32 + words.getUint32(slot * PAGE + 20, true);
    words.setUint32(slot * PAGE + 16, crc32(bytes, slot * PAGE + 20, end), true);
  }
  const file = await io.open(PATH, "write");
  file.writeAt(bytes, 0);
  file.close();
  const db = await Database.open(PATH, { io });
  const report = await db.check();
  await db.close().catch(() => {});
  return report;
}

function pageOf(bytes: Uint8Array, tree: number): number {
  const words = new DataView(bytes.buffer);
  for (let page = bytes.length / PAGE - 1;; page--) {
    const isOwn = words.getUint32(page * PAGE + 4, true) === page;
    if (isOwn && words.getUint32(page * PAGE + 12, true) === tree) return page;
  }
}

/** Replaces a number wherever it stands from a page on. */
function replace(bytes: Uint8Array, from: number, old: number, changed: number): void {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = from * PAGE; at + 4 <= bytes.length; at++) {
    if (words.getUint32(at, true) === old) words.setUint32(at, changed, true);
  }
}

test("check: a head that is not that of its key", async () => {
  const report = await checkChanged(16, (page) => page.setUint32(32 + 8 * 3, 7, true));
  assert.match(report.problems[0]!.message, /head of key 3/);
  assert.equal(report.problems[0]!.code, "CORRUPT_PAGE");
});

test("check: keys out of order, cells outside the page, wrong free bytes", async () => {
  const order = await checkChanged(16, (page) => {
    const cell = page.getUint16(32 + 8 * 3 + 4, true);
    page.setUint8(cell + 2 + 3, 99);
  });
  assert.match(order.problems[0]!.message, /keys make no sense/);
  const outside = await checkChanged(16, (page) => page.setUint16(32 + 4, 4095, true));
  assert.match(outside.problems[0]!.message, /cells or keys make no sense/);
  const free = await checkChanged(16, (page) => page.setUint16(22, 12, true));
  assert.match(free.problems[0]!.message, /free bytes/);
  const skip = await checkChanged(16, (page) => page.setUint16(24, 4, true));
  assert.match(skip.problems[0]!.message, /key 1 does not begin as all keys should/);
});

test("check: a page that its parent knows and that is of another tree", async () => {
  const report = await checkChanged(16, (page) => page.setUint32(12, 99, true));
  assert.ok(report.problems.some(({ message }) => /belongs to tree 99 level 0/.test(message)));
});

test("check: a tree without a name, names that share one, and a name that is none", async () => {
  const db = await Database.memory();
  await db.update((tx) => {
    for (const name of ["a", "b"]) tx.open(numbers(name)).put(1, filled(20, 1));
  });
  const { tree, ...info } = await db.update((tx) =>
    tx.catalog().get(catalogKey("a"), catalogCodec)!
  );
  const value = new ByteWriter(64);
  catalogCodec.encode({ tree, ...info }, value);
  await db.update((tx) => {
    const catalog = tx.catalog();
    catalog.put(new ByteWriter(1), value.bytes, value.length);
    catalog.put(catalogKey("twin"), value.bytes, value.length);
    catalog.remove(catalogKey("b"));
  });
  const { problems } = await db.check();
  assert.deepEqual(problems, [
    {
      code: "INVARIANT",
      message: "Tree 17 has pages, no name, and does not wait to be freed",
    },
    { code: "CORRUPT_VALUE", message: "Catalog: entry 1 makes no sense" },
    { code: "CORRUPT_VALUE", message: 'Catalog: "twin" and "a" share tree 16' },
  ]);
  await db.close();
});

test("check: large values of transactions that are open belong to them", async () => {
  const db = await Database.memory();
  const tx = db.begin();
  tx.open(numbers("a")).put(1, filled(100_000, 1));
  assert.deepEqual((await db.check()).problems, []);
  tx.rollback();
  assert.deepEqual((await db.check()).problems, []);
  await db.close();
});

test("check: tells a thousand problems and no more", async () => {
  const io = memoryIo();
  const db = await Database.open(PATH, { io });
  await db.update((tx) => {
    for (let n = 0; n < 1300; n++) tx.open(numbers("a")).put(n, filled(1100, n));
  });
  await db.close();
  const bytes = await readBytes(io, PATH);
  const words = new DataView(bytes.buffer);
  // Pages of values say nothing of themselves.
  for (let page = 128; page < bytes.length / PAGE; page++) {
    if (words.getUint32(page * PAGE + 4, true) !== page) bytes[page * PAGE + 900]! ^= 1;
  }
  const file = await io.open(PATH, "write");
  file.writeAt(bytes.subarray(200 * PAGE), 200 * PAGE);
  file.close();
  const damaged = await Database.open(PATH, { io });
  const { ok, problems, entries } = await damaged.check();
  assert.equal(ok, false);
  assert.equal(problems.length, 1000);
  assert.ok(problems.every(({ code }) => code === "CORRUPT_VALUE"));
  assert.ok(entries > 1300, "it goes on");
  await damaged.close();
});

test("check: a catalog entry that makes no sense or shares a tree", async () => {
  const tree = await checkChanged(0, (page) => {
    const cell = page.getUint16(32 + 4, true);
    page.setUint8(cell + 2 + page.getUint16(32 + 6, true), 15);
  });
  assert.ok(tree.problems.some(({ message }) => /not given out/.test(message)));
  const text = await checkChanged(
    0,
    (page) => page.setUint8(page.getUint16(32 + 4, true) + 2, 255),
  );
  assert.ok(text.problems.some(({ message }) => /entry 1 makes no sense/.test(message)));
});

test("check: a damaged slot of the superblock, also the one that is not used", async () => {
  const io = memoryIo();
  await build(io);
  const db = await Database.open(PATH, { io });
  assert.equal((await db.check()).ok, true);
  const file = await io.open(PATH, "write");
  for (const slot of [0, 1, 2]) {
    const good = new Uint8Array(PAGE);
    file.readAt(good, slot * PAGE);
    for (const bad of [good.with(50, good[50]! ^ 1), new Uint8Array(PAGE)]) {
      file.writeAt(bad, slot * PAGE);
      const { problems } = await db.check();
      assert.deepEqual(problems.map(({ code, page }) => ({ code, page })), [
        { code: "CORRUPT_SUPERBLOCK", page: slot },
      ]);
    }
    file.writeAt(good, slot * PAGE);
  }
  assert.equal((await db.check()).ok, true);
  await db.close();
});

test("check: a structure that nothing else belongs to has nothing to be compared with", async () => {
  const db = await Database.memory();
  const audit = recordLog("audit");
  await db.update((tx) => tx.open(audit).append(filled(20, 1)));
  assert.deepEqual(await db.check({ structures: [audit] }), await db.check());
  await db.close();
});

test("check: shows progress and ends when the signal says so", async () => {
  const db = await Database.memory();
  const large = index("large", { key: codec.u32, value: codec.bytes });
  await db.update((tx) => {
    for (let n = 0; n < 20; n++) tx.open(large).put(n, filled(500_000, n));
  });
  const seen: number[] = [];
  const stop = new AbortController();
  const report = await db.check({
    onProgress: ({ bytes, totalBytes }) => {
      assert.ok(bytes <= totalBytes);
      seen.push(bytes);
    },
  });
  assert.equal(report.ok, true);
  assert.ok(seen.length > 5 && seen.every((bytes, i) => bytes > (seen[i - 1] ?? 0)));
  const onProgress = (): void => stop.abort(new Error("enough"));
  await assert.rejects(db.check({ signal: stop.signal, onProgress }), /enough/);
  await db.close();
});

test("check: of a poisoned store is POISONED, not a list of what it could not write", async () => {
  const disk = new SimulatedDisk();
  const db = await Database.open(PATH, { io: disk.io });
  await db.update((tx) => tx.open(numbers("a")).put(1, filled(20, 1)));
  disk.fail({ operation: "write" });
  await assert.rejects(db.checkpoint(), { code: "IO_FAILED" });
  await assert.rejects(db.check(), { code: "POISONED" });
  disk.heal();
  const again = await Database.open(PATH, { io: disk.processDeath().io });
  assert.deepEqual((await again.check()).problems, []);
  await again.close();
});
