/** Endless streams of which little or nothing is left: what is gone is told, and never counted again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { EndlessStream, type EndlessStreamOptions, type SkipReason } from "../../mod.ts";
import { StreamControls } from "../../src/block/endless/stream_control.ts";
import { hasCode } from "../sim/disk/disk_fixture.ts";
import { TestAllocator } from "./test_allocator.ts";
import { numbered } from "./test_blocks.ts";

const io = memoryIo();
const RECORDS = 12;

function openOn(blocks: TestAllocator, options: EndlessStreamOptions = {}): Promise<EndlessStream> {
  return EndlessStream.open(blocks, { io, ...options });
}

/** Twelve records in four segments. */
async function build(): Promise<TestAllocator> {
  const blocks = new TestAllocator(8);
  const log = await openOn(blocks);
  for (let n = 0; n < RECORDS; n++) await log.append(numbered(n, 7000));
  await log.close();
  assert.ok(blocks.runs.length >= 4, `${blocks.runs.length} segments`);
  return blocks;
}

/** Both copies of a header, and what tells that it is ours. */
function loseHeader(blocks: TestAllocator, index: number): void {
  const { file } = blocks.runs[index]!;
  file.writeAt(new Uint8Array(4096).fill(5), 0);
  file.writeAt(new TextEncoder().encode("Holdfast blocks\n"), 0);
}

test("EndlessStream.open with skip: no header is left, each run counts once, and no offset is given again", async () => {
  const blocks = await build();
  const count = blocks.runs.length;
  for (let index = 0; index < count; index++) loseHeader(blocks, index);
  await assert.rejects(openOn(blocks), hasCode("CORRUPT_LOG"));

  const log = await openOn(blocks, { onCorruption: "skip" });
  assert.equal(log.recovered.damage.length, count);
  assert.equal(log.recovered.segments, 0);
  const { segments, capacity, wasted } = log.stats();
  assert.equal(segments.length, count);
  assert.ok(segments.every(({ records, used }) => records === 0 && used === 0));
  assert.equal(wasted, capacity, "nothing of them can be used");
  const report = await log.verify();
  assert.deepEqual(report.problems.map(({ kind }) => kind), segments.map(() => "segment-header"));
  assert.equal(log.read().take(), undefined, "there is nothing to read");

  const { offset } = await log.append(numbered(90, 90));
  assert.ok(offset >= RECORDS, `${offset} may have been another record's`);
  assert.deepEqual(log.get(offset), numbered(90, 90));
  await log.close();
  const again = await openOn(blocks, { onCorruption: "skip" });
  assert.deepEqual(again.get(offset), numbered(90, 90));
  await again.close();
});

test("EndlessStream.open with read-only: no header is left, and nothing is written", async () => {
  const blocks = await build();
  for (let index = 0; index < blocks.runs.length; index++) loseHeader(blocks, index);
  const writes = blocks.runs.reduce((sum, run) => sum + run.writes, 0);
  const log = await openOn(blocks, { onCorruption: "read-only" });
  await assert.rejects(log.append(numbered(1, 1)), hasCode("READ_ONLY"));
  assert.equal(log.read().take(), undefined);
  await log.close();
  assert.equal(blocks.runs.reduce((sum, run) => sum + run.writes, 0), writes);
});

test("EndlessStream in a folder of which every run is damaged goes on behind all of it", async () => {
  const io = memoryIo();
  const options = { io, blockBytes: 4096, segmentBytes: 32_768 };
  const log = await EndlessStream.open("/d", options);
  for (let n = 0; n < RECORDS; n++) await log.append(numbered(n, 7000));
  await log.close();
  const files = (await io.list("/d")).filter((name) => name.endsWith(".blocks"));
  for (const name of files) {
    const file = await io.open(`/d/${name}`, "write");
    file.writeAt(new Uint8Array(8192).fill(7), 0);
    file.close();
  }
  await assert.rejects(EndlessStream.open("/d", options), hasCode("NOT_OUR_FILE"));
  // The folder was let go of: it can be opened again.
  const skipping = await EndlessStream.open("/d", { ...options, onCorruption: "skip" });
  assert.equal(skipping.recovered.damage.length, files.length);
  const { offset } = await skipping.append(numbered(50, 50));
  assert.ok(offset >= RECORDS, `${offset}`);
  assert.deepEqual(skipping.get(offset), numbered(50, 50));
  await skipping.close();
});

test("EndlessStream readers with skip end before what they were to read, where that is lost", async () => {
  const blocks = await build();
  loseHeader(blocks, 1);
  const log = await openOn(blocks, { onCorruption: "skip" });
  const first = log.stats().segments.find(({ number }) => number > 2)!.firstOffset;
  const skips: [number, number, SkipReason][] = [];
  const reader = log.read({ to: first, onSkip: (...skip) => skips.push(skip) });
  let seen = 0;
  while (reader.take() !== undefined) seen++;
  assert.equal(seen + reader.skipped, first);
  assert.deepEqual(skips.map(([, to, reason]) => [to, reason]), [[first, "damaged"]]);
  await log.close();
});

test("EndlessStream readers: a record that spans a lost segment counts as lost, whole", async () => {
  const span = { span: { maxBytes: 200_000 } };
  for (const index of [0, 1, 2]) {
    const blocks = new TestAllocator(8);
    const log = await openOn(blocks, span);
    await log.append(numbered(0, 100));
    await log.append(numbered(1, 80_000));
    await log.append(numbered(2, 200));
    await log.close();
    assert.ok(blocks.runs.length >= 3);
    loseHeader(blocks, index);
    const skipping = await openOn(blocks, { ...span, onCorruption: "skip" });
    const reader = skipping.read();
    const seen = new Map<number, Uint8Array>();
    for (let entry = reader.take(); entry !== undefined; entry = reader.take()) {
      seen.set(entry.offset, entry.bytes);
    }
    for (const [offset, bytes] of seen) {
      assert.deepEqual(bytes, numbered(offset, [100, 80_000, 200][offset]!));
    }
    assert.ok(!seen.has(1), "a part of it is gone");
    assert.ok(seen.has(index === 0 ? 2 : 0));
    await skipping.close();
  }
});

test("StreamControls: a control record of no kind is CORRUPT_LOG", () => {
  const controls = new StreamControls();
  assert.throws(() => controls.apply(new Uint8Array([9, 0, 0])), hasCode("CORRUPT_LOG"));
  assert.equal(controls.start, 0);
});

test("regression: a run that shows the header of an earlier segment in place of its own is used next", async () => {
  const blocks = await build();
  const log = await openOn(blocks);
  await log.grow();
  await log.close();
  const header = new Uint8Array(4096);
  blocks.runs[0]!.file.readAt(header, 0);
  blocks.runs.at(-1)!.file.writeAt(header, 0);

  for (let round = 1; round <= 2; round++) {
    const again = await openOn(blocks);
    assert.deepEqual(again.recovered.damage, []);
    assert.equal(again.end, RECORDS + (round - 1) * RECORDS);
    for (let n = 0; n < RECORDS; n++) await again.append(numbered(n, 7000));
    const last = again.end - 1;
    assert.deepEqual(again.get(last), numbered(RECORDS - 1, 7000));
    await again.close();
  }

  // Behind it something was written: then it is no run that waits.
  blocks.runs.at(-1)!.file.writeAt(header, 0);
  await assert.rejects(openOn(blocks), hasCode("CORRUPT_LOG"));
});
