/** Damaged files: the right data, or a typed error; never other data, never a hang. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { Checksum } from "../../src/base/checksum.ts";
import { catalogCodec, catalogName } from "../../src/kernel/catalog/catalog.ts";
import { PAGE_BYTES, SUPERBLOCK_SLOTS } from "../../src/kernel/limits.ts";
import { assert as invariant, codec, Database, index, isHoldfastError } from "../../mod.ts";
import { assertDamage } from "../sim/damage/damage_sample.ts";
import { diskWith, readBytes } from "./file_bytes.ts";

const PATH = "/damage.hold";
const table = index("table", { key: codec.u32, value: codec.bytes });

function valueOf(n: number): Uint8Array {
  return new Uint8Array(n % 50 === 0 ? 5000 : 40).fill(n & 255);
}

/** A store with three levels of data, closed cleanly or left with records in its log. */
async function build(clean: boolean): Promise<Uint8Array> {
  const io = memoryIo();
  const db = await Database.open(PATH, { io });
  for (let from = 0; from < 1500; from += 100) {
    await db.update((tx) => {
      for (let n = from; n < from + 100; n++) tx.open(table).put(n, valueOf(n));
    });
  }
  await db.checkpoint();
  for (let n = 1500; n < 1510; n++) await db.update((tx) => tx.open(table).put(n, valueOf(n)));
  const left = await readBytes(io, PATH);
  await db.close();
  return clean ? await readBytes(io, PATH) : left;
}

/** Opens and reads everything. @returns the code of the error met, or "whole". */
async function read(image: Uint8Array): Promise<string> {
  const io = await diskWith(image, PATH);
  try {
    const db = await Database.open(PATH, { io });
    try {
      const reader = db.open(table);
      let n = 0;
      for (const [key, value] of reader.range()) {
        assert.equal(key, n);
        assert.deepEqual(value, valueOf(n));
        n++;
      }
      assert.equal(n, 1510, "no entry is missing");
      assert.equal(reader.count(), 1510);
      return "whole";
    } finally {
      await db.close().catch(() => {});
    }
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return error.code;
  }
}

const STORES = ["index and record log", "values beside the log"];

test(
  "Database survives or reports every kind of changed byte of a clean file",
  { timeout: 60_000 },
  async () => {
    const codes = ["CORRUPT_PAGE", "CORRUPT_VALUE"] as const;
    await assertDamage({ stores: STORES.slice(0, 1), state: "closed", codes });
  },
);

test("Database survives or reports every kind of changed byte of a file that a crash left", {
  timeout: 60_000,
}, async () => {
  const rows = await assertDamage({ stores: STORES, state: "crashed", codes: ["CORRUPT_PAGE"] });
  assert.ok(rows[1]!.tail > 0, "of the last batch it may be a torn tail");
});

test("Database reports a file cut short at any length", { timeout: 60_000 }, async () => {
  const kinds = ["cut", "removed", "emptied"] as const;
  const codes = ["NOT_OUR_FILE", "CORRUPT_SUPERBLOCK"] as const;
  await assertDamage({ stores: STORES, kinds, codes });
});

test("Database opens without any one superblock and says which was damaged, never without two", async () => {
  let reported = 0;
  for (const clean of [true, false]) {
    const image = await build(clean);
    for (const slot of [0, 1, 2]) {
      const damaged = image.slice();
      if (clean) damaged.fill(0, slot * PAGE_BYTES, (slot + 1) * PAGE_BYTES);
      else damaged.fill(0xab, slot * PAGE_BYTES + 40, slot * PAGE_BYTES + 60);
      const io = await diskWith(damaged, PATH);
      if (!clean && await read(damaged) === "CORRUPT_LOG") {
        // The newest superblock of a running store is lost, and the log of the older is in reuse.
        reported++;
        continue;
      }
      const db = await Database.open(PATH, { io });
      assert.deepEqual(db.recovered.damagedSlots, [slot]);
      assert.equal(db.open(table).count(), 1510, `clean ${clean}, slot ${slot}`);
      await db.close();
    }
    for (const intact of [0, 1, 2]) {
      const two = image.slice();
      for (const slot of [0, 1, 2].filter((slot) => slot !== intact)) {
        two.fill(0xab, slot * PAGE_BYTES + 40, slot * PAGE_BYTES + 60);
      }
      assert.equal(await read(two), "CORRUPT_SUPERBLOCK");
    }
  }
  assert.ok(reported <= 1, `${reported} slots could not be done without`);
});

