/**
 * Decoders of single values: codecs, batch headers, slots, records, the values of streams and blobs.
 */

import { ByteWriter, type Codec, ContentId } from "../../mod.ts";
import { Checksum } from "../../src/base/checksum.ts";
import {
  BATCH_HEADER_BYTES,
  decodeBatchHeader,
  encodeBatchHeader,
} from "../../src/block/log_batch.ts";
import { type LogRecord, scanLog } from "../../src/block/log_scanner.ts";
import {
  cursorControl,
  startControl,
  StreamControls,
} from "../../src/block/endless/stream_control.ts";
import { decodeSlot, encodeSlot } from "../../src/journal/slot_register.ts";
import { catalogCodec } from "../../src/kernel/catalog/catalog.ts";
import { WriteSet } from "../../src/kernel/commit/write_set.ts";
import { SLOT_LAYOUT } from "../../src/kernel/open_store.ts";
import { decodeSuperblock, encodeSuperblock, MAGIC } from "../../src/kernel/superblock.ts";
import { decodePrepared, encodePrepared } from "../../src/kernel/two_phase/prepared_set.ts";
import { decodeOrigin, encodeOrigin } from "../../src/streams/fork_origin.ts";
import { decodeChunk, encodeChunk } from "../../src/streams/chunk.ts";
import { formatOffset, parseOffset } from "../../src/streams/offset.ts";
import { decodeProducer, encodeProducer } from "../../src/streams/producer.ts";
import { decodeConfig, encodeConfig } from "../../src/streams/stream_config.ts";
import { decodeState, encodeState } from "../../src/streams/stream_state.ts";
import { headCodec } from "../../src/structures/content/content_layout.ts";
import { CODEC_SAMPLES } from "../base/codec_samples.ts";
import { Generator } from "../base/generator.ts";
import { equal, expect } from "../sim/golden/golden_store.ts";
import type { FuzzTarget } from "./fuzzer.ts";

const VALUE = ["CORRUPT_VALUE"];
const checksum = new Checksum();

function encoded<T>(of: Codec<T>, value: T): Uint8Array {
  const out = new ByteWriter();
  of.encode(value, out);
  return out.toBytes();
}

/** What a codec takes is what it would have written; of JSON, what means the same. */
function codecTarget({ codec: of, make }: (typeof CODEC_SAMPLES)[number]): FuzzTarget {
  const random = new Generator(3);
  const isJson = of.name.includes("json");
  return {
    name: `codec ${of.name}`,
    seeds: Array.from({ length: 6 }, () => encoded(of, make(random))),
    codes: VALUE,
    run(input) {
      const value = of.decode(input, 0, input.length);
      const again = encoded(of, value);
      const same = isJson ? encoded(of, of.decode(again, 0, again.length)) : input;
      expect(equal(again, same), "what was decoded encodes to something else");
    },
  };
}

/** A decoder whose values go round. */
function valueTarget<T>(
  name: string,
  seeds: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
  codes: readonly string[] = VALUE,
): FuzzTarget {
  return {
    name,
    seeds: seeds.map((seed) => seed.slice()),
    codes,
    run(input) {
      const bytes = encode(decode(input)).slice();
      expect(equal(encode(decode(bytes)), bytes), "what was decoded goes round to something else");
    },
  };
}

const superblock = encodeSuperblock({
  clean: true,
  identity: new Uint8Array(16).fill(7),
  sequence: 12,
  chain: 5,
  epoch: 3,
  pageCount: 90,
  nextTree: 20,
  roots: { page: 40, checksum: 9, level: 1, count: 4, pages: 3 },
  bitmap: { page: 30, pages: 1, bytes: 12, checksum: 8 },
  current: { page: 3, pages: 7, salt: 77n },
  next: { page: 10, pages: 8, salt: 78n },
});

function someSet(): WriteSet {
  const set = new WriteSet();
  const key = Uint8Array.of(1, 2, 3);
  set.put(20, key, 3, new Uint8Array(40).fill(4), 0, 40);
  set.putReference(21, key, 3, new Uint8Array(16).fill(5));
  set.remove(20, key, 2);
  return set;
}

