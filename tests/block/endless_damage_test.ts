/** Damaged endless streams: all that was there, or a typed error; the rest stays readable. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { Checksum } from "../../src/base/checksum.ts";
import { encodeSegmentHeader, readSegmentHeader } from "../../src/block/stream/segment_header.ts";
import {
  EndlessStream,
  type EndlessStreamOptions,
  isHoldfastError,
  type OnCorruption,
  type SkipReason,
} from "../../mod.ts";
import { hasCode } from "../sim/disk/disk_fixture.ts";
import { assertDamage } from "../sim/damage/damage_sample.ts";
import { TestAllocator } from "./test_allocator.ts";
import { numbered } from "./test_blocks.ts";

const io = memoryIo();
const SPAN = { span: { maxBytes: 40_000 } };
const lengthOf = (n: number): number => n === 6 ? 14_000 : n % 4 === 3 ? 5000 : 60;
const RECORDS = 20;

function openOn(blocks: TestAllocator, options: EndlessStreamOptions = {}): Promise<EndlessStream> {
  return EndlessStream.open(blocks, { io, ...SPAN, ...options });
}

/** Twenty records over several segments, with one that spans; a trim, a cursor, a clean close. */
async function build(): Promise<TestAllocator> {
  const blocks = new TestAllocator(8);
  const log = await openOn(blocks);
  for (let n = 0; n < RECORDS; n++) {
    await log.append(numbered(n, lengthOf(n)));
    if (n === 4) await log.trim(2);
    if (n === 5) await log.setCursor("at", 3);
  }
  await log.close();
  return blocks;
}

const STORES = ["endless stream"];

test(
  "EndlessStream survives or reports every changed byte of a closed log",
  { timeout: 60_000 },
  async () => {
    await assertDamage({
      stores: STORES,
      state: "closed",
      codes: ["CORRUPT_LOG", "CORRUPT_BLOCKS"],
    });
  },
);

test("EndlessStream survives or reports every changed byte of a log that a crash left", {
  timeout: 60_000,
}, async () => {
  await assertDamage({
    stores: STORES,
    state: "crashed",
    codes: ["CORRUPT_LOG", "CORRUPT_BLOCKS"],
  });
});

test(
  "EndlessStream survives or reports every truncation of any segment",
  { timeout: 60_000 },
  async () => {
    const kinds = ["cut", "removed", "emptied"] as const;
    const codes = ["CORRUPT_BLOCKS"] as const;
    for (const row of await assertDamage({ stores: STORES, kinds, codes })) {
      // Of the head a slot may be cut off that is not needed.
      assert.equal(row.errors + row.right, row.runs);
      assert.ok(row.errors > row.runs / 2);
    }
  },
);

/** Damages one byte of the payload that holds a record in the middle of the log. */
async function damageInside(): Promise<{ blocks: TestAllocator; segment: number }> {
  const blocks = await build();
  const run = blocks.runs[1]!;
  run.file.writeAt(new Uint8Array([1, 2, 3]), 4096 + 70);
  return { blocks, segment: 2 };
}

test("EndlessStream after a crash: of synced batches only the last can pass for a torn tail, which is told", async () => {
  const disk = new SimulatedDisk({ seed: 3 });
  const log = await EndlessStream.open("/log", { io: disk.io, segmentBytes: 16_384 });
  for (let n = 0; n < 3; n++) await log.append(numbered(n, 700));
  const [path] = (await disk.io.list("/log")).filter((name) => name.endsWith(".blocks"));
  // The batches are sealed: each has a block of its own, behind two of headers and one of the segment.
  for (let n = 0; n < 3; n++) {
    for (const inside of [3, 40, 500]) {
      const image = disk.crash("nothing kept");
      image.flipBit(`/log/${path}`, 8192 + 4096 * (1 + n) + inside, 5);
      const reopened = EndlessStream.open("/log", { io: image.io });
      if (n < 2) {
        await assert.rejects(reopened, hasCode("CORRUPT_LOG"), `batch ${n}, byte ${inside}`);
        continue;
      }
      const again = await reopened;
      assert.equal(again.end, 2);
      assert.equal(again.recovered.droppedBytes, 4096);
      assert.equal((await again.append(numbered(9, 50))).offset, 2);
    }
  }
});

