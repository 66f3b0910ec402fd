/** Endless streams that are used at their edges: empty, closing, with an allocator that fails. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { BlockStream, EndlessStream, memoryBlocks } from "../../mod.ts";
import { TestAllocator } from "./test_allocator.ts";
import { numbered } from "./test_blocks.ts";

const io = memoryIo();

test("EndlessStream and BlockStream find the adapter of the runtime by themselves", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-endless-"));
  try {
    const options = { blockBytes: 4096, segmentBytes: 32_768 };
    await using log = await EndlessStream.open(folder, options);
    await log.append(numbered(1, 100));
    assert.deepEqual(log.get(0), numbered(1, 100));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const blocks = memoryBlocks({ blockBytes: 4096, blockCount: 16 });
  await using log = await EndlessStream.open(blocks);
  assert.equal((await log.append(numbered(2, 10))).offset, 0);
  using stream = await BlockStream.open(await blocks.allocate());
  assert.equal(stream.append(numbered(3, 20)), 20);
  stream.sync();
  assert.equal(stream.verify(), true);
});

test("EndlessStream.open: sizes are whole numbers, from their least on", async () => {
  for (const [value, kind] of [[1.5, TypeError], [NaN, TypeError], [-1, RangeError]] as const) {
    await assert.rejects(EndlessStream.open(new TestAllocator(), { io, cacheBytes: value }), kind);
  }
});

test("EndlessStream.open: reserve is true or false", async () => {
  const reserve = "yes" as unknown as boolean;
  await assert.rejects(EndlessStream.open(new TestAllocator(), { io, reserve }), TypeError);
});

test("EndlessStream.open in a folder: with a size of blocks alone segments have 16 MiB", async () => {
  const io = memoryIo();
  const log = await EndlessStream.open("/log", { io, blockBytes: 65_536 });
  await log.append(numbered(0, 5));
  assert.equal(log.stats().capacity, 16 * 1024 * 1024);
  await log.close();
  await assert.rejects(EndlessStream.open("/log", { io, blockBytes: 4096 }), {
    code: "TYPE_MISMATCH",
  });
});

test("EndlessStream.read and rewind refuse what is no number of records", async () => {
  const log = await EndlessStream.open(new TestAllocator(), { io });
  await log.append(numbered(0, 5));
  assert.throws(() => log.read({ to: NaN }), TypeError);
  assert.throws(() => log.read({ to: "1" as unknown as number }), TypeError);
  const reader = log.read();
  assert.throws(() => reader.rewind(-1), RangeError);
  assert.throws(() => reader.rewind(0.5), RangeError);
  assert.equal(reader.take()?.offset, 0);
  await reader.return();
  await log.append(numbered(1, 5));
  assert.equal(reader.take(), undefined, "it has ended");
  await log.close();
});

test("EndlessStream: cursors before the first record, and one that is dropped while it moves", async () => {
  const log = await EndlessStream.open(new TestAllocator(), { io });
  assert.equal(await log.setCursor("early", 0), 0, "no segment is there yet");
  await log.append(numbered(0, 5));
  const [moved, dropped] = await Promise.all([log.setCursor("early", 1), log.dropCursor("early")]);
  assert.equal(moved, 1, "what was asked for has been durable");
  assert.equal(dropped, true);
  assert.equal(log.cursor("early"), undefined);
  await log.close();
});

test("EndlessStream: an error of the allocator that is none of ours is not kept silent", async () => {
  const blocks = new TestAllocator(4);
  const log = await EndlessStream.open(blocks, { io });
  await log.append(numbered(0, 9000));
  const allocate = blocks.allocate.bind(blocks);
  blocks.allocate = () => Promise.reject(new TypeError("a bug of the allocator"));
  await assert.rejects(log.append(numbered(1, 9000)), TypeError);
  await assert.rejects(log.close(), TypeError);
  blocks.allocate = allocate;
  const again = await EndlessStream.open(blocks, { io });
  assert.deepEqual(again.get(0), numbered(0, 9000));
  await again.close();
});

test("EndlessStream.trim: a release that fails with an error that is none of ours is told", async () => {
  const blocks = new TestAllocator(4);
  const log = await EndlessStream.open(blocks, { io });
  for (let n = 0; n < 5; n++) await log.append(numbered(n, 9000));
  const release = blocks.release.bind(blocks);
  blocks.release = () => Promise.reject(new TypeError("a bug of the allocator"));
  await assert.rejects(log.trim(3), TypeError);
  assert.equal(log.start, 3, "the trim is durable nevertheless");
  blocks.release = release;
  assert.ok(await log.trim(3) > 0, "and is done with the next");
  await log.close();
});
