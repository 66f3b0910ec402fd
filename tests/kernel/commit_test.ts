import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index, IoError, isHoldfastError } from "../../mod.ts";
import { GuardedFile, Health } from "../../src/kernel/health.ts";
import { assertWhole, withStore } from "./checked.ts";

const table = index("table", { key: codec.string, value: codec.bytes });

/** A value that the compiler cannot fold. */
function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

test("Database.update costs one sync for a lone caller and one in 64 for 64 callers", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(table).put("first", filled(1, 1)));
    await db.checkpoint();
    let before = db.stats();
    for (let i = 0; i < 20; i++) await db.update((tx) => tx.open(table).put(`${i}`, filled(9, i)));
    assert.equal(db.stats().syncs - before.syncs, 20);
    before = db.stats();
    await Promise.all(Array.from({ length: 64 }, async (_, caller) => {
      for (let i = 0; i < 5; i++) {
        await db.update((tx) => tx.open(table).put(`${caller}-${i}`, filled(9, i)));
      }
    }));
    assert.equal(db.stats().syncs - before.syncs, 5);
    assert.equal(db.stats().commits - before.commits, 320);
  });
});

test('Database.update at "memory" is visible at once and durable with the next sync', async () => {
  const disk = new SimulatedDisk();
  const db = await Database.open("/a.hold", { io: disk.io });
  await db.update((tx) => tx.open(table).put("base", filled(1, 1)));
  const before = db.stats().syncs;
  const done = db.update((tx) => tx.open(table).put("a", filled(1, 2)), { durability: "memory" });
  assert.deepEqual(db.open(table).get("a"), filled(1, 2));
  await done;
  assert.equal(db.stats().syncs, before);
  await db.update((tx) => tx.open(table).put("b", filled(1, 3)));
  assert.equal(db.stats().syncs, before + 1);
  await assertWhole(db);
  const image = disk.crash("nothing kept");
  const again = await Database.open("/a.hold", { io: image.io });
  assert.deepEqual(again.open(table).get("a"), filled(1, 2));
  assert.deepEqual(again.open(table).get("b"), filled(1, 3));
  await assertWhole(again);
});

test('Database.update at "os" is written but not synced', async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(table).put("base", filled(1, 1)));
    const before = db.stats();
    await db.update((tx) => tx.open(table).put("a", filled(100, 2)), { durability: "os" });
    assert.equal(db.stats().syncs, before.syncs);
    assert.ok(db.stats().logBytesWritten > before.logBytesWritten);
    assert.deepEqual(db.open(table).get("a"), filled(100, 2));
  });
});

test("Database.update larger than a quarter of the log commits by checkpoint", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(table).put("base", filled(1, 1)));
    const before = db.stats();
    const done = db.update((tx) => {
      for (let i = 0; i < 3000; i++) tx.open(table).put(`k${i}`, filled(100, i & 255));
    });
    const other = db.update((tx) => tx.open(table).put("other", filled(1, 7)));
    assert.equal(db.open(table).count(), 1, "not visible before it is durable");
    await done;
    assert.equal(db.stats().checkpoints, before.checkpoints + 1);
    assert.equal(db.stats().syncs - before.syncs, 2);
    await other;
    assert.equal(db.open(table).count(), 3002);
  }, { logBytes: 256 * 1024 });
});

test("Database.update larger than a quarter of the log keeps its place behind what waits for a sync", async () => {
  const found = new Set<number>();
  for (let cut = 0, isWhole = false; !isWhole; cut++) {
    const disk = new SimulatedDisk();
    const db = await Database.open("/a.hold", { io: disk.io, logBytes: 256 * 1024 });
    await db.update((tx) => tx.open(table).put("base", filled(1, 1)));
    const first = db.update((tx) => tx.open(table).put("base", filled(1, 2)), {
      durability: "memory",
    });
    const large = db.update((tx) => {
      for (let i = 0; i < 800; i++) tx.open(table).put(`k${i}`, filled(100, i & 255));
      tx.open(table).put("base", filled(1, 3));
    });
    assert.deepEqual(db.open(table).get("base"), filled(1, 2));
    disk.cutAt(disk.operations + cut);
    isWhole = (await Promise.allSettled([first, large]))[1].status === "fulfilled";
    const again = await Database.open("/a.hold", { io: disk.crash("everything kept").io });
    const base = again.open(table).get("base")![0]!;
    found.add(base);
    assert.equal(again.open(table).count(), base === 3 ? 801 : 1);
    await assertWhole(again);
  }
  assert.deepEqual([...found], [1, 2, 3]);
});

