/** What endless streams promise about syncs, failures and readers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { Prng } from "../../src/base/prng.ts";
import { type EndlessAppendOptions, EndlessStream, type EndlessStreamOptions } from "../../mod.ts";
import { hasCode } from "../sim/disk/disk_fixture.ts";
import { TestAllocator } from "./test_allocator.ts";
import { diskFailure, numbered } from "./test_blocks.ts";

const io = memoryIo();

function openOn(blocks: TestAllocator, options: EndlessStreamOptions = {}): Promise<EndlessStream> {
  return EndlessStream.open(blocks, { io, ...options });
}

function offsets(log: EndlessStream): number[] {
  const reader = log.read();
  const found: number[] = [];
  for (let entry = reader.take(); entry !== undefined; entry = reader.take()) {
    found.push(entry.offset);
  }
  return found;
}

test("EndlessStream.append resolves only after a sync that began behind its write (regression: 1d.1)", async () => {
  const blocks = new TestAllocator();
  const log = await openOn(blocks);
  for (let n = 0; n < 40; n++) {
    const before = blocks.syncs;
    let written = false;
    blocks.onWrite = () => (written = true);
    let syncedBehind = false;
    blocks.onSync = () => (syncedBehind = written);
    await log.append(numbered(n, 100));
    assert.ok(blocks.syncs > before, `append ${n} had a sync`);
    assert.ok(syncedBehind);
  }
  await log.close();
});

test("EndlessStream.append: 64 writers share syncs, at least twenty appends each", async () => {
  const blocks = new TestAllocator(256);
  const log = await openOn(blocks);
  await log.append(numbered(0, 1));
  const before = blocks.syncs;
  const ends: number[] = [];
  const writers = Array.from({ length: 64 }, async (_, writer) => {
    for (let n = 0; n < 20; n++) ends.push((await log.append(numbered(writer, 80))).offset);
  });
  await Promise.all(writers);
  const syncs = blocks.syncs - before;
  assert.equal(new Set(ends).size, 1280);
  assert.ok(syncs * 20 <= 1280, `${syncs} syncs for 1280 appends`);
  await log.close();
});

test("EndlessStream.append keeps the order of calls, and copies what it is given", async () => {
  const blocks = new TestAllocator();
  const log = await openOn(blocks);
  const buffer = new Uint8Array(4);
  const appends = Array.from({ length: 300 }, (_, n) => {
    buffer.fill(n & 255);
    return log.append(buffer.subarray(0, n % 5));
  });
  const results = await Promise.all(appends);
  assert.deepEqual(results.map(({ offset }) => offset), Array.from({ length: 300 }, (_, n) => n));
  for (let n = 0; n < 300; n++) {
    assert.deepEqual(log.get(n), new Uint8Array(n % 5).fill(n & 255));
  }
  const first = log.get(4)!;
  first.fill(99);
  assert.deepEqual(log.get(4), new Uint8Array(4).fill(4), "what was read is the caller's own");
  await log.close();
});

test(
  "EndlessStream: readers never see bytes that are not durable",
  { timeout: 120_000 },
  async () => {
    for (let seed = 0; seed < 8; seed++) {
      const random = new Prng(seed);
      const disk = new SimulatedDisk({ seed, syncMilliseconds: seed % 2 === 0 ? 5 : 0 });
      const log = await EndlessStream.open("/log", {
        io: disk.io,
        segmentBytes: 32768,
        span: { maxBytes: 50_000 },
      });
      let acknowledged = 0;
      let looks = 0;
      /** All that is readable now is there after a power cut now that keeps nothing that is pending. */
      const look = async (): Promise<void> => {
        const seen = offsets(log).length;
        assert.ok(seen >= acknowledged, "what is acknowledged is seen");
        looks++;
        if (random.below(3) > 0) return;
        const after = await EndlessStream.open("/log", { io: disk.crash("nothing kept").io });
        assert.ok(after.end >= seen, `${seen} were seen, ${after.end} were durable`);
        await after.close();
      };
      const waiting = new Set<Promise<unknown>>();
      for (let n = 0; n < 60; n++) {
        const length = random.below(10) === 0 ? 20_000 + random.below(20_000) : random.below(900);
        const append = log.append(numbered(n, length)).then(() => acknowledged++);
        waiting.add(append);
        const turns = random.below(4);
        for (let turn = 0; turn < turns; turn++) {
          await look();
          await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
        }
        await look();
      }
      await Promise.all(waiting);
      assert.equal(offsets(log).length, 60);
      assert.ok(looks > 60);
      await log.close();
    }
  },
);

