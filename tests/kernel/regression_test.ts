/**
 * Classes of bugs that other stores have had (item 62 of the transactions checklist), each under
 * its name. Those that need more than a page are named in ARCHITECTURE.md instead.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index } from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import { FreeSpace } from "../../src/kernel/space/free_space.ts";
import { PAGE_BYTES, SUPERBLOCK_SLOTS } from "../../src/kernel/limits.ts";
import { assertWhole, withFolder, withStore } from "./checked.ts";
import { diskWith, readBytes } from "./file_bytes.ts";

const PATH = "/regression.hold";
const numbers = index("numbers", { key: codec.u32, value: codec.bytes });
const texts = index("texts", { key: codec.bytes, value: codec.bytes });

function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

function keysOf(db: Database): number[] {
  return [...db.open(numbers).range()].map(([key]) => key);
}

async function overwrite(db: Database, keys: number, length: number, byte: number): Promise<void> {
  await db.update((tx) => {
    for (let key = 0; key < keys; key++) tx.open(numbers).put(key, filled(length, byte));
  });
}

test("regression: what a snapshot held back is used again once it is released", async () => {
  await withStore(async (db) => {
    await overwrite(db, 500, 200, 0);
    await db.checkpoint();
    const snapshot = db.snapshot();
    for (let round = 0; round < 20; round++) {
      await overwrite(db, 500, 200, round);
      await db.checkpoint();
    }
    const { pendingBytes, fileBytes } = db.stats();
    assert.ok(pendingBytes >= 500 * 200, `${pendingBytes} bytes are held back`);
    assert.ok(pendingBytes < 500 * 200 * 4, "only what the snapshot sees is held back");
    snapshot.release();
    await db.checkpoint();
    assert.ok(db.stats().pendingBytes < pendingBytes / 4);
    for (let round = 0; round < 20; round++) {
      await overwrite(db, 500, 200, round);
      await db.checkpoint();
    }
    assert.ok(db.stats().fileBytes <= fileBytes, "the file did not grow again");
  });
});

test("regression: a freed page waits for its superblock and for every view", async () => {
  const io = memoryIo();
  const file = await io.open(PATH, "create");
  const space = new FreeSpace(file, new Uint32Array([0xffffffff]), 32, 1 << 30);
  const isHeld = (page: number): boolean => space.isUsed(page);
  const { freed } = space;
  freed.beginView(9);
  freed.beginView(4);
  freed.wait(7, 2, 2, 10, 3);
  freed.wait(11, 1, 5, 10, 3);
  freed.wait(13, 1, 10, 10, 3);
  freed.settle(2);
  assert.deepEqual([7, 8, 11, 13].filter(isHeld), [7, 8, 11, 13], "no checkpoint is durable");
  freed.settle(3);
  assert.deepEqual([7, 8, 11, 13].filter(isHeld), [7, 8, 11], "views 4 and 9 never saw page 13");
  freed.endView(9);
  assert.deepEqual([7, 8, 11, 13].filter(isHeld), [7, 8], "view 4 is older than page 11");
  freed.endView(4);
  assert.equal(space.freeCount, 4);
  assert.deepEqual([1, 2, 3, 4].map(() => space.allocate()), [7, 8, 11, 13]);
  file.close();
});

test("FreeSpace knows the lowest free page, and grows when there is none", async () => {
  const file = await memoryIo().open(PATH, "create");
  for (const pageCount of [40, 64]) {
    const bits = new Uint32Array([0xffffffff, pageCount === 64 ? 0xffffffff : 0xff]);
    const space = new FreeSpace(file, bits, pageCount, 1 << 30);
    assert.equal(space.lowestFree, Infinity);
    assert.equal(space.allocate(), pageCount);
    space.release(33, 1);
    space.release(3, 2);
    assert.deepEqual([space.lowestFree, space.allocate(), space.allocate()], [3, 3, 4]);
    assert.deepEqual([space.lowestFree, space.allocate()], [33, 33]);
    assert.deepEqual([space.lowestFree, space.allocate()], [pageCount + 1, pageCount + 1]);
  }
  file.close();
});

test("regression: keeping the list of free pages takes no more pages as it gets longer", async () => {
  await withStore(async (db) => {
    const count = 4000;
    await overwrite(db, count, 500, 1);
    await db.checkpoint();
    for (let from = 0; from < count; from += 500) {
      await db.update((tx) => {
        for (let key = from; key < from + 500; key += 2) tx.open(numbers).remove(key);
      });
      await db.checkpoint();
    }
    await db.checkpoint();
    const { fileBytes, freeBytes } = db.stats();
    for (let round = 0; round < 50; round++) await db.checkpoint();
    const after = db.stats();
    assert.ok(after.fileBytes <= fileBytes, "empty checkpoints do not grow the file");
    assert.equal(after.fileBytes - after.freeBytes, fileBytes - freeBytes, "nor take pages");
  });
});

test("regression: a whole batch behind a torn one is never revived by new commits", async () => {
  const io = memoryIo();
  const first = await Database.open(PATH, { io });
  for (const [key, length] of [[1, 100], [2, 100], [3, 100]] as const) {
    await first.update((tx) => tx.open(numbers).put(key, filled(length, key)), {
      durability: "os",
    });
  }
  const image = await readBytes(io, PATH);
  await first.close();
  // Unsealed batches begin at multiples of 64 bytes.
  const batches: number[] = [];
  for (let at = SUPERBLOCK_SLOTS * PAGE_BYTES; at + 8 < image.length; at += 64) {
    if (String.fromCharCode(...image.subarray(at + 4, at + 8)) === "HLB1") batches.push(at);
  }
  assert.equal(batches.length, 3);
  const torn = batches[1]! + 70;
  image[torn] = image[torn]! ^ 1;

  const second = await diskWith(image, PATH);
  let db = await Database.open(PATH, { io: second });
  assert.ok(db.recovered.droppedBytes > 0);
  assert.deepEqual(keysOf(db), [1]);
  // As long as the record that was lost, so that it ends where the stale one begins.
  await db.update((tx) => tx.open(numbers).put(2, filled(100, 9)), { durability: "os" });
  const crashed = await readBytes(second, PATH);
  await db.close();
  db = await Database.open(PATH, { io: await diskWith(crashed, PATH) });
  assert.deepEqual(db.open(numbers).get(2), filled(100, 9));
  assert.deepEqual(keysOf(db), [1, 2]);
  await assertWhole(db);
  await db.close();
});

test("regression: a step that fails half-way leaves nothing for the commit", async () => {
  await withStore(async (db) => {
    await assert.rejects(
      db.update((tx) => {
        tx.open(numbers).put(1, filled(10, 1));
        tx.open(texts).put(filled(5000, 1), filled(1, 1));
      }),
      { code: "TOO_LARGE" },
    );
    assert.equal(db.open(numbers).count(), 0);
    await db.update((tx) => {
      tx.open(numbers).put(1, filled(10, 1));
      assert.throws(() => tx.open(texts).put(filled(5000, 1), filled(1, 1)), { code: "TOO_LARGE" });
    });
    assert.deepEqual([db.open(numbers).count(), db.open(texts).count()], [1, 0]);
  });
});

test("regression: counts never drift from contents", async () => {
  await withStore(async (db) => {
    const random = new Prng(62);
    const model = new Set<number>();
    for (let round = 0; round < 120; round++) {
      const isKept = random.below(3) > 0;
      const tx = db.begin({ durability: "memory" });
      const changed = new Set(model);
      for (let i = random.below(60); i > 0; i--) {
        const key = random.below(400);
        if (random.below(2) === 0) {
          tx.open(numbers).put(key, filled(random.below(90), round));
          changed.add(key);
        } else {
          assert.equal(tx.open(numbers).remove(key), changed.delete(key));
        }
      }
      assert.equal(tx.open(numbers).count(), changed.size);
      if (!isKept) {
        tx.rollback();
        continue;
      }
      await tx.commit();
      model.clear();
      for (const key of changed) model.add(key);
      assert.equal(db.open(numbers).count(), model.size);
      if (round % 20 === 0) await db.checkpoint();
    }
    assert.deepEqual(keysOf(db), [...model].sort((a, b) => a - b));
  });
});

test("regression: keys of no bytes, and 70,000 entries of the smallest size", async () => {
  await withStore(async (db) => {
    const key = new Uint8Array(3);
    for (let from = 0; from < 70_000; from += 10_000) {
      await db.update((tx) => {
        for (let n = from; n < from + 10_000; n++) {
          key.set([n >> 16, n >> 8, n]);
          tx.open(texts).put(key, new Uint8Array(0));
        }
      }, { durability: "memory" });
    }
    await db.update((tx) => tx.open(texts).put(new Uint8Array(0), filled(2, 7)));
    assert.equal(db.open(texts).count(), 70_001);
    assert.deepEqual(db.open(texts).get(new Uint8Array(0)), filled(2, 7));
    let seen = 0;
    for (const [at] of db.open(texts).range()) {
      assert.equal(at.length, seen++ === 0 ? 0 : 3);
    }
    assert.equal(seen, 70_001);
  });
});

test("regression: one process cannot have two handles on one file", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/one.hold`;
    const db = await Database.open(path);
    await assert.rejects(Database.open(path), { code: "LOCKED" });
    await assert.rejects(Database.open(`${folder}/./one.hold`), { code: "LOCKED" });
    await db.update((tx) => tx.open(numbers).put(1, filled(1, 1)));
    await db.close();
    const again = await Database.open(path);
    assert.equal(again.open(numbers).count(), 1);
    await again.close();
  });
});

test("regression: a crash during recovery, again and again, loses nothing", async () => {
  const disk = new SimulatedDisk();
  const db = await Database.open(PATH, { io: disk.io });
  for (let key = 0; key < 20; key++) {
    await db.update((tx) => tx.open(numbers).put(key, filled(3000, key)));
  }
  let now = disk.crash("nothing kept");
  for (let cut = 0;; cut++) {
    now.cutAt(cut);
    try {
      const opened = await Database.open(PATH, { io: now.io });
      assert.equal(opened.open(numbers).count(), 20);
      await assertWhole(opened);
      break;
    } catch (error) {
      if (!now.isDark) throw error;
    }
    now = now.crash(cut % 2 === 0 ? "nothing kept" : "everything kept");
    assert.ok(cut < 200, "recovery ends");
  }
});

test("regression: what opening has replayed is durable before its superblock, however much it is", async () => {
  const disk = new SimulatedDisk({ syncMilliseconds: 10 });
  const db = await Database.open(PATH, { io: disk.io });
  await overwrite(db, 1600, 900, 1);
  await db.checkpoint();
  // A page each, of more than are synced on the thread.
  await db.update((tx) => {
    for (let key = 0; key < 1600; key += 4) tx.open(numbers).put(key, filled(9, 2));
  });
  const whole = disk.crash("nothing kept");
  await Database.open(PATH, { io: whole.io });
  for (let cut = whole.operations - 6; cut < whole.operations; cut++) {
    const image = disk.crash("nothing kept");
    image.cutAt(cut);
    await assert.rejects(Database.open(PATH, { io: image.io }));
    for (const policy of image.policies({ limit: 8, seed: cut })) {
      const again = await Database.open(PATH, { io: image.crash(policy).io });
      assert.equal(again.open(numbers).get(1596)?.length, 9);
      await assertWhole(again);
      await again.close();
    }
  }
});

/** A store whose superblock has been switched several times, and a commit behind the last one. */
async function switchedStore(): Promise<[SimulatedDisk, Database]> {
  const disk = new SimulatedDisk({ profile: "no-psow" });
  const db = await Database.open(PATH, { io: disk.io });
  for (let round = 0; round < 4; round++) {
    for (let key = 0; key < 5; key++) {
      await db.update((tx) => tx.open(numbers).put(key, filled(500, key)));
    }
    await db.checkpoint();
  }
  await db.update((tx) => tx.open(numbers).put(5, filled(500, 5)));
  return [disk, db];
}

/** Opens the store again, cuts the power in the midst of that, and looks at what may be left. */
async function cutOpening(disk: SimulatedDisk, cut: number, message: string): Promise<boolean> {
  disk.cutAt(disk.operations + cut);
  const opened = await Database.open(PATH, { io: disk.io }).catch(() => undefined);
  for (const { disk: { io } } of disk.images({ limit: 16, seed: cut })) {
    const db = await Database.open(PATH, { io });
    assert.equal(db.open(numbers).count(), 6, message);
    await assertWhole(db);
    await db.close();
  }
  return opened !== undefined;
}

for (const mode of ["F1", "F2", "F3"] as const) {
  test(`regression: a superblock whose sync failed is none, sync ${mode}`, async () => {
    for (let failed = 0; failed < 4; failed++) {
      for (let cut = 0, isOpen = false; !isOpen; cut++) {
        const [disk, db] = await switchedStore();
        disk.fail({ operation: "sync", at: failed, mode });
        await db.checkpoint().catch(() => {});
        await db.close().catch(() => {});
        disk.heal();
        isOpen = await cutOpening(disk, cut, `sync ${failed}, operation ${cut} of opening`);
      }
    }
  });
}