test("Database replays a log that was never folded in, and refuses one damaged inside", async () => {
  const image = await build(false);
  assert.equal(await read(image), "whole");
  // Batches of 4 KiB, one record each, somewhere in the log: found by their magic.
  const batches: number[] = [];
  for (let at = SUPERBLOCK_SLOTS * PAGE_BYTES; at + 8 < image.length; at += PAGE_BYTES) {
    if (String.fromCharCode(...image.subarray(at + 4, at + 8)) === "HLB1") batches.push(at);
  }
  const newest = batches.slice(-10);
  for (const at of newest.slice(0, -1)) {
    const damaged = image.slice();
    damaged[at + 70] = damaged[at + 70]! ^ 1;
    assert.equal(await read(damaged), "CORRUPT_LOG", `batch at ${at}`);
  }
});

test("Database drops a torn tail, says how much, and goes on", async () => {
  const image = await build(false);
  let last = 0;
  for (let at = SUPERBLOCK_SLOTS * PAGE_BYTES; at + 8 < image.length; at += PAGE_BYTES) {
    if (String.fromCharCode(...image.subarray(at + 4, at + 8)) === "HLB1") last = at;
  }
  const torn = image.slice();
  torn[last + 100] = torn[last + 100]! ^ 1;
  const io = await diskWith(torn, PATH);
  const db = await Database.open(PATH, { io });
  assert.equal(db.recovered.droppedBytes, PAGE_BYTES);
  assert.equal(db.recovered.cleanClose, false);
  assert.equal(db.open(table).count(), 1509);
  await db.update((tx) => tx.open(table).put(1509, valueOf(1509)));
  assert.deepEqual((await db.check()).problems, []);
  await db.close();
  assert.equal(await read(await readBytes(io, PATH)), "whole");
});

test("regression: a last batch whose header is damaged anywhere is a torn tail that is reported", async () => {
  const image = await build(false);
  let last = 0;
  for (let at = SUPERBLOCK_SLOTS * PAGE_BYTES; at + 8 < image.length; at += PAGE_BYTES) {
    if (String.fromCharCode(...image.subarray(at + 4, at + 8)) === "HLB1") last = at;
  }
  for (let at = last; at < last + 64; at++) {
    const torn = image.slice();
    // One byte, or a number of eight.
    torn.fill(torn[at]! ^ 1, at, at % 2 === 0 ? at + 1 : Math.min(at + 8, last + 64));
    const db = await Database.open(PATH, { io: await diskWith(torn, PATH), readOnly: true });
    assert.equal(db.open(table).count(), 1509);
    assert.ok(db.recovered.droppedBytes > 0, `byte ${at - last} of the header`);
    await db.close();
  }
});

test("Database.check finds damage that nobody has read yet", async () => {
  const image = await build(true);
  let found = 0;
  for (let page = SUPERBLOCK_SLOTS; page < image.length / PAGE_BYTES; page += 3) {
    const damaged = image.slice();
    const at = page * PAGE_BYTES + 2000;
    damaged[at] = damaged[at]! ^ 4;
    const io = await diskWith(damaged, PATH);
    let db: Database;
    try {
      db = await Database.open(PATH, { io });
    } catch (error) {
      assert.ok(isHoldfastError(error));
      continue;
    }
    const report = await db.check();
    const outcome = await read(damaged);
    if (outcome !== "whole") {
      found++;
      assert.equal(report.ok, false, `page ${page}`);
      assert.match(report.problems[0]!.code, /^CORRUPT_/);
    }
    await db.close().catch(() => {});
  }
  assert.ok(found > 10, `${found} damaged pages`);
});

test("Database.open refuses a file of a newer format with FORMAT_NEWER", async () => {
  const image = await build(true);
  const checksum = new Checksum();
  for (const slot of [0, PAGE_BYTES]) {
    const view = new DataView(image.buffer, slot, PAGE_BYTES);
    view.setUint16(32, 2, true);
    const end = 32 + view.getUint32(20, true);
    view.setUint32(16, checksum.of(image, slot + 20, slot + end), true);
  }
  assert.equal(await read(image), "FORMAT_NEWER");
});

test("regression: names and formats of a catalog that are no text are CORRUPT_VALUE", () => {
  const corrupt = { code: "CORRUPT_VALUE" };
  for (const entry of [[20, 1, 0xff], [20, 1, 0x69, 0xc3], [20, 9, 0x69]]) {
    assert.throws(() => catalogCodec.decode(Uint8Array.from(entry), 0, entry.length), corrupt);
  }
  assert.throws(() => catalogName(Uint8Array.of(0xed, 0xa0, 0x80), 0, 3), corrupt);
  assert.equal(catalogName(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), 0, 4), "\ufeffa");
});

test("assert throws INVARIANT for a broken promise of our own", () => {
  assert.throws(() => invariant(false, "no"), { code: "INVARIANT", name: "InvariantError" });
  assert.doesNotThrow(() => invariant(true, "yes"));
});