test("EndlessStream with onCorruption error: damage inside is met where it is, the rest stays readable", async () => {
  const { blocks } = await damageInside();
  const log = await openOn(blocks);
  assert.deepEqual(log.recovered.damage, [], "closed segments are checked when they are read");
  const reader = log.read();
  let lost = 2;
  assert.throws(() => {
    while (reader.take() !== undefined) lost++;
  }, (error) => {
    assert.ok(isHoldfastError(error));
    assert.equal(error.code, "CORRUPT_LOG");
    assert.equal(error.offset, 4096);
    return true;
  });
  assert.throws(() => reader.take(), hasCode("CORRUPT_LOG"), "again and again");
  assert.ok(lost > 2 && lost < RECORDS - 1);
  let readable = 0;
  for (let n = 2; n < RECORDS; n++) {
    try {
      assert.deepEqual(log.get(n), numbered(n, lengthOf(n)));
      readable++;
    } catch (error) {
      if (!isHoldfastError(error) || error.code !== "CORRUPT_LOG") throw error;
    }
  }
  assert.ok(readable >= RECORDS - 2 - 4, `${readable} are readable`);
  const report = await log.verify();
  assert.equal(report.ok, false);
  assert.deepEqual(report.problems.map(({ kind }) => kind), ["payload-checksum"]);
  assert.equal(report.problems[0]!.offset, 4096);
  await log.append(numbered(RECORDS, 5));
  await log.close();
});

test("EndlessStream with onCorruption skip: readers go on behind the damage and count", async () => {
  const { blocks } = await damageInside();
  const skips: [number, number, SkipReason][] = [];
  const log = await openOn(blocks, { onCorruption: "skip" });
  const reader = log.read({ onSkip: (...skip) => skips.push(skip) });
  const seen = new Set<number>();
  for (let entry = reader.take(); entry !== undefined; entry = reader.take()) {
    assert.deepEqual(entry.bytes, numbered(entry.offset, lengthOf(entry.offset)));
    seen.add(entry.offset);
  }
  assert.equal(reader.offset, RECORDS);
  assert.equal(seen.size + reader.skipped, RECORDS - 2);
  assert.ok(reader.skipped > 0 && reader.skipped < 6, `${[...seen]}; ${skips}`);
  assert.ok(skips.length > 0 && skips.every(([, , reason]) => reason === "damaged"));
  const lost = skips.reduce((sum, [from, to]) => sum + to - from, 0);
  assert.equal(lost, reader.skipped);
  await log.close();
});

/** What each policy makes of damage that opening finds. */
async function expectPolicies(
  damage: (blocks: TestAllocator) => void,
  least: number,
): Promise<void> {
  for (const onCorruption of ["error", "skip", "read-only"] as OnCorruption[]) {
    const blocks = await build();
    damage(blocks);
    if (onCorruption === "error") {
      await assert.rejects(openOn(blocks), hasCode("CORRUPT_LOG"));
      continue;
    }
    const writes = blocks.runs.reduce((sum, run) => sum + run.writes, 0);
    const log = await openOn(blocks, { onCorruption });
    assert.ok(log.recovered.damage.length > 0);
    if (onCorruption === "read-only") {
      await assert.rejects(log.append(numbered(0, 1)), hasCode("READ_ONLY"));
      await assert.rejects(log.trim(5), hasCode("READ_ONLY"));
    }
    let whole = 0;
    for (let n = log.start; n < log.end; n++) {
      try {
        const bytes = log.get(n);
        if (bytes === undefined) continue;
        assert.deepEqual(bytes, numbered(n, lengthOf(n)));
        whole++;
      } catch (error) {
        if (!isHoldfastError(error) || error.code !== "CORRUPT_LOG") throw error;
      }
    }
    assert.ok(whole >= least, `${onCorruption}: ${whole} of ${least}`);
    if (onCorruption === "skip") {
      const { offset } = await log.append(numbered(77, 77));
      assert.ok(offset >= RECORDS - 8, `${offset}`);
      assert.deepEqual(log.get(offset), numbered(77, 77));
      await log.close();
      const again = await openOn(blocks, { onCorruption });
      assert.deepEqual(again.get(offset), numbered(77, 77));
      assert.equal(again.end, offset + 1);
      await again.close();
    } else {
      await log.close();
      assert.equal(blocks.runs.reduce((sum, run) => sum + run.writes, 0), writes, "not one write");
    }
  }
}