for (const failing of ["sync", "write"] as const) {
  test(`EndlessStream: a failed ${failing} poisons it, nothing is stuck, reopening heals (regression: 1d.8, 1d.12)`, async () => {
    const blocks = new TestAllocator();
    const log = await openOn(blocks);
    for (let n = 0; n < 5; n++) await log.append(numbered(n, 50));
    if (failing === "sync") blocks.onSync = diskFailure;
    else blocks.onWrite = diskFailure;
    const appends = [5, 6, 7].map((n) => log.append(numbered(n, 50)));
    for (const append of appends) await assert.rejects(append, hasCode("POISONED"));
    blocks.onSync = blocks.onWrite = () => {};
    await assert.rejects(
      log.append(numbered(8, 50)),
      hasCode("POISONED"),
      "also when the disk heals",
    );
    await assert.rejects(log.trim(1), hasCode("POISONED"));
    await assert.rejects(log.setCursor("a", 1), hasCode("POISONED"));
    assert.deepEqual(offsets(log), [0, 1, 2, 3, 4], "reads go on");
    await log.close();
    const again = await openOn(blocks);
    assert.equal(again.end, 5, "what was rejected is not there");
    assert.deepEqual(await again.append(numbered(9, 9)), { offset: again.end - 1 });
    await again.close();
  });
}

test("EndlessStream: a failure while a record spans poisons it and leaves no part of it", async () => {
  for (let nth = 0; nth < 6; nth++) {
    const blocks = new TestAllocator(4);
    const options = { span: { maxBytes: 50_000 } };
    const log = await openOn(blocks, options);
    await log.append(numbered(0, 500));
    let left = nth;
    blocks.onSync = () => {
      if (left-- === 0) diskFailure();
    };
    const append = log.append(numbered(1, 30_000));
    const behind = log.append(numbered(2, 10));
    const failed = await append.then(() => false, () => true);
    await behind.catch(() => {});
    blocks.onSync = () => {};
    const seen = offsets(log);
    await log.close();
    const again = await openOn(blocks, options);
    if (!failed) assert.deepEqual(again.get(1), numbered(1, 30_000));
    else assert.ok(again.end >= seen.length);
    const reader = again.read();
    for (let entry = reader.take(); entry !== undefined; entry = reader.take()) {
      const length = [500, 30_000, 10][entry.offset]!;
      assert.deepEqual(entry.bytes, numbered(entry.offset, length), "whole");
    }
    await again.append(numbered(7, 7));
    assert.deepEqual(again.get(again.end - 1), numbered(7, 7));
    await again.close();
  }
});

test("EndlessStream: without space an append is refused and the log goes on (regression: 1d.13)", async () => {
  const blocks = new TestAllocator(4);
  const log = await openOn(blocks, { span: { maxBytes: 50_000 } });
  await log.append(numbered(0, 10));
  blocks.left = 1;
  await assert.rejects(log.append(numbered(1, 30_000)), hasCode("NO_SPACE"));
  await log.append(numbered(1, 8000));
  blocks.left = 5;
  await log.append(numbered(2, 30_000));
  assert.deepEqual(offsets(log), [0, 1, 2]);
  assert.deepEqual(log.get(2), numbered(2, 30_000));
  await log.close();
});

test("EndlessStream without reserve: a full disk poisons it, and opening again goes on", async () => {
  const disk = new SimulatedDisk({ seed: 3 });
  const options = { io: disk.io, segmentBytes: 32_768, reserve: false };
  const log = await EndlessStream.open("/log", options);
  await log.append(numbered(0, 10));
  disk.setCapacity(1);
  await assert.rejects(log.append(numbered(1, 20_000)), hasCode("POISONED"));
  disk.setCapacity(1_000_000);
  await assert.rejects(log.append(numbered(1, 10)), hasCode("POISONED"));
  await log.close();
  const again = await EndlessStream.open("/log", options);
  assert.deepEqual(offsets(again), [0]);
  for (let n = 1; n < 10; n++) await again.append(numbered(n, 9000));
  assert.deepEqual(again.get(9), numbered(9, 9000));
  await again.close();
});

test("EndlessStream.close without reserve: a full disk is no failure where all was synced", async () => {
  for (const shortWrite of [0, 64, 700]) {
    const disk = new SimulatedDisk({ seed: 4 });
    const options = { io: disk.io, segmentBytes: 32_768, reserve: false };
    const log = await EndlessStream.open("/log", options);
    for (let n = 0; n < 2; n++) await log.append(numbered(n, 5000));
    disk.fail({ operation: "write", error: "NO_SPACE", shortWrite });
    await log.close();
    for (const { disk: image } of disk.images({ limit: 20 })) {
      const after = await EndlessStream.open("/log", { ...options, io: image.io });
      assert.deepEqual(offsets(after), [0, 1]);
      assert.equal(after.recovered.droppedBytes, 0, `${shortWrite} bytes of the claim`);
      await after.append(numbered(2, 10));
      await after.close();
    }
  }
});