function bytesOf(set: WriteSet): Uint8Array {
  return set.out.bytes.slice(0, set.out.length);
}

const IDENTITY = 0x1234;

/** Batches with records, one behind the other, as an extent. */
function someLog(): Uint8Array {
  const bytes = new Uint8Array(8192);
  const record = bytesOf(someSet());
  let chain = 9;
  let at = 0;
  for (let n = 0; n < 3; n++) {
    const payload = at + BATCH_HEADER_BYTES;
    new DataView(bytes.buffer).setUint32(payload, record.length, true);
    bytes.set(record, payload + 4);
    const payloadBytes = 4 + record.length;
    const payloadChecksum = checksum.of(bytes, payload, payload + payloadBytes);
    const header = { salt: 6n, sequence: 1 + n, durable: 1 + n, count: 1, chain, place: undefined };
    chain = encodeBatchHeader(
      { ...header, payloadBytes, payloadChecksum, sealed: false },
      bytes,
      at,
      checksum,
      IDENTITY,
    );
    at += Math.ceil((BATCH_HEADER_BYTES + payloadBytes) / 64) * 64;
  }
  return bytes.slice(0, at);
}

/** Gives every batch the checksums of its bytes, so that only what it says is wrong. */
function withChecksums(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let chain = 9;
  for (let at = 0; at + BATCH_HEADER_BYTES <= bytes.length; at += BATCH_HEADER_BYTES) {
    if (view.getUint32(at + 4, true) !== 0x31424c48) continue;
    const end = Math.min(bytes.length, at + BATCH_HEADER_BYTES + view.getUint32(at + 36, true));
    view.setUint32(at + 40, checksum.of(bytes, at + BATCH_HEADER_BYTES, end), true);
    view.setUint32(at + 44, chain, true);
    chain = checksum.of(bytes, at + 4, at + BATCH_HEADER_BYTES, IDENTITY);
    view.setUint32(at, chain, true);
  }
  return bytes;
}

/** Reads bytes as the log of a store, and its records. */
function readLog(input: Uint8Array): void {
  const extent = { offset: 0, bytes: input.length, salt: 6n };
  const file = {
    readAt(buffer: Uint8Array, offset: number): number {
      const part = input.subarray(offset, offset + buffer.length);
      buffer.set(part);
      return part.length;
    },
  };
  const start = { sequence: 1, chain: 9 };
  const accept = (records: readonly LogRecord[]): boolean => {
    WriteSet.decode(records);
    return true;
  };
  const reading = scanLog(file, "fuzz", checksum, IDENTITY, [extent], start, accept);
  const { records, droppedBytes, position: { sequence } } = reading;
  expect(sequence === 1 + records, `${records} records lead to ${sequence}`);
  expect(droppedBytes <= input.length, `${droppedBytes} bytes were dropped`);
}

const LOG = ["CORRUPT_LOG", "CORRUPT_VALUE"];

const position = { message: 4, byte: 90 };

