/** A stream of fixed capacity in one run of blocks. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { BlockStream } from "../../src/block/stream/block_stream.ts";
import { hasCode } from "../sim/disk/disk_fixture.ts";
import {
  diskFailure,
  joined,
  numbered,
  type TestBlocks,
  testBlocks,
  transfer,
} from "./test_blocks.ts";

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

test("BlockStream.open keeps what was flushed, and appends nothing behind it", async () => {
  const blocks = await testBlocks({ blockCount: 64 });
  const stream = await openOn(blocks);
  stream.append(numbered(0, 100));
  stream.sync();
  for (let n = 1; n <= 2; n++) assert.equal(stream.append(numbered(n, 40_000)), 40_000);
  stream.flush();
  assert.equal(stream.append(numbered(3, 40_000)), 40_000);
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

test("BlockStream.open writes nothing behind an end inside a block: it could tear what is before it", async () => {
  const blocks = await testBlocks();
  const stream = await openOn(blocks);
  for (const [n, length] of [100, 5000].entries()) {
    stream.append(numbered(n, length));
    stream.flush();
  }
  stream.close();
  blocks.file.writeAt(new Uint8Array(512), 8192);
  const torn = blocks.image();
  for (let opening = 0; opening < 2; opening++) {
    const again = await openOn(blocks.again());
    assert.deepEqual([...again.records()], [numbered(0, 100)]);
    assert.ok(again.droppedBytes >= 5000);
    assert.equal(again.isFull, true);
    assert.equal(again.verify(), true, "what is behind the end was never synced");
    assert.deepEqual(blocks.image(), torn);
  }
});

test("BlockStream.open goes on behind batches that were written because they are long", async () => {
  const blocks = await testBlocks({ blockCount: 256 });
  const stream = await openOn(blocks);
  for (let n = 0; n < 10; n++) assert.equal(stream.append(numbered(n, 60_000)), 60_000);
  assert.equal(blocks.syncs, 1, "that of the header");
  assert.equal(stream.recordCount, 0);
  stream.close();

  const again = await openOn(blocks.again());
  assert.equal(again.recordCount, 8, "two batches of four");
  assert.equal(again.droppedBytes, 0);
  again.append(numbered(8, 70_000));
  again.sync();
  const last = await openOn(blocks.again());
  const lengths = [...Array.from({ length: 8 }, () => 60_000), 70_000];
  assert.deepEqual([...last.records()], lengths.map((length, n) => numbered(n, length)));
  assert.equal(last.verify(), true);
});

test("BlockStream.flush shows to readers what was appended, without a sync", async () => {
  const blocks = await testBlocks();
  const stream = await openOn(blocks);
  stream.flush();
  assert.equal(blocks.writes, 0, "nothing was appended");
  for (let n = 0; n < 3; n++) {
    stream.append(numbered(n, 300));
    stream.flush();
    assert.equal(stream.recordCount, n + 1);
    assert.equal(stream.length, (n + 1) * 300);
    assert.deepEqual(
      stream.data(),
      joined(...[0, 1, 2].slice(0, n + 1).map((i) => numbered(i, 300))),
    );
  }
  assert.equal(blocks.syncs, 1, "that of the header");
  assert.equal(stream.isDirty, true);
  const { writes } = blocks;
  stream.flush();
  assert.equal(blocks.writes, writes);
  stream.append(numbered(3, 300));
  assert.equal(stream.recordCount, 3);
  await stream.syncAsync();
  assert.equal(stream.recordCount, 4);
  assert.equal(stream.isDirty, false);
  assert.equal(stream.verify(), true);
  const again = await openOn(blocks.again());
  assert.equal(again.isFull, false);
  assert.deepEqual([...again.records()], [0, 1, 2, 3].map((n) => numbered(n, 300)));
});

test("BlockStream.records: what it gives out may be changed and transferred; damage beneath is found", async () => {
  const blocks = await testBlocks({ blockCount: 256 });
  const stream = await openOn(blocks);
  const lengths = Array.from({ length: 3000 }, (_, n) => 1 + n % 400);
  for (const [n, length] of lengths.entries()) stream.append(numbered(n, length));
  stream.sync();
  for (const step of [1, 3, 500]) {
    const before = blocks.readBytes;
    let n = 0;
    for (const bytes of stream.records()) {
      assert.deepEqual(bytes, numbered(n, lengths[n]!));
      bytes.fill(1);
      if (n % step === 0) transfer(bytes);
      n++;
    }
    assert.equal(n, lengths.length);
    assert.ok(blocks.readBytes - before < 3 * stream.length);
  }
  const records = stream.records();
  transfer(records.next().value!);
  blocks.file.writeAt(new Uint8Array(4096), 40_960);
  assert.throws(() => records.next(), hasCode("CORRUPT_LOG"));
});

test("BlockStream.sync behind a flush ends at a block boundary, or where the blocks end", async () => {
  for (const length of [10, 0]) {
    const blocks = await testBlocks();
    const stream = await openOn(blocks);
    const first = length === 0 ? stream.capacity : length;
    stream.append(numbered(1, first));
    stream.flush();
    const { syncs, writes } = blocks;
    stream.sync();
    assert.equal(blocks.syncs, syncs + 1);
    assert.equal(blocks.writes, length === 0 ? writes : writes + 1);
    assert.equal(stream.isDirty, false);
    stream.sync();
    assert.equal(blocks.syncs, syncs + 1);
    assert.equal(stream.verify(), true);
    const again = await openOn(blocks.again());
    assert.equal(again.isFull, length === 0);
    assert.equal(again.verify(), true);
    assert.deepEqual(again.data(), numbered(1, first));
  }
});

test("BlockStream: a sync that a flush overtakes takes nothing from readers", async () => {
  const blocks = await testBlocks();
  const stream = await openOn(blocks);
  stream.append(numbered(0, 10));
  const running = stream.syncAsync();
  stream.append(numbered(1, 10));
  stream.flush();
  assert.equal(stream.recordCount, 2);
  await running;
  assert.equal(stream.recordCount, 2);
  assert.equal(stream.isDirty, true);
  stream.sync();
  assert.equal(stream.isDirty, false);
});

test("BlockStream.records: what is handed out belongs to the caller", async () => {
  const stream = await openOn(await testBlocks());
  for (let n = 0; n < 5; n++) stream.append(numbered(n, 50));
  stream.sync();
  for (const record of stream.records()) record.fill(0);
  for (const part of [stream.data(), stream.trailing(), stream.spilled()]) part.fill(0);
  assert.deepEqual([...stream.records()], [0, 1, 2, 3, 4].map((n) => numbered(n, 50)));
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