test("Database.update that reads waits for a checkpoint where the log has no room for its sync", async () => {
  const disk = new SimulatedDisk();
  const db = await Database.open("/a.hold", { io: disk.io, logBytes: 256 * 1024 });
  await db.update((tx) => tx.open(table).put("base", filled(1, 1)));
  await db.checkpoint();
  const put = async (length: number): Promise<number> => {
    const { logBytesWritten } = db.stats();
    await db.update((tx) => tx.open(table).put("base", filled(length, 2)), { durability: "os" });
    return db.stats().logBytesWritten - logBytesWritten;
  };
  // Batches that are not synced end at multiples of 64 bytes: the last one ends with the extent.
  let left = 256 * 1024 - await put(10_000);
  while (left > 15_000) left -= await put(10_000);
  assert.equal(await put(left - 128), left);
  const { checkpoints } = db.stats();
  await db.update((tx) => tx.open(table).get("base"));
  assert.equal(db.stats().checkpoints, checkpoints + 1);
  const again = await Database.open("/a.hold", { io: disk.crash("nothing kept").io });
  assert.equal(again.open(table).get("base")?.length, left - 128);
  await db.close();
});

test("Database.update waits for a full log instead of growing it without bound", async () => {
  await withStore(async (db) => {
    await Promise.all(Array.from({ length: 40 }, async (_, caller) => {
      for (let i = 0; i < 10; i++) {
        await db.update((tx) => tx.open(table).put(`k${caller & 15}`, filled(16_000, i)));
      }
    }));
    const { fileBytes, checkpoints } = db.stats();
    assert.ok(checkpoints >= 8, `${checkpoints} checkpoints`);
    assert.ok(fileBytes < 6 * 1024 * 1024, `${fileBytes} bytes for 320 KB of data`);
  }, { logBytes: 512 * 1024 });
});

test("Database.update beyond maxBytes is NO_SPACE, loses nothing and frees what it took", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(table).put("kept", filled(1000, 1)));
    const codes = new Set<string>();
    for (let i = 0; i < 60; i++) {
      try {
        await db.update((tx) => tx.open(table).put(`k${i}`, filled(100_000, i)));
      } catch (error) {
        assert.ok(isHoldfastError(error));
        codes.add(error.code);
      }
    }
    assert.deepEqual([...codes], ["NO_SPACE"]);
    assert.deepEqual(db.open(table).get("kept"), filled(1000, 1));
    await db.update((tx) => {
      for (let i = 0; i < 60; i++) tx.open(table).remove(`k${i}`);
    });
    await db.checkpoint();
    await db.update((tx) => tx.open(table).put("after", filled(100_000, 2)));
    assert.deepEqual(db.open(table).get("after"), filled(100_000, 2));
  }, { maxBytes: 4 * 1024 * 1024 });
});

test("Database.update of more than the log can grow to for want of space is committed", async () => {
  await withStore(async (db, io) => {
    for (let i = 0; i < 9; i++) {
      await db.update((tx) => tx.open(table).put(`k${i}`, filled(500_000, i)));
    }
    let settled = false;
    const done = db.update((tx) => {
      for (let i = 0; i < 90; i++) tx.open(table).put(`z${i}`, filled(10_000, i));
    }).finally(() => settled = true);
    for (let turn = 0; turn < 5000 && !settled; turn++) {
      await new Promise<void>((resolve) => io.nextTurn(resolve));
    }
    assert.ok(settled, "it is neither committed nor refused");
    await done;
    assert.deepEqual(db.open(table).get("z89"), filled(10_000, 89));
  }, { maxBytes: 8 * 1024 * 1024 });
});

