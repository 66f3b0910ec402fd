/** Readers of endless streams that go through a large part of a log, in windows of their own. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { EndlessStream, type EndlessStreamOptions, type StreamEntry } from "../../mod.ts";
import { hasCode } from "../sim/disk/disk_fixture.ts";
import { TestAllocator } from "./test_allocator.ts";
import { numbered, transfer } from "./test_blocks.ts";

const RECORDS = 3000;
/** Most are short; some batches are longer than a window, some records span. */
const lengthOf = (n: number): number => n % 700 === 350 ? 300_000 : n % 97 === 0 ? 9000 : n % 400;

function openOn(blocks: TestAllocator, options: EndlessStreamOptions = {}): Promise<EndlessStream> {
  return EndlessStream.open(blocks, { io: memoryIo(), span: { maxBytes: 400_000 }, ...options });
}

/** Segments of 512 KiB. */
async function build(): Promise<{ blocks: TestAllocator; log: EndlessStream }> {
  const blocks = new TestAllocator(128);
  const log = await openOn(blocks);
  for (let n = 0; n < RECORDS; n += 50) {
    const appends: Promise<unknown>[] = [];
    for (let i = n; i < n + 50; i++) {
      appends.push(log.append(numbered(i, lengthOf(i)), { durability: "os" }));
    }
    await Promise.all(appends);
  }
  return { blocks, log };
}

function assertEntry(entry: StreamEntry | undefined, n: number): void {
  assert.equal(entry?.offset, n);
  assert.deepEqual(entry.bytes, numbered(n, lengthOf(n)));
}

test("EndlessStream: what readers hand out is the caller's own, near the end and far from it", async () => {
  const { log } = await build();
  const first = log.read();
  const second = log.read();
  let before: StreamEntry | undefined;
  for (let n = 0; n < RECORDS; n++) {
    const entry = first.take();
    assertEntry(entry, n);
    if (before !== undefined) assertEntry(before, n - 1);
    before?.bytes.fill(1);
    before = entry;
    assertEntry(second.take(), n);
    if (n % 500 !== 499) continue;
    assert.equal(first.rewind(400), true);
    assertEntry(first.take(), n - 399);
    assert.equal(first.rewind(1), true);
    for (let back = n - 399; back <= n; back++) {
      const again = first.take();
      assertEntry(again, back);
      again!.bytes.fill(2);
    }
    before = undefined;
    for (const one of [0, n - 399, n]) assert.deepEqual(log.get(one), numbered(one, lengthOf(one)));
  }
  assert.equal(first.take(), undefined);
  await log.append(numbered(RECORDS, 10));
  assert.deepEqual(first.take()?.bytes, numbered(RECORDS, 10));
  await log.close();
});

test("EndlessStream: what a scan hands out may be transferred", async () => {
  const { log } = await build();
  for (const step of [1, 3, 50]) {
    const reader = log.read();
    for (let n = 0; n < RECORDS; n++) {
      const entry = reader.take();
      assertEntry(entry, n);
      if (n % step === 0) transfer(entry!.bytes);
    }
    assert.equal(reader.take(), undefined);
  }
  await log.close();
});

test("EndlessStream: a scan keeps little of what it reads, and reads little twice", async () => {
  const { blocks, log } = await build();
  const { used } = log.stats();
  const before = blocks.readBytes;
  const reader = log.read();
  for (let n = 0; n < RECORDS; n++) assertEntry(reader.take(), n);
  assert.ok(
    blocks.readBytes - before < 1.6 * used,
    `${blocks.readBytes - before} of ${used} bytes`,
  );
  assert.ok(log.stats().cachedBytes < used / 2);
  await log.close();
});

test("EndlessStream: a scan meets damage where it is, and goes on behind it if asked", async () => {
  const { blocks, log } = await build();
  await log.close();
  const run = blocks.runs[1]!;
  const byte = new Uint8Array(1);
  for (const place of [150_000, 250_000]) {
    run.file.readAt(byte, place);
    run.file.writeAt(Uint8Array.of(byte[0]! ^ 1), place);
  }
  const strict = await openOn(blocks);
  const reader = strict.read();
  let whole = 0;
  assert.throws(() => {
    for (; reader.take() !== undefined;) whole++;
  }, hasCode("CORRUPT_LOG"));
  assert.ok(whole > 0 && whole < RECORDS);
  await strict.close();

  const lenient = await openOn(blocks, { onCorruption: "skip" });
  const skips: [number, number][] = [];
  const skipping = lenient.read({ onSkip: (from, to) => skips.push([from, to]) });
  let next = 0;
  for (let entry = skipping.take(); entry !== undefined; entry = skipping.take()) {
    assertEntry(entry, entry.offset);
    assert.ok(entry.offset >= next);
    next = entry.offset + 1;
  }
  assert.equal(next, RECORDS);
  assert.equal(skips[0]?.[0], whole);
  const skipped = skips.reduce((sum, [from, to]) => sum + to - from, 0);
  assert.ok(skipped > 0 && skipped < 400, `${skipped} were skipped`);
  assert.equal(skipping.skipped, skipped);
  await lenient.close();
});