test("EndlessStream.close rejects where something else fails, or something is lost", async () => {
  const disk = new SimulatedDisk({ seed: 4 });
  const options = { io: disk.io, segmentBytes: 32_768, reserve: false };
  const failing = await EndlessStream.open("/log", options);
  await failing.append(numbered(0, 5000));
  disk.fail({ operation: "write", error: "EIO" });
  await assert.rejects(failing.close(), hasCode("IO_FAILED"));
  const full = await EndlessStream.open("/log", options);
  await full.append(numbered(1, 5000), { durability: "os" });
  disk.fail({ operation: "write", error: "NO_SPACE" });
  await assert.rejects(full.close(), hasCode("NO_SPACE"));
  const after = await EndlessStream.open("/log", options);
  assert.deepEqual(offsets(after), [0, 1]);
  await after.close();
});

test("EndlessStream.append with an aborted signal is not written while it waits", async () => {
  const blocks = new TestAllocator();
  const log = await openOn(blocks);
  const controller = new AbortController();
  const options: EndlessAppendOptions = { signal: controller.signal };
  const first = log.append(numbered(0, 10));
  const waiting = log.append(numbered(1, 10), options);
  const third = log.append(numbered(2, 10));
  controller.abort(new Error("not needed"));
  assert.deepEqual(await first, { offset: 0 });
  await assert.rejects(waiting, /not needed/);
  assert.deepEqual(await third, { offset: 1 });
  await assert.rejects(log.append(numbered(3, 10), options), /not needed/);
  assert.deepEqual(log.get(1), numbered(2, 10));
  await log.close();
});

test("EndlessStream.append refuses what is no record", async () => {
  const log = await openOn(new TestAllocator(), { maxRecordBytes: 100 });
  await assert.rejects(log.append("text" as unknown as Uint8Array), TypeError);
  await assert.rejects(log.append(numbered(0, 101)), hasCode("TOO_LARGE"));
  await assert.rejects(log.append(numbered(0, 1), { durability: "tape" as "os" }), TypeError);
  await log.append(numbered(0, 100));
  await log.close();
  for (const wrong of [{ durability: "x" }, { span: 5 }, { onCorruption: "x" }, { unknown: 1 }]) {
    await assert.rejects(openOn(new TestAllocator(), wrong as EndlessStreamOptions), TypeError);
  }
  await assert.rejects(openOn(new TestAllocator(), { cacheBytes: -1 }), RangeError);
  const small = await openOn(new TestAllocator(3));
  await assert.rejects(small.append(numbered(0, 1)), RangeError, "a segment is too small");
  await small.close();
});

test("EndlessStream reads a log a hundred times larger than its cache in bounded memory", {
  timeout: 120_000,
}, async () => {
  const blocks = new TestAllocator(64);
  const cacheBytes = 128 * 1024;
  const log = await openOn(blocks, { cacheBytes });
  const record = numbered(1, 4000);
  let appends: Promise<unknown>[] = [];
  for (let n = 0; n < 3400; n++) {
    appends.push(log.append(record, { durability: "os" }));
    if (n % 200 !== 199) continue;
    await Promise.all(appends);
    appends = [];
  }
  await log.sync();
  assert.ok(log.stats().used > 100 * cacheBytes);
  let most = 0;
  let count = 0;
  for await (const { bytes } of log.read()) {
    assert.equal(bytes.length, 4000);
    if (count++ % 50 === 0) most = Math.max(most, log.stats().cachedBytes);
  }
  assert.equal(count, 3400);
  assert.ok(most <= cacheBytes, `${most} bytes were kept`);
  assert.ok(most > 0);
  await log.close();
});

test("EndlessStream.open and seek read few blocks of a large log", async () => {
  const blocks = new TestAllocator(64);
  const log = await openOn(blocks);
  for (let n = 0; n < 300; n++) {
    const records = Array.from({ length: 10 }, (_, i) => {
      const bytes = numbered(n, 1000);
      new DataView(bytes.buffer).setUint32(0, n * 10 + i);
      return log.append(bytes, { durability: "os" });
    });
    await Promise.all(records);
  }
  await log.close();
  const total = blocks.runs.length * 64 * 4096;
  assert.ok(total > 3_000_000);
  let before = blocks.readBytes;
  const again = await openOn(blocks, { cacheBytes: 0 });
  const opening = blocks.readBytes - before;
  assert.ok(opening < 64 * 4096 * 2 + blocks.runs.length * 8192, `${opening} bytes to open`);
  for (const wanted of [0, 1, 777, 1499, 2999]) {
    before = blocks.readBytes;
    assert.equal(again.seek((bytes) => new DataView(bytes.buffer).getUint32(0) - wanted), wanted);
    const read = blocks.readBytes - before;
    // Windows of 64 KiB at each of the halves: 4 of segments, 6 of blocks, and the walk at the end.
    assert.ok(read < 2_600_000, `${read} bytes for ${wanted}`);
  }
  await again.close();
});
