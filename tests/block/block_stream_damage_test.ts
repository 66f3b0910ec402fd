/** Damaged streams of one run of blocks: all that was there, or a typed error; never other bytes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { Checksum } from "../../src/base/checksum.ts";
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  decodeBatchHeader,
  encodeBatchHeader,
} from "../../src/block/log_batch.ts";
import { BlockStream } from "../../src/block/stream/block_stream.ts";
import type { InconsistencyKind } from "../../src/block/stream/inconsistency.ts";
import { readSegmentHeader } from "../../src/block/stream/segment_header.ts";
import { isHoldfastError } from "../../mod.ts";
import { assertDamage } from "../sim/damage/damage_sample.ts";
import { numbered, type TestBlocks, testBlocks } from "./test_blocks.ts";

const io = memoryIo();
const checksum = new Checksum();
const APPENDS = 6;

async function openOn(blocks: TestBlocks): Promise<BlockStream> {
  return await BlockStream.open(blocks, { io });
}

/** Six synced appends of 50 bytes: batches at 0, 4096, 8192, ... of the extent. */
async function build(): Promise<{ stream: BlockStream; blocks: TestBlocks }> {
  const blocks = await testBlocks({ blockCount: 8 });
  const stream = await openOn(blocks);
  for (let n = 0; n < APPENDS; n++) {
    stream.append(numbered(n, 50));
    stream.sync();
  }
  return { stream, blocks };
}

/** What opening and reading gives: the number of appends, or a code. */
async function read(image: Uint8Array, isCut = false): Promise<number | string> {
  try {
    const stream = await openOn(await testBlocks({ blockCount: 8 }, image));
    let n = 0;
    for (const record of stream.records()) assert.deepEqual(record, numbered(n++, 50));
    if (n < APPENDS && !isCut) assert.ok(stream.droppedBytes > 0, "reported");
    return n;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return error.code;
  }
}

test("BlockStream survives or reports every single changed byte", { timeout: 60_000 }, async () => {
  const codes = ["CORRUPT_LOG", "CORRUPT_BLOCKS"] as const;
  const rows = await assertDamage({ stores: ["blocks and their streams"], codes });
  // The last batch is like a torn one, which nobody was told of; whatever is before it is not.
  assert.ok(rows[0]!.tail > 0);
});

test("BlockStream survives or reports every truncation", { timeout: 120_000 }, async () => {
  const { blocks } = await build();
  const image = blocks.image();
  for (let length = 0; length < image.length; length += 31) {
    const cut = image.slice();
    cut.fill(0, length);
    const outcome = await read(cut, true);
    const batches = Math.floor((length - 4096 - 119) / 4096) + 1;
    if (length < 4096) assert.ok(outcome === 0 || typeof outcome === "string");
    else if (length % 4096 >= 119) assert.equal(outcome, Math.min(APPENDS, Math.max(0, batches)));
  }
});

test("BlockStream.open finds a batch lost in the middle (regression: 1d.2, 1d.3, 1d.4)", async () => {
  const { blocks } = await build();
  for (let batch = 0; batch < APPENDS - 1; batch++) {
    const lost = blocks.image();
    lost.fill(0, 4096 * (batch + 1), 4096 * (batch + 2));
    assert.equal(await read(lost), "CORRUPT_LOG", `batch ${batch} reads as zeros`);
  }
  const garbled = blocks.image();
  for (let batch = 0; batch < APPENDS; batch++) {
    garbled.fill(1, 4096 * (batch + 1) + 80, 4096 * (batch + 1) + 90);
  }
  assert.equal(await read(garbled), "CORRUPT_LOG", "a full stream is not taken on trust");
});

test("BlockStream.open never takes blocks without a header for empty ones", async () => {
  const { blocks } = await build();
  const damaged = blocks.image();
  for (const copy of [0, 2048]) damaged[copy + 40]! ^= 1;
  assert.equal(await read(damaged), "CORRUPT_LOG");
  assert.equal(await read(damaged.fill(0, 0, 4096)), "NOT_OUR_FILE");
});

test("BlockStream.open drops a torn tail and reports it; synced appends stay (regression: 1d.5)", async () => {
  for (const from of [0, 8, 63, 64, 300, 4096, 8000]) {
    const { stream, blocks } = await build();
    const image = blocks.image();
    stream.append(numbered(7, 9000));
    stream.sync();
    const torn = blocks.image();
    const begin = 4096 * (APPENDS + 1);
    if (begin + from >= torn.length) continue;
    torn.set(image.subarray(begin + from), begin + from);
    const again = await openOn(await testBlocks({ blockCount: 8 }, torn));
    assert.equal([...again.records()].length, APPENDS, `torn from ${from} on`);
    assert.equal(again.droppedBytes > 0, from > 0);
    assert.equal(again.append(numbered(8, 10)), 10);
    again.sync();
    assert.equal([...again.records()].length, APPENDS + 1);
    assert.equal(again.verify(), true);
  }
});