test("Database.update on a full disk is NO_SPACE until there is space again", async () => {
  const disk = new SimulatedDisk({ capacityBytes: 3 * 1024 * 1024 });
  const db = await Database.open("/a.hold", { io: disk.io });
  let stored = 0;
  await assert.rejects(async () => {
    for (; stored < 100; stored++) {
      await db.update((tx) => tx.open(table).put(`k${stored}`, filled(90_000, stored)));
    }
  }, { code: "NO_SPACE" });
  assert.ok(stored > 5 && stored < 40, `${stored} values fit`);
  for (let i = 0; i < stored; i++) assert.deepEqual(db.open(table).get(`k${i}`), filled(90_000, i));
  await db.update((tx) => {
    for (let i = 0; i < stored; i++) tx.open(table).remove(`k${i}`);
  });
  await db.checkpoint();
  await db.update((tx) => tx.open(table).put("again", filled(90_000, 9)));
  await assertWhole(db);
  await db.close();
});

test("Database is POISONED by a failed sync: nothing more is acknowledged, reads go on", async () => {
  const disk = new SimulatedDisk();
  const db = await Database.open("/a.hold", { io: disk.io });
  await db.update((tx) => tx.open(table).put("a", filled(1, 1)));
  disk.fail({ operation: "sync", error: "IO_FAILED", times: 1 });
  const results = await Promise.allSettled([
    db.update((tx) => tx.open(table).put("b", filled(1, 2))),
    db.update((tx) => tx.open(table).put("c", filled(1, 3))),
  ]);
  assert.deepEqual(results.map((result) => result.status), ["rejected", "rejected"]);
  await assert.rejects(db.update((tx) => tx.open(table).put("d", filled(1, 4))), {
    code: "POISONED",
  });
  await assert.rejects(db.checkpoint(), { code: "POISONED" });
  assert.throws(() => db.begin(), { code: "POISONED" });
  assert.deepEqual(db.open(table).get("a"), filled(1, 1));
  assert.equal(db.open(table).get("b"), undefined);
  await db.close();
  const again = await Database.open("/a.hold", { io: disk.io });
  assert.deepEqual(again.open(table).get("a"), filled(1, 1));
  await again.update((tx) => tx.open(table).put("e", filled(1, 5)));
  await assertWhole(again);
  await again.close();
});

test("Database is POISONED by a checkpoint that cannot begin when the log is full", async () => {
  const disk = new SimulatedDisk();
  const db = await Database.open("/a.hold", { io: disk.io, logBytes: 256 * 1024 });
  await db.update((tx) => tx.open(table).put("a", filled(1, 1)));
  const put = (n: number, durability: "memory" | "disk"): Promise<void> =>
    db.update((tx) => tx.open(table).put(`${n}`, filled(15_000, n)), { durability });
  const gathered: Promise<void>[] = [];
  for (let n = 0; n < 17; n++) gathered.push(put(n, "memory"));
  const waiting = put(17, "disk");
  disk.fail({ operation: "write" });
  await Promise.all(gathered);
  await assert.rejects(waiting, { code: "POISONED" });
  await assert.rejects(put(18, "disk"), { code: "POISONED" });
  const again = await Database.open("/a.hold", { io: disk.crash("nothing kept").io });
  assert.deepEqual(again.open(table).get("a"), filled(1, 1));
  await assertWhole(again);
  await assert.rejects(db.close(), { code: "POISONED" });
});

test("GuardedFile: a full disk is IO_FAILED, with what its error says of the place", async () => {
  for (const place of [{}, { path: "/other" }, { path: "/other", offset: 4096 }]) {
    const cause = new IoError("NO_SPACE", "full", place);
    const file = await memoryIo().open("/a", "create");
    file.truncate = () => {
      throw cause;
    };
    const guarded = new GuardedFile(file, new Health("/a"));
    assert.throws(() => guarded.truncate(1), (error) => {
      assert.ok(isHoldfastError(error));
      const { code, path, offset } = error;
      assert.deepEqual({ code, path, offset }, {
        code: "IO_FAILED",
        path: cause.path,
        offset: cause.offset,
      });
      return error.cause === cause;
    });
    assert.throws(() => guarded.truncate(1), { code: "POISONED" });
  }
});