test("EndlessStream.open: a batch of the last segment lost, by policy", async () => {
  await expectPolicies((blocks) => {
    const last = blocks.runs.at(-1)!;
    last.file.writeAt(new Uint8Array([9, 9]), 4096 + 70);
  }, 10);
});

test("EndlessStream.open: a header lost in the middle and at the end, by policy", async () => {
  for (const index of [1, -1]) {
    await expectPolicies((blocks) => {
      blocks.runs.at(index)!.file.writeAt(new Uint8Array(4096).fill(5), 0);
      blocks.runs.at(index)!.file.writeAt(new TextEncoder().encode("Holdfast blocks\n"), 0);
    }, 8);
  }
});

test("EndlessStream.open: a segment gone from the middle, or there twice, by policy", async () => {
  await expectPolicies((blocks) => blocks.runs.splice(2, 1), 8);
  await expectPolicies((blocks) => {
    const image = blocks.runs[1]!.image();
    blocks.runs[2]!.file.writeAt(image, 0);
  }, 6);
});

test("EndlessStream.open: a segment of another stream, by policy", async () => {
  await expectPolicies((blocks) => {
    const run = blocks.runs[2]!;
    const checksum = new Checksum();
    const { header } = readSegmentHeader(run, checksum);
    const identity = header!.identity.map((byte) => byte ^ 1);
    run.file.writeAt(encodeSegmentHeader({ ...header!, identity }, checksum), 0);
  }, 6);
});

test("EndlessStream.open of foreign blocks is NOT_OUR_FILE, of another shape TYPE_MISMATCH", async () => {
  const blocks = await build();
  blocks.runs[0]!.file.writeAt(new Uint8Array(32_768).fill(3), 0);
  await assert.rejects(openOn(blocks), hasCode("NOT_OUR_FILE"));
  const io = memoryIo();
  const log = await EndlessStream.open("/d", { io, segmentBytes: 65536, blockBytes: 4096 });
  await log.append(numbered(1, 1));
  await log.close();
  await assert.rejects(
    EndlessStream.open("/d", { io, segmentBytes: 65536, blockBytes: 8192 }),
    hasCode("TYPE_MISMATCH"),
  );
  const other = await EndlessStream.open("/d", { io, segmentBytes: 32768 });
  await other.append(numbered(2, 20_000));
  await other.append(numbered(3, 20_000));
  assert.equal(other.end, 3, "segments of two sizes");
  await assert.rejects(EndlessStream.open("/d", { io }), hasCode("LOCKED"));
  await other.close();
});

test("EndlessStream in a folder: a file that is gone or damaged, by policy", async () => {
  for (const which of [0, 1, -1]) {
    const io = memoryIo();
    const options = { io, segmentBytes: 32_768 };
    const log = await EndlessStream.open("/d", options);
    for (let n = 0; n < 20; n++) await log.append(numbered(n, 5000));
    await log.close();
    const files = (await io.list("/d")).filter((name) => name.endsWith(".blocks"));
    assert.ok(files.length > 2);
    const file = await io.open(`/d/${files.at(which)}`, "write");
    file.writeAt(new Uint8Array(12_288).fill(7), 0);
    file.close();
    await assert.rejects(EndlessStream.open("/d", options), isHoldfastError);
    const readOnly = await EndlessStream.open("/d", { ...options, onCorruption: "read-only" });
    await assert.rejects(readOnly.append(numbered(0, 1)), hasCode("READ_ONLY"));
    await readOnly.close();
    const skipping = await EndlessStream.open("/d", { ...options, onCorruption: "skip" });
    assert.ok(skipping.recovered.damage.length > 0);
    const { offset } = await skipping.append(numbered(50, 50));
    assert.ok(offset >= (which === -1 ? 10 : 20), `${offset}`);
    let seen = 0;
    for await (const { offset: at, bytes } of skipping.read()) {
      assert.deepEqual(bytes, at === offset ? numbered(50, 50) : numbered(at, 5000));
      seen++;
    }
    assert.ok(seen > 10, `${seen} of 21 are left`);
    await skipping.close();
  }
});
