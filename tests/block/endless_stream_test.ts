/** What an endless stream does, in every kind of place. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndlessStream, StreamEntry } from "../../mod.ts";
import { hasCode } from "../sim/disk/disk_fixture.ts";
import { STORES } from "./endless_stores.ts";
import { numbered } from "./test_blocks.ts";

/** Length of record `n`: from 0 up to a few kilobytes. */
function lengthOf(n: number): number {
  return n % 10 === 9 ? 3000 + n : n * 37 % 400;
}

async function fill(log: EndlessStream, from: number, to: number): Promise<void> {
  const appends: Promise<unknown>[] = [];
  for (let n = from; n < to; n++) appends.push(log.append(numbered(n, lengthOf(n))));
  await Promise.all(appends);
}

function all(log: EndlessStream, from?: number): StreamEntry[] {
  const reader = log.read(from === undefined ? {} : { from });
  const entries: StreamEntry[] = [];
  for (let entry = reader.take(); entry !== undefined; entry = reader.take()) entries.push(entry);
  return entries;
}

function assertRecords(log: EndlessStream, from: number, to: number): void {
  assert.equal(log.start, from);
  assert.equal(log.end, to);
  const entries = all(log);
  assert.deepEqual(entries.map(({ offset }) => offset), range(from, to));
  for (const { offset, bytes } of entries) {
    assert.deepEqual(bytes, numbered(offset, lengthOf(offset)), `record ${offset}`);
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

for (const { name: place, run } of STORES) {
  test(`EndlessStream: appends over many segments are there, in order, now and after reopening: ${place}`, () =>
    run(async (store) => {
      let log = await store.open();
      assertRecords(log, 0, 0);
      for (let round = 0; round < 4; round++) {
        await fill(log, round * 60, round * 60 + 60);
        assertRecords(log, 0, round * 60 + 60);
        await log.close();
        log = await store.open();
        assert.equal(log.recovered.droppedBytes, 0);
        assertRecords(log, 0, round * 60 + 60);
      }
      assert.ok(log.stats().segments.length > 3);
      assert.deepEqual((await log.verify()).problems, []);
      for (const offset of [0, 1, 59, 100, 239]) {
        assert.deepEqual(log.get(offset), numbered(offset, lengthOf(offset)));
        assert.equal(all(log, offset).length, 240 - offset);
      }
      assert.equal(log.get(240), undefined);
      assert.equal(log.get(-1), undefined);
      await log.close();
    }));

  test(`EndlessStream.appendBatch: one offset for all, in one piece: ${place}`, () =>
    run(async (store) => {
      const log = await store.open();
      await fill(log, 0, 5);
      const records = range(5, 30).map((n) => numbered(n, lengthOf(n)));
      assert.deepEqual(await log.appendBatch(records), { offset: 5 });
      assertRecords(log, 0, 30);
      assert.deepEqual(await log.appendBatch([]), { offset: 30 });
      await log.close();
    }));

  test(`EndlessStream.append with span: records go on in the next segments, limit included: ${place}`, () =>
    run(async (store) => {
      const options = { span: { maxBytes: 100_000 } };
      let log = await store.open(options);
      const lengths = [20_000, 20_000, 20_000, 100_000, 1, 28_000, 100_000, 99_999, 5];
      for (const [n, length] of lengths.entries()) {
        assert.deepEqual(await log.append(numbered(n, length)), { offset: n });
      }
      await assert.rejects(log.append(numbered(1, 100_001)), hasCode("TOO_LARGE"));
      for (let round = 0; round < 2; round++) {
        assert.deepEqual(all(log).map(({ bytes }) => bytes), lengths.map((n, i) => numbered(i, n)));
        for (const [n, length] of lengths.entries()) {
          assert.deepEqual(log.get(n), numbered(n, length), `record ${n}`);
        }
        assert.deepEqual((await log.verify()).problems, []);
        await log.close();
        log = await store.open(options);
      }
      assert.ok(log.stats().wasted < 30_000 + 4096 * 30, "no tail was left unused");
      await log.close();
    }));

  test(`EndlessStream.append without span: a record that no segment holds is TOO_LARGE: ${place}`, () =>
    run(async (store) => {
      const log = await store.open();
      await assert.rejects(log.append(numbered(1, 32 * 1024)), hasCode("TOO_LARGE"));
      await fill(log, 0, 3);
      await assert.rejects(log.append(numbered(1, 32 * 1024)), hasCode("TOO_LARGE"));
      await assert.rejects(
        log.appendBatch(range(0, 40).map(() => numbered(1, 1000))),
        hasCode("TOO_LARGE"),
      );
      await log.append(numbered(3, lengthOf(3)));
      assertRecords(log, 0, 4);
      await log.close();
    }));

  test(`EndlessStream.trim: what is before is gone, whole segments are given back: ${place}`, () =>
    run(async (store) => {
      let log = await store.open();
      await fill(log, 0, 200);
      const before = log.stats().segments.length;
      assert.ok(await log.trim(150) > 1);
      assertRecords(log, 150, 200);
      assert.equal(await log.trim(20), 0, "never back");
      assertRecords(log, 150, 200);
      assert.ok(log.stats().segments.length < before - 1);
      await assert.rejects(log.trim(201), RangeError);
      await log.close();
      log = await store.open();
      assertRecords(log, 150, 200);
      await log.trim(200);
      assertRecords(log, 200, 200);
      await log.close();
      log = await store.open();
      assertRecords(log, 200, 200);
      await fill(log, 200, 210);
      assertRecords(log, 200, 210);
      await log.close();
    }));

  test(`EndlessStream cursors survive reopening and only move forward: ${place}`, () =>
    run(async (store) => {
      let log = await store.open();
      await fill(log, 0, 10);
      assert.equal(log.cursor("a"), undefined);
      const moved = await Promise.all([7, 3, 9, 5].map((offset) => log.setCursor("a", offset)));
      assert.ok(moved.every((offset) => offset >= 7 || offset === 7 || offset === 9));
      assert.equal(log.cursor("a"), 9, "the largest counts");
      assert.equal(await log.setCursor("a", 1), 9);
      await log.setCursor("b", 0);
      await assert.rejects(log.setCursor("a", 11), RangeError);
      await assert.rejects(log.setCursor("", 1), RangeError);
      for (let round = 0; round < 3; round++) {
        await fill(log, 10 + round * 100, 110 + round * 100);
        await log.close();
        log = await store.open();
        assert.deepEqual([...log.cursors()], [["a", 9], ["b", 0]]);
      }
      await log.trim(300);
      assert.equal(await log.dropCursor("a"), true);
      assert.equal(await log.dropCursor("a"), false);
      await log.close();
      log = await store.open();
      assert.deepEqual([...log.cursors()], [["b", 0]]);
      await log.close();
    }));

  test(`EndlessStream.read: resumable, cloneable, rewound, bounded, on empty and drained logs: ${place}`, () =>
    run(async (store) => {
      const log = await store.open();
      const reader = log.read();
      assert.equal(reader.take(), undefined, "never grown");
      assert.equal(log.read().clone().take(), undefined);
      for await (const entry of reader) assert.fail(`${entry.offset}`);
      await fill(log, 0, 100);
      let n = 0;
      for await (const { offset } of reader) assert.equal(offset, n++);
      assert.equal(n, 100);
      await fill(log, 100, 120);
      const copy = reader.clone();
      for await (const { offset } of reader) assert.equal(offset, n++);
      assert.equal(n, 120, "resumed");
      assert.equal(copy.take()?.offset, 100);
      assert.equal(reader.rewind(50), true);
      assert.equal(reader.take()?.offset, 70);
      assert.equal(reader.rewind(500), false, "at the start");
      assert.equal(reader.take()?.offset, 0);
      const part: number[] = [];
      for await (const { offset } of log.read({ from: 30, to: 33 })) part.push(offset);
      assert.deepEqual(part, [30, 31, 32]);
      assert.throws(() => log.read({ from: 121 }), RangeError);

      const skips: unknown[] = [];
      const slow = log.read({ from: 10, onSkip: (...skip) => skips.push(skip) });
      assert.equal(slow.take()?.offset, 10);
      const kept = slow.take()!;
      await log.trim(90);
      assert.deepEqual(kept.bytes, numbered(11, lengthOf(11)), "what a reader has stays");
      assert.equal(slow.take()?.offset, 90);
      assert.equal(slow.skipped, 78);
      assert.deepEqual(skips, [[12, 90, "trimmed"]]);
      assert.equal(slow.rewind(5), false);
      await log.trim(120);
      assert.equal(slow.take(), undefined, "drained");
      assert.equal(log.read().take(), undefined);
      await fill(log, 120, 121);
      assert.equal(slow.take()?.offset, 120);
      await log.close();
    }));

  test(`EndlessStream.read with follow wakes on appends; signal, break and close end it: ${place}`, () =>
    run(async (store) => {
      const log = await store.open();
      const seen: number[] = [];
      const controller = new AbortController();
      const reading = (async () => {
        for await (const { offset } of log.read({ follow: true, signal: controller.signal })) {
          seen.push(offset);
          if (offset === 29) controller.abort(new Error("enough"));
        }
      })();
      const broken = (async () => {
        for await (const { offset } of log.read({ follow: true })) if (offset === 5) break;
      })();
      const reader = log.read({ follow: true, from: 0 });
      const bounded = (async () => {
        let count = 0;
        for await (const _ of log.read({ follow: true, to: 20 })) count++;
        return count;
      })();
      for (let n = 0; n < 30; n++) await fill(log, n, n + 1);
      await assert.rejects(reading, /enough/);
      assert.deepEqual(seen, range(0, 30));
      await broken;
      assert.equal(await bounded, 20);
      while (reader.take() !== undefined);
      const waiting = reader.next();
      await log.close();
      assert.equal((await waiting).done, true);
      assert.throws(() => reader.take(), hasCode("CLOSED"));
    }));

  test(`EndlessStream.seek finds the first record that is not before, across segments: ${place}`, {
    timeout: 60_000,
  }, () =>
    run(async (store) => {
      const log = await store.open({ span: { maxBytes: 40_000 } });
      assert.equal(log.seek(() => 1), 0);
      for (let n = 0; n < 150; n++) {
        const bytes = numbered(n, n % 20 === 7 ? 12_000 : 50 + n * 13 % 300);
        new DataView(bytes.buffer).setUint32(0, n * 2);
        await log.append(bytes);
      }
      const key = (bytes: Uint8Array): number => new DataView(bytes.buffer).getUint32(0);
      for (const from of [0, 77]) {
        await log.trim(from);
        for (let wanted = 0; wanted <= 302; wanted++) {
          const expected = Math.max(from, Math.min(150, Math.ceil(wanted / 2)));
          assert.equal(log.seek((bytes) => key(bytes) - wanted), expected, `key ${wanted}`);
        }
      }
      await log.close();
    }));

  test(`EndlessStream.stats add up, segment by segment and in all: ${place}`, () =>
    run(async (store) => {
      const log = await store.open({ span: { maxBytes: 50_000 } });
      let bytes = 0;
      for (let n = 0; n < 40; n++) {
        bytes += n * 100;
        await log.append(numbered(n, n * 100));
      }
      await log.append(numbered(0, 50_000));
      await log.grow();
      await log.grow();
      for (let round = 0; round < 2; round++) {
        const stats = log.stats();
        assert.equal(stats.used, bytes + 50_000);
        assert.equal(stats.capacity, stats.used + stats.wasted + stats.available);
        for (const segment of stats.segments) {
          assert.equal(segment.capacity, segment.used + segment.wasted + segment.available);
          assert.ok(segment.wasted >= 4096 && segment.available >= 0);
        }
        assert.equal(stats.segments.filter(({ number }) => number === 0).length, 2);
        assert.equal(stats.records, 41);
        assert.equal(stats.unreleased, 0);
        await log.append(new Uint8Array(0));
        assert.equal(log.stats().used, stats.used);
        await log.trim(log.start);
        break;
      }
      await log.close();
      const again = await store.open({ span: { maxBytes: 50_000 } });
      assert.equal(again.stats().used, bytes + 50_000);
      const { capacity, used, wasted, available } = again.stats();
      assert.equal(capacity, used + wasted + available);
      await again.close();
    }));

  test(`EndlessStream with durability os and memory: visible when it resolves, durable after sync and close: ${place}`, () =>
    run(async (store) => {
      const log = await store.open({ durability: "os" });
      await fill(log, 0, 20);
      assertRecords(log, 0, 20);
      const { syncs } = log.stats();
      await log.append(numbered(20, lengthOf(20)), { durability: "memory" });
      assert.equal(log.stats().syncs, syncs);
      await log.sync();
      assert.equal(log.stats().syncs, syncs + 1);
      await fill(log, 21, 120);
      await log.close();
      const again = await store.open();
      assertRecords(again, 0, 120);
      await again.close();
    }));

  test(`EndlessStream: everything on a closed log is CLOSED, closing twice is not: ${place}`, () =>
    run(async (store) => {
      const log = await store.open();
      const queued = log.append(numbered(0, lengthOf(0)));
      const closing = log.close();
      assert.deepEqual(await queued, { offset: 0 }, "what was appended before is written");
      await closing;
      await log.close();
      await assert.rejects(log.append(numbered(1, 1)), hasCode("CLOSED"));
      await assert.rejects(log.trim(0), hasCode("CLOSED"));
      await assert.rejects(log.grow(), hasCode("CLOSED"));
      await assert.rejects(log.sync(), hasCode("CLOSED"));
      await assert.rejects(log.verify(), hasCode("CLOSED"));
      assert.throws(() => log.read(), hasCode("CLOSED"));
      assert.throws(() => log.stats(), hasCode("CLOSED"));
      assert.throws(() => log.seek(() => 0), hasCode("CLOSED"));
      const again = await store.open();
      assertRecords(again, 0, 1);
      await again.close();
    }));
}
