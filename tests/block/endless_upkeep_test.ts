/** Release, retention, growth and verification of endless streams beside readers and appends. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { type Blocks, EndlessStream, type EndlessStreamOptions } from "../../mod.ts";
import { TestAllocator } from "./test_allocator.ts";
import { numbered } from "./test_blocks.ts";

const io = memoryIo();

function openOn(blocks: TestAllocator, options: EndlessStreamOptions = {}): Promise<EndlessStream> {
  return EndlessStream.open(blocks, { io, ...options });
}

async function fill(log: EndlessStream, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await log.append(numbered(log.end, 5000));
}

test("EndlessStream: a drained log of empty segments reads, trims and goes on (regression: 1d.10)", async () => {
  const blocks = new TestAllocator();
  let log = await openOn(blocks);
  assert.equal(await log.trim(0), 0, "never grown");
  assert.equal(log.read().take(), undefined);
  await log.grow();
  await log.grow();
  assert.equal(await log.trim(0), 0);
  await fill(log, 20);
  await log.grow();
  const reader = log.read();
  while (reader.take() !== undefined);
  await log.trim(20);
  for (let round = 0; round < 2; round++) {
    assert.equal(log.read().take(), undefined);
    assert.equal(log.read().rewind(3), false);
    assert.equal(await log.trim(20), 0);
    assert.equal(log.seek(() => -1), 20);
    await log.close();
    log = await openOn(blocks);
    assert.equal(log.start, 20);
  }
  assert.deepEqual(await log.append(numbered(20, 5000)), { offset: 20 });
  assert.deepEqual(log.read().take()?.bytes, numbered(20, 5000));
  await log.close();
});

test("EndlessStream: trims, growth, appends and readers at once never wait for each other (regression: 1d.11)", async () => {
  const blocks = new TestAllocator();
  const log = await openOn(blocks);
  const reader = log.read({ follow: true, to: 200 });
  let read = 0;
  const reading = (async () => {
    for await (const { offset, bytes } of reader) {
      assert.deepEqual(bytes, numbered(offset, 500));
      read++;
    }
  })();
  const work: Promise<unknown>[] = [reading];
  for (let n = 0; n < 200; n++) {
    work.push(log.append(numbered(n, 500)));
    if (n % 10 === 9) {
      work.push(log.grow(), log.trim(Math.max(log.start, log.end - 3)), log.verify());
    }
    if (n % 25 === 24) await new Promise<void>((resolve) => io.nextTurn(resolve));
  }
  await Promise.all(work);
  assert.equal(read + reader.skipped, 200);
  assert.deepEqual(blocks.released, blocks.released.toSorted((a, b) => a - b), "in order");
  assert.ok(blocks.released.length > 1);
  await log.close();
});

test("EndlessStream: segments in use are released when the last user is done, in order", async () => {
  const blocks = new TestAllocator();
  const log = await openOn(blocks);
  await fill(log, 30);
  let seenDuring = -1;
  const verifying = log.verify({
    onProgress: () => {
      if (seenDuring < 0) seenDuring = log.stats().unreleased;
    },
  });
  assert.equal(await log.trim(25), 0, "all of them are being verified");
  assert.ok(log.stats().unreleased > 3);
  assert.equal(log.start, 25);
  assert.ok((await verifying).ok);
  assert.ok(seenDuring >= 0);
  assert.ok(await log.trim(25) > 3);
  assert.equal(log.stats().unreleased, 0);
  assert.deepEqual(blocks.released, blocks.released.toSorted((a, b) => a - b));
  await log.close();
});

test("EndlessStream: a failed release is tried again, and by the next opening", async () => {
  const blocks = new TestAllocator();
  let log = await openOn(blocks);
  await fill(log, 30);
  blocks.failingReleases = 1;
  assert.equal(await log.trim(20), 0);
  assert.equal(log.start, 20, "the trim is durable all the same");
  assert.ok(await log.trim(20) > 2);
  await fill(log, 10);
  blocks.failingReleases = 1;
  await log.trim(35);
  const left = blocks.runs.length;
  await log.close();
  blocks.failingReleases = 0;
  log = await openOn(blocks);
  assert.ok(blocks.runs.length < left);
  assert.equal(log.start, 35);
  assert.deepEqual(log.get(36), numbered(36, 5000));
  await log.close();
});

test("EndlessStream with retention by bytes keeps so many segments", async () => {
  const blocks = new TestAllocator();
  const log = await openOn(blocks, { retention: { bytes: 4 * 32_768 } });
  await fill(log, 60);
  await log.sync();
  assert.ok(blocks.runs.length <= 5, `${blocks.runs.length} segments`);
  assert.ok(log.start > 30);
  assert.equal(log.read().take()?.offset, log.start);
  await log.close();
});

test("EndlessStream with retention by age keeps what is young", async () => {
  const disk = new SimulatedDisk();
  const options = { io: disk.io, segmentBytes: 32_768, retention: { ageMs: 1000 } };
  const log = await EndlessStream.open("/log", options);
  await fill(log, 10);
  assert.equal(log.start, 0);
  disk.advance(2000);
  await fill(log, 10);
  await log.sync();
  assert.ok(log.start > 0 && log.start <= 10, `${log.start}`);
  const { start } = log;
  await log.close();
  disk.advance(2000);
  const again = await EndlessStream.open("/log", options);
  await again.append(numbered(20, 1));
  assert.ok(again.start > start);
  assert.deepEqual(again.get(20), numbered(20, 1));
  await again.close();
});

test("EndlessStream with retention by cursors keeps what one of them has not passed", async () => {
  const blocks = new TestAllocator();
  const log = await openOn(blocks, { retention: { bytes: 0, cursors: true } });
  await fill(log, 20);
  assert.equal(log.start, 0, "no cursor, nobody has read it");
  await log.setCursor("slow", 7);
  await log.setCursor("fast", 20);
  await fill(log, 20);
  await log.sync();
  assert.ok(log.start > 0 && log.start <= 7, `${log.start}`);
  await log.setCursor("slow", 40);
  await fill(log, 10);
  await log.sync();
  assert.equal(log.start, 20, "the least of all cursors");
  await log.close();
});

test("EndlessStream.grow allocates ahead: appends and reopening use it first", async () => {
  const blocks = new TestAllocator();
  let log = await openOn(blocks);
  await log.grow();
  await log.grow();
  assert.equal(blocks.runs.length, 2);
  await log.close();
  log = await openOn(blocks);
  blocks.left = 0;
  await fill(log, 6);
  assert.equal(blocks.runs.length, 2);
  assert.deepEqual(log.stats().segments.map(({ number }) => number), [1, 2]);
  await log.close();
});

test("EndlessStream.verify ends with its signal, and says how far it is", async () => {
  const blocks = new TestAllocator();
  const log = await openOn(blocks);
  await fill(log, 20);
  const done: number[] = [];
  let total = 0;
  const report = await log.verify({
    onProgress: (at, all) => {
      done.push(at);
      total = all;
    },
  });
  assert.deepEqual(report, { ok: true, problems: [] });
  assert.deepEqual(done, done.toSorted((a, b) => a - b));
  assert.equal(done.at(-1), total);
  const controller = new AbortController();
  const verifying = log.verify({ signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(verifying, /enough/);
  await assert.rejects(log.verify({ signal: controller.signal }), /enough/);
  await log.close();
});

test("EndlessStream: cursors fill at most an eighth of a segment", async () => {
  const log = await openOn(new TestAllocator(4));
  await log.append(numbered(0, 10));
  const name = (n: number): string => `${n}`.padStart(300, "x");
  await assert.rejects(async () => {
    for (let n = 0; n < 100; n++) await log.setCursor(name(n), 1);
  }, (error: { code?: string }) => error.code === "TOO_LARGE");
  const kept = log.cursors().size;
  assert.ok(kept > 2 && kept < 10);
  await fill(log, 10);
  assert.equal(log.cursors().size, kept);
  await assert.rejects(log.setCursor("x".repeat(513), 1), RangeError);
  await log.close();
});

test("EndlessStream in voidBlocks takes appends and keeps nothing", async () => {
  const { voidBlocks } = await import("../../mod.ts");
  const blocks = voidBlocks({ blockBytes: 4096, blockCount: 8 });
  const log = await EndlessStream.open(blocks, { io });
  await fill(log, 20);
  assert.equal(log.end, 20);
  const given: Blocks[] = await blocks.list();
  assert.ok(given.length > 2);
  await log.close();
  await blocks.close();
});

test("EndlessStream: an empty record begins another segment where not even that has room", async () => {
  const blocks = new TestAllocator(4);
  for (const durability of ["os", "disk"] as const) {
    let log = await openOn(blocks);
    const { end } = log;
    for (let n = 0; n < 7; n++) {
      assert.deepEqual(await log.append(new Uint8Array(0), { durability }), { offset: end + n });
      if (n % 2 === 1) await log.sync();
      if (n % 3 !== 2) continue;
      await log.close();
      log = await openOn(blocks);
    }
    assert.equal(log.end, end + 7);
    await log.close();
  }
});

test("EndlessStream: a reader in a segment of which only control records are left may lose it", async () => {
  const blocks = new TestAllocator(4);
  const log = await openOn(blocks);
  await log.append(numbered(0, 100));
  const reader = log.read();
  assert.equal(reader.take()?.offset, 0);
  await log.setCursor("a", 1);
  await log.append(numbered(1, 9000));
  await log.trim(1);
  assert.deepEqual(blocks.released, [1]);
  const gone = blocks.runs.map(({ id }) => id);
  assert.ok(!gone.includes(1));
  assert.deepEqual(reader.take(), { offset: 1, bytes: numbered(1, 9000) });
  assert.equal(reader.skipped, 0);
  await log.close();
});