/** All of them. */
export const decoderTargets: readonly FuzzTarget[] = [
  ...CODEC_SAMPLES.map(codecTarget),
  {
    name: "batch header",
    seeds: [someLog().slice(0, 64)],
    codes: [],
    run: (input) => void decodeBatchHeader(input, 0, checksum, IDENTITY),
  },
  { name: "log", seeds: [someLog()], codes: LOG, cost: 4, run: readLog },
  {
    name: "log with right checksums",
    seeds: [someLog()],
    codes: LOG,
    cost: 4,
    run: (input) => readLog(withChecksums(input)),
  },
  valueTarget(
    "log record",
    [bytesOf(someSet())],
    (input) => WriteSet.decode([{ bytes: input, begin: 0, end: input.length }]),
    bytesOf,
    LOG,
  ),
  valueTarget(
    "prepared transaction",
    [encodePrepared(someSet()).toBytes()],
    (input) => decodePrepared(input, 0, input.length),
    (set) => encodePrepared(set).toBytes(),
  ),
  valueTarget(
    "catalog entry",
    [encoded(catalogCodec, { tree: 300, kind: "index", format: "replace(string,json)" })],
    (input) => catalogCodec.decode(input, 0, input.length),
    (entry) => encoded(catalogCodec, entry),
  ),
  valueTarget(
    "superblock",
    [superblock],
    (input) => decodeSuperblock(input, "fuzz"),
    encodeSuperblock,
    ["CORRUPT_SUPERBLOCK", "CORRUPT_VALUE", "FORMAT_NEWER"],
  ),
  {
    name: "slot",
    seeds: [encodeSlot(checksum, SLOT_LAYOUT, 3, superblock).slice(0, 256)],
    codes: [],
    run: (input) => void decodeSlot(input, MAGIC, checksum),
  },
  {
    name: "control record",
    seeds: [startControl(9), cursorControl("name", 7)],
    codes: LOG,
    run(input) {
      const controls = new StreamControls();
      controls.apply(input);
      const again = new StreamControls();
      for (const record of controls.snapshot()) again.apply(record);
      expect(again.start === controls.start, "the start goes round to another one");
      expect(again.cursors.size === controls.cursors.size, "cursors go round to others");
    },
  },
  valueTarget(
    "state of a stream",
    [
      encodeState({
        tail: position,
        closed: true,
        removed: false,
        forked: true,
        references: 2,
        lastAccess: 1_700_000_000_000,
        sequence: Uint8Array.of(65, 66),
        closedBy: { id: "p", epoch: 1, seq: 2 },
      }).slice(),
    ],
    decodeState,
    encodeState,
  ),
  valueTarget(
    "configuration of a stream",
    [encodeConfig({
      number: 3,
      createdAt: 1_700_000_000_000,
      contentType: "text/plain",
      lifetime: { ttlSeconds: 60, expiresAt: 1_800_000_000_000 },
      indexedDeadline: 1_750_000_000_000,
    })],
    decodeConfig,
    encodeConfig,
  ),
  valueTarget("producer", [encodeProducer({ epoch: 2, seq: 5 })], decodeProducer, encodeProducer),
  valueTarget(
    "origin of a fork",
    [encodeOrigin({
      sourceNumber: 4,
      sourceName: "source",
      offset: position,
      subOffset: 2,
      inheritedLifetime: true,
      ranges: [{ number: 4, begin: 0, end: 3 }, { number: 9, begin: 3, end: 5 }],
    })],
    decodeOrigin,
    encodeOrigin,
  ),
  valueTarget(
    "chunk of messages",
    [encodeChunk([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)], 0, 3, 77, 9).slice()],
    (input) => decodeChunk(input.slice()),
    ({ messages, byte, time }) => encodeChunk(messages, 0, messages.length, byte, time).slice(),
  ),
  valueTarget(
    "head of a blob",
    [
      encoded(headCodec, { aside: false, length: 900, serial: 4, chunkBytes: 65536, stamp: 2 }),
    ],
    (input) => headCodec.decode(input, 0, input.length),
    (head) => encoded(headCodec, head),
  ),
  {
    name: "offset of a stream",
    seeds: [new TextEncoder().encode(formatOffset(position))],
    codes: [],
    run(input) {
      const text = new TextDecoder().decode(input);
      const found = parseOffset(text);
      if (found !== undefined) expect(formatOffset(found) === text, "an offset with two forms");
    },
  },
  {
    name: "content id",
    seeds: [new TextEncoder().encode(`sha256:${"0a".repeat(32)}`)],
    codes: [],
    run(input) {
      const text = new TextDecoder().decode(input);
      let id: ContentId;
      try {
        id = ContentId.parse(text);
      } catch (error) {
        // The error of an argument.
        if (error instanceof RangeError) return;
        throw error;
      }
      expect(id.toString() === text, "an id with two forms");
    },
  },
];