for (const operation of ["write", "sync"] as const) {
  test(`Database is POISONED by a log that is full at a ${operation}: what failed may be there`, async () => {
    const disk = new SimulatedDisk();
    const db = await Database.open("/a.hold", { io: disk.io });
    await db.update((tx) => tx.open(table).put("a", filled(1, 1)));
    disk.fail({ operation, error: "NO_SPACE", times: 1 });
    await assert.rejects(db.update((tx) => tx.open(table).put("b", filled(1, 2))), (error) => {
      assert.ok(isHoldfastError(error));
      // Not NO_SPACE, which says that nothing happened.
      assert.equal(error.code, "IO_FAILED");
      assert.equal((error.cause as { code?: string }).code, "NO_SPACE");
      return true;
    });
    await assert.rejects(db.update((tx) => tx.open(table).put("c", filled(1, 3))), {
      code: "POISONED",
    });
    const next = await Database.open("/a.hold", { io: disk.processDeath().io });
    assert.equal(next.open(table).get("b") !== undefined, operation === "sync");
    assert.equal(next.open(table).get("c"), undefined);
    await next.close();
    await db.close();
  });
}

test("Database on a slow disk syncs off the thread and keeps reads quick", async () => {
  const disk = new SimulatedDisk({ syncMilliseconds: 10 });
  const db = await Database.open("/a.hold", { io: disk.io });
  for (let i = 0; i < 30; i++) await db.update((tx) => tx.open(table).put(`${i}`, filled(1, i)));
  assert.ok(db.stats().syncMs > 1, `average sync ${db.stats().syncMs} ms`);
  const done = db.update((tx) => tx.open(table).put("x", filled(1, 1)));
  let turns = 0;
  let settled = false;
  done.then(() => settled = true);
  while (!settled && turns < 1000) {
    await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
    turns++;
  }
  assert.ok(turns > 1, "other turns ran while the sync was under way");
  await assertWhole(db);
  await db.close();
});

for (const profile of ["sector512", "hostile", "no-psow"] as const) {
  test(`Database.update: no write shares a block with what was synced, whatever came before: ${profile}`, async () => {
    for (const length of [10, 1500, 4000]) {
      for (let cut = 0; cut < 4; cut++) {
        const disk = new SimulatedDisk({ profile });
        const db = await Database.open("/a.hold", { io: disk.io });
        const put = (key: string, bytes: number, durability: "os" | "disk") =>
          db.update((tx) => tx.open(table).put(key, filled(bytes, 1)), { durability });
        await put("short", 10, "os");
        await put("synced", length, "disk");
        disk.cutAt(disk.operations + cut);
        await put("later", 100, cut % 2 === 0 ? "disk" : "os").catch(() => {});
        for (const { disk: { io } } of disk.images({ limit: 40, seed: cut })) {
          const after = await Database.open("/a.hold", { io });
          assert.ok(after.open(table).has("synced"), `${length} bytes, operation ${cut}`);
          await after.close();
        }
      }
    }
  });
}

for (const durability of ["memory", "os", "disk"] as const) {
  test(`Database.close of a poisoned store frees it, and says what is not durable: ${durability}`, async () => {
    const disk = new SimulatedDisk();
    const db = await Database.open("/data/store.hold", { io: disk.io });
    await db.update((tx) => tx.open(table).put("one", filled(9, 1)), { durability });
    disk.fail({ operation: "write" });
    // As a checkpoint in the background, whose failure nobody is told of.
    await assert.rejects(db.checkpoint(), isHoldfastError);
    if (durability === "disk") await db.close();
    else await assert.rejects(db.close(), { code: "POISONED" });
    disk.heal();
    const again = await Database.open("/data/store.hold", { io: disk.io });
    assert.equal(again.open(table).has("one"), durability !== "memory");
    await again.close();
  });
}