/** Rewrites a batch with right checksums, so that only what is forged is wrong. */
function forge(
  blocks: TestBlocks,
  batch: number,
  change: (header: BatchHeader, payload: Uint8Array) => void,
  sum = true,
): void {
  const { identity } = readSegmentHeader(blocks, checksum).header!;
  const seed = checksum.of(identity, 0, identity.length);
  const bytes = new Uint8Array(4096);
  const at = 4096 * (batch + 1);
  blocks.readAt(bytes, at);
  const header = decodeBatchHeader(bytes, 0, checksum, seed)!;
  const payload = bytes.subarray(BATCH_HEADER_BYTES, BATCH_HEADER_BYTES + header.payloadBytes);
  change(header, payload);
  const end = Math.min(4096, BATCH_HEADER_BYTES + header.payloadBytes);
  if (sum) header.payloadChecksum = checksum.of(bytes, BATCH_HEADER_BYTES, end);
  encodeBatchHeader(header, bytes, 0, checksum, seed);
  blocks.writeAt(bytes, at);
}

type Forgery = (blocks: TestBlocks) => void;

const forgeries: Readonly<Record<InconsistencyKind, Forgery>> = {
  "segment-header": (blocks) => blocks.writeAt(new Uint8Array([9]), 2048 + 40),
  "identity": (blocks) => rewriteHeader(blocks, (value) => (value[16] = value[16]! ^ 1)),
  "shape": (blocks) => rewriteHeader(blocks, (value) => (value[8] = 7)),
  "batch-header": (blocks) => blocks.writeAt(new Uint8Array([9]), 3 * 4096 + 20),
  "batch-salt": (blocks) => forge(blocks, 2, (header) => header.salt++),
  "batch-place": (blocks) =>
    forge(blocks, 2, (header) => header.place = { at: 64, items: 2, bytes: 100 }),
  "batch-sequence": (blocks) => forge(blocks, 2, (header) => header.sequence++),
  "batch-chain": (blocks) => forge(blocks, 2, (header) => header.chain ^= 1),
  "batch-length": (blocks) => forge(blocks, 2, (header) => header.payloadBytes = 1 << 20, false),
  "payload-checksum": (blocks) => blocks.writeAt(new Uint8Array([9]), 3 * 4096 + 80),
  "record-short": (blocks) => forge(blocks, 2, (_, payload) => payload.fill(0, 0, 4)),
  "record-long": (blocks) => forge(blocks, 2, (_, payload) => payload.fill(255, 0, 4)),
  "record-kind": (blocks) => forge(blocks, 2, (_, payload) => payload.fill(9, 4, 5)),
  "trailing-inside": (blocks) => forge(blocks, 2, (_, payload) => payload.fill(1, 4, 5)),
  "spilled-inside": (blocks) => forge(blocks, 2, (_, payload) => payload.fill(2, 4, 5)),
  "spilled-unexpected": (blocks) => {
    rewriteHeader(blocks, (value) => (value[2] = 0));
    forge(blocks, 0, (_, payload) => payload.fill(2, 4, 5));
  },
  "claim": (blocks) => {
    const { identity, salt } = readSegmentHeader(blocks, checksum).header!;
    const seed = checksum.of(identity, 0, identity.length);
    const bytes = new Uint8Array(4096);
    const place = { at: APPENDS * 4096, items: 9, bytes: 0 };
    const rest = { count: 0, payloadBytes: 0, payloadChecksum: 0, chain: 0, sealed: true, place };
    encodeBatchHeader({ salt, sequence: 9, durable: 9, ...rest }, bytes, 0, checksum, seed);
    blocks.writeAt(bytes, (APPENDS + 1) * 4096);
  },
  "behind-end": (blocks) => {
    const bytes = new Uint8Array(4096);
    blocks.readAt(bytes, 4096);
    blocks.writeAt(bytes, (APPENDS + 1) * 4096);
  },
};

/** Rewrites both copies of the header with right checksums. */
function rewriteHeader(blocks: TestBlocks, change: (value: Uint8Array) => void): void {
  const bytes = new Uint8Array(112);
  blocks.readAt(bytes, 0);
  change(bytes.subarray(32));
  new DataView(bytes.buffer).setUint32(16, checksum.of(bytes, 20, 112), true);
  blocks.writeAt(bytes, 0);
  blocks.writeAt(bytes, 2048);
}

for (const [kind, damage] of Object.entries(forgeries)) {
  test(`BlockStream.verify reports the class ${kind}`, async () => {
    const { blocks } = await build();
    if (kind === "spilled-unexpected") rewriteHeader(blocks, (value) => (value[2] = 0));
    const stream = await openOn(blocks.again());
    assert.equal(stream.verify((found) => assert.fail(found.kind)), true);
    damage(blocks);
    const found: string[] = [];
    assert.equal(stream.verify((one) => found.push(one.kind)), false);
    assert.equal(stream.verify(), false, "also when nobody asks what it is");
    assert.ok(found.includes(kind), found.join(" "));
    assert.ok(found.length <= 3, found.join(" "));
  });
}

test("BlockStream.open refuses records that do not fill their batch", async () => {
  for (const kind of ["record-short", "record-long", "record-kind"] as const) {
    const { blocks } = await build();
    forgeries[kind](blocks);
    assert.equal(await read(blocks.image()), "CORRUPT_LOG", kind);
  }
});

test("BlockStream.open of a newer format is FORMAT_NEWER", async () => {
  const { blocks } = await build();
  rewriteHeader(blocks, (value) => (value[0] = 2));
  assert.equal(await read(blocks.image()), "FORMAT_NEWER");
});
