/** A stream of fixed capacity in one run of blocks. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { BlockStream } from "../../src/block/stream/block_stream.ts";
import { hasCode } from "../sim/disk/disk_fixture.ts";
import { diskFailure, joined, numbered, type TestBlocks, testBlocks } from "./test_blocks.ts";

const io = memoryIo();

async function openOn(blocks: TestBlocks): Promise<BlockStream> {
  return await BlockStream.open(blocks, { io });
}

test("BlockStream.append takes what fits: whole appends, a trailing part, then nothing", async () => {
  const blocks = await testBlocks();
  const stream = await openOn(blocks);
  assert.equal(stream.isEmpty, true);
  assert.equal(stream.isFull, false);
  assert.equal(stream.capacity, 16 * 4096 - 4096 - 64 - 5);
  const first = numbered(1, 30_000);
  assert.equal(stream.append(first), 30_000);
  assert.equal(stream.isEmpty, false);
  assert.equal(stream.length, 0, "nothing is synced");
  stream.sync();
  const second = numbered(2, 50_000);
  const taken = stream.append(second);
  // 32 KiB and the header are used, and 64 + 5 bytes of this batch are its own.
  assert.equal(taken, 15 * 4096 - 32 * 1024 - 64 - 5);
  assert.equal(stream.isFull, true);
  assert.equal(stream.append(numbered(3, 1)), 0);
  assert.equal(stream.append(new Uint8Array(0)), 0);
  assert.equal(stream.isDirty, true);
  stream.sync();
  assert.equal(stream.isDirty, false);
  assert.deepEqual(stream.data(), first);
  assert.deepEqual(stream.trailing(), second.subarray(0, taken));
  assert.deepEqual(stream.spilled(), new Uint8Array(0));
  assert.equal(stream.length, 30_000 + taken);
  assert.equal(stream.recordCount, 1);

  const rest = await openOn(await testBlocks());
  assert.equal(rest.append(second.subarray(taken), { spilled: true }), 50_000 - taken);
  assert.throws(() => rest.append(second, { spilled: true }), RangeError);
  assert.equal(rest.append(first), 30_000);
  rest.sync();
  assert.deepEqual(joined(stream.trailing(), rest.spilled()), second);
  assert.deepEqual(rest.data(), first);
  assert.deepEqual([...rest.records()], [first]);
  assert.equal(rest.recordCount, 1, "the rest of another append is none");
});

test("BlockStream.append of a record exactly as long as the capacity fills the stream whole", async () => {
  const stream = await openOn(await testBlocks());
  assert.equal(stream.append(numbered(1, stream.capacity)), stream.capacity);
  assert.equal(stream.isFull, true);
  stream.sync();
  assert.deepEqual(stream.data(), numbered(1, stream.capacity));
  assert.deepEqual(stream.trailing(), new Uint8Array(0));
});

test("BlockStream.append of the middle of a record is spilled and trailing at once", async () => {
  const blocks = await testBlocks();
  const stream = await openOn(blocks);
  const bytes = numbered(4, 100_000);
  assert.equal(stream.append(bytes, { spilled: true }), stream.capacity);
  stream.sync();
  const again = await openOn(blocks.again());
  assert.equal(again.isFull, true);
  assert.deepEqual(again.data(), new Uint8Array(0));
  assert.deepEqual(again.trailing(), bytes.subarray(0, stream.capacity));
});

test("BlockStream.append of no bytes leaves no trace, and a spilled append may follow it", async () => {
  const stream = await openOn(await testBlocks());
  assert.equal(stream.append(new Uint8Array(0)), 0);
  assert.equal(stream.isEmpty, true);
  assert.equal(stream.isDirty, false);
  assert.equal(stream.append(numbered(1, 3), { spilled: true }), 3);
  assert.throws(() => stream.append([1] as unknown as Uint8Array), TypeError);
});

test("BlockStream: readers see nothing before its sync returned", async () => {
  const blocks = await testBlocks({ blockCount: 64 });
  const stream = await openOn(blocks);
  let seenDuringSync = -1;
  blocks.onSync = () => (seenDuringSync = stream.data().length);
  for (let n = 0, synced = 0; n < 200; n++) {
    stream.append(numbered(n, 700));
    assert.equal(stream.data().length, synced);
    assert.equal(stream.length, synced);
    if (n % 7 !== 6) continue;
    stream.sync();
    assert.equal(seenDuringSync, synced);
    synced = (n + 1) * 700;
    assert.equal(stream.data().length, synced);
  }
});

test("BlockStream.sync is one sync for all appends, none when nothing was appended", async () => {
  const blocks = await testBlocks();
  const stream = await openOn(blocks);
  stream.sync();
  assert.equal(blocks.syncs, 0);
  stream.append(numbered(1, 10));
  stream.append(numbered(2, 10));
  await stream.syncAsync();
  assert.equal(blocks.syncs, 2, "the header's and the batch's");
  stream.sync();
  await stream.syncAsync();
  assert.equal(blocks.syncs, 2);
  stream.append(numbered(3, 10));
  stream.sync();
  assert.equal(blocks.syncs, 3);
});

test("BlockStream.open finds what was synced and goes on behind it", async () => {
  const blocks = await testBlocks({ blockCount: 64 });
  const written: Uint8Array[] = [];
  let stream = await openOn(blocks);
  for (let n = 0; n < 30; n++) {
    written.push(numbered(n, n * 97 % 5000 + 1));
    assert.equal(stream.append(written[n]!), written[n]!.length);
    if (n % 3 === 2) stream.sync();
    if (n % 9 === 8) {
      stream.close();
      stream = await openOn(blocks.again());
      assert.equal(stream.droppedBytes, 0);
      assert.deepEqual([...stream.records()], written);
    }
  }
  stream.append(numbered(99, 10));
  stream.close();
  stream = await openOn(blocks.again());
  assert.deepEqual([...stream.records()], written, "what was never synced is gone");
  assert.equal(stream.verify(), true);
  assert.deepEqual(stream.data(), joined(...written));
  assert.deepEqual(stream.data({ begin: 5, end: 3000 }), joined(...written).subarray(5, 3000));
});

test("BlockStream.open keeps whole batches that nobody sealed, and appends nothing behind them", async () => {
  const blocks = await testBlocks({ blockCount: 64 });
  const stream = await openOn(blocks);
  stream.append(numbered(0, 100));
  stream.sync();
  // The third append writes the two before it as one batch, which ends inside a block.
  for (let n = 1; n <= 3; n++) assert.equal(stream.append(numbered(n, 40_000)), 40_000);
  assert.equal(stream.recordCount, 1);
  stream.close();

  const before = blocks.image();
  const again = await openOn(blocks.again());
  assert.equal(again.recordCount, 3);
  assert.equal(again.droppedBytes, 0);
  assert.equal(again.isFull, true, "the next batch could tear the one before it");
  assert.equal(again.append(numbered(4, 1)), 0);
  again.sync();
  assert.deepEqual(blocks.image(), before);
  const lengths = [100, 40_000, 40_000];
  assert.deepEqual([...again.records()], lengths.map((length, n) => numbered(n, length)));
  assert.equal(again.verify(), true);
});

test("BlockStream.dataRangeFor gives each block the appends that begin there", async () => {
  for (const blockBytes of [4096, 16384]) {
    const blocks = await testBlocks({ blockBytes, blockCount: 262_144 / blockBytes });
    const stream = await openOn(blocks);
    assert.equal(stream.dataBlockRange(), undefined);
    const lengths = [10, 4000, 9000, 1, 1, 20_000, 5, 3000, 3000, 4027, 70_000, 8];
    for (const [n, length] of lengths.entries()) {
      stream.append(numbered(n, length));
      if (n % 2 === 1) stream.sync();
    }
    const range = stream.dataBlockRange();
    assert.ok(range !== undefined && range.first <= 1 && range.last > 100_000 / blockBytes);
    let position = 0;
    let empty = 0;
    for (let block = 0; block < blocks.blockCount; block++) {
      const part = stream.dataRangeFor(block);
      if (part === undefined) {
        empty++;
        continue;
      }
      assert.equal(part.begin, position, `block ${block}`);
      assert.ok(block >= range.first && block <= range.last);
      position = part.end;
    }
    assert.equal(position, stream.length);
    assert.ok(empty > 0, "some block is within one append");
    assert.throws(() => stream.dataRangeFor(blocks.blockCount), RangeError);
    assert.throws(() => stream.dataRangeFor(-1), RangeError);
  }
});

test("BlockStream: a failed sync poisons it, reads go on, opening again recovers", async () => {
  for (const asynchronous of [false, true]) {
    const blocks = await testBlocks();
    const stream = await openOn(blocks);
    stream.append(numbered(1, 100));
    stream.sync();
    stream.append(numbered(2, 100));
    blocks.onSync = diskFailure;
    if (asynchronous) await assert.rejects(stream.syncAsync(), hasCode("IO_FAILED"));
    else assert.throws(() => stream.sync(), hasCode("IO_FAILED"));
    blocks.onSync = () => {};
    assert.throws(() => stream.sync(), hasCode("POISONED"), "a sync is never tried again");
    assert.throws(() => stream.append(numbered(3, 1)), hasCode("POISONED"));
    assert.deepEqual(stream.data(), numbered(1, 100));
    stream.close();
    const again = await openOn(blocks.again());
    assert.deepEqual(again.data(), joined(numbered(1, 100), numbered(2, 100)));
    again.append(numbered(3, 100));
    again.sync();
    assert.equal(again.recordCount, 3);
  }
});

test("BlockStream: a failed write poisons it", async () => {
  const blocks = await testBlocks();
  const stream = await openOn(blocks);
  stream.append(numbered(1, 100));
  blocks.onWrite = diskFailure;
  assert.throws(() => stream.sync(), hasCode("IO_FAILED"));
  assert.throws(() => stream.append(numbered(1, 100)), hasCode("POISONED"));
  assert.deepEqual(stream.data(), new Uint8Array(0));
});

test("BlockStream.open refuses other shapes, foreign blocks and newer formats, each with its code", async () => {
  const blocks = await testBlocks();
  const stream = await openOn(blocks);
  stream.append(numbered(1, 100));
  stream.sync();
  const image = blocks.image();
  const larger = await testBlocks({ blockBytes: 8192, blockCount: 8 }, image);
  await assert.rejects(openOn(larger), hasCode("TYPE_MISMATCH"), "regression: 1d.9");
  const foreign = await testBlocks({}, new Uint8Array(65536).fill(7));
  await assert.rejects(openOn(foreign), hasCode("NOT_OUR_FILE"));
  for (
    const shape of [{ blockCount: 3 }, { blockCount: 0 }, { blockBytes: 5000 }, {
      blockBytes: 2048,
    }, { blockBytes: 2 ** 30, blockCount: 3 }]
  ) {
    await assert.rejects(openOn(await testBlocks(shape, image)), RangeError);
  }
  const huge = await testBlocks({ blockBytes: 2 ** 24, blockCount: 2 });
  const large = await openOn(huge);
  large.append(numbered(1, 2 ** 20));
  large.sync();
  assert.equal(large.length, 2 ** 20);
});

test("BlockStream: every call on a closed stream is CLOSED, closing twice is not", async () => {
  const stream = await openOn(await testBlocks());
  stream.close();
  stream.close();
  assert.throws(() => stream.append(numbered(1, 1)), hasCode("CLOSED"));
  assert.throws(() => stream.sync(), hasCode("CLOSED"));
  await assert.rejects(stream.syncAsync(), hasCode("CLOSED"));
  assert.throws(() => stream.data(), hasCode("CLOSED"));
  assert.throws(() => stream.verify(), hasCode("CLOSED"));
});
