/** Streams that are no whole export: a coded error, and nothing visible changes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import {
  ByteWriter,
  codec,
  Database,
  importDatabase,
  index,
  isHoldfastError,
  recordLog,
  segment,
} from "../../mod.ts";
import { Checksum } from "../../src/base/checksum.ts";
import { BINARY_MAGIC, FRAME } from "../../src/structures/transfer/export_binary.ts";
import { assertWhole, bytes, withStore } from "../kernel/checked.ts";
import { contentOf, exported, streamOf } from "./export_fixture.ts";

const users = index("users", { key: codec.string, value: codec.json<{ n: number }>() });
const notes = segment("notes");
const log = recordLog("log");
const FORMATS = ["jsonl", "binary"] as const;

/** A small export with long and short values. */
async function sample(format: "jsonl" | "binary"): Promise<Uint8Array> {
  const db = await Database.memory();
  await db.update((tx) => {
    for (let n = 0; n < 20; n++) tx.open(users).put(`user ${n}`, { n });
    tx.open(notes).insert(bytes("first"));
    tx.open(log).append(format === "binary" ? new Uint8Array(200_000).fill(1) : bytes("x"));
  });
  const image = await exported(db, format);
  await db.close();
  return image;
}

/** Imports into a database with something in it, which must stay as it was. @returns the code */
async function refused(db: Database, image: Uint8Array, piece = 4096): Promise<string> {
  const before = contentOf(db);
  let code = "imported";
  try {
    await importDatabase(db, streamOf(image, piece));
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    code = error.code;
  }
  assert.deepEqual(contentOf(db), before);
  return code;
}

async function withOther(body: (db: Database) => Promise<void>): Promise<void> {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(index("other", { key: codec.u8, value: codec.u8 })).put(1, 2));
    await body(db);
  });
}

type Frame = readonly [number, (out: ByteWriter) => void];

/** Frames of the binary form, with right checksums. */
function frames(...parts: readonly Frame[]): Uint8Array {
  const checksum = new Checksum();
  const all = new ByteWriter();
  all.raw(BINARY_MAGIC);
  let chain = 0;
  for (const [kind, write] of parts) {
    const out = new ByteWriter();
    write(out);
    all.u32(out.length);
    const begin = all.length;
    all.u8(kind);
    all.raw(out.toBytes());
    chain = checksum.of(all.bytes, begin, all.length, chain);
    all.u32(chain);
  }
  return all.toBytes();
}

function structureFrame(number: number, name: string, kind: string, format: string): Frame {
  return [FRAME.structure, (out: ByteWriter) => {
    out.varint(number);
    for (const text of [bytes(name), bytes(kind)]) {
      out.varint(text.length);
      out.raw(text);
    }
    out.raw(bytes(format));
  }];
}

const HEADER = [FRAME.header, (out: ByteWriter) => out.u16(20 * 256 + 1)] as const;
const TABLE = structureFrame(16, "t", "index", "replace(bytes,bytes)");
const END = [FRAME.end, (out: ByteWriter) => out.raw(Uint8Array.of(1, 0))] as const;

test("importDatabase: a stream cut off anywhere is CORRUPT_EXPORT", async () => {
  await withOther(async (db) => {
    for (const format of FORMATS) {
      const image = await sample(format);
      // The line feed of the last line may be missing.
      const whole = format === "jsonl" ? image.length - 1 : image.length;
      for (let length = 0; length < whole; length += length < 300 ? 1 : 701) {
        assert.equal(await refused(db, image.slice(0, length)), "CORRUPT_EXPORT", `${length}`);
      }
      assert.equal(await refused(db, image.slice(0, whole - 1)), "CORRUPT_EXPORT");
      const longer = new Uint8Array([...image, 120]);
      assert.equal(await refused(db, longer), "CORRUPT_EXPORT");
      assert.equal(await refused(db, longer, longer.length - 1), "CORRUPT_EXPORT");
    }
    await assertWhole(db);
  });
});

test("importDatabase: a flipped bit anywhere is a coded error", async () => {
  await withOther(async (db) => {
    for (const format of FORMATS) {
      const image = await sample(format);
      for (let at = 0; at < image.length; at += at < 200 ? 1 : 1997) {
        const damaged = image.slice();
        damaged[at]! ^= 1 << (at % 8);
        const code = await refused(db, damaged);
        // In lines the numbers are used before the checksum at the end is seen.
        const codes = /^(CORRUPT_EXPORT|FORMAT_NEWER|NOT_OUR_FILE|ALREADY_EXISTS)$/;
        assert.match(code, codes, `byte ${at}`);
      }
    }
  });
});

test("importDatabase: another version is FORMAT_NEWER, another file NOT_OUR_FILE", async () => {
  await withOther(async (db) => {
    const newer = frames([FRAME.header, (out) => out.varint(2)]);
    assert.equal(await refused(db, newer), "FORMAT_NEWER");
    const line = bytes('{"holdfast":"export","version":2}\n');
    assert.equal(await refused(db, line), "FORMAT_NEWER");
    assert.equal(await refused(db, bytes('{"holdfast":"export"}\n')), "FORMAT_NEWER");
    for (const text of ["hello", "{}\n", '{"holdfast":"other"}\n', "\u0089HFY........"]) {
      assert.equal(await refused(db, bytes(text)), "NOT_OUR_FILE", text);
    }
    assert.equal(await refused(db, new Uint8Array(0)), "CORRUPT_EXPORT");
    assert.equal(await refused(db, frames(TABLE, END)), "CORRUPT_EXPORT");
  });
});

test("importDatabase: lengths that nothing stands behind allocate nothing", async () => {
  await withOther(async (db) => {
    const huge = (...parts: readonly Frame[]): Uint8Array => frames(HEADER, TABLE, ...parts, END);
    const hostile: readonly Uint8Array[] = [
      Uint8Array.of(...BINARY_MAGIC, 255, 255, 255, 255, 1, 1),
      Uint8Array.of(...BINARY_MAGIC, 1, 0, 16, 0, 1, 1),
      huge([FRAME.entries, (out) => out.varint(2 ** 50)]),
      huge([FRAME.entries, (out) => out.raw(Uint8Array.of(1, 1, 255, 255, 255, 127, 1))]),
      huge([FRAME.entries, () => undefined]),
      huge([FRAME.long, (out) => out.varint(2 ** 50)]),
      huge([FRAME.long, (out) => out.varint(0)]),
      huge([FRAME.long, (out) => out.varint(2 ** 29)]),
      huge([FRAME.long, (out) => out.varint(10)], [FRAME.piece, () => undefined]),
      huge([FRAME.long, (out) => out.varint(1)], [FRAME.piece, (out) => out.u16(0)]),
      huge([FRAME.piece, (out) => out.u16(0)]),
      huge([9, (out) => out.u16(0)]),
      frames(HEADER, END),
      frames(HEADER, [FRAME.entries, (out) => out.u16(0)], END),
      frames(HEADER, [FRAME.structure, (out) => out.varint(2 ** 40)], END),
      frames(HEADER, structureFrame(1, "t", "index", ""), END),
      frames(HEADER, structureFrame(2 ** 33, "t", "index", ""), END),
      frames(HEADER, structureFrame(16, "", "index", ""), END),
      frames(HEADER, structureFrame(16, "t", "import", ""), END),
      frames(HEADER, structureFrame(16, "n".repeat(513), "index", ""), END),
      frames(HEADER, TABLE, TABLE, END),
      frames(HEADER, HEADER, END),
    ];
    for (const [i, image] of hostile.entries()) {
      assert.equal(await refused(db, image), "CORRUPT_EXPORT", `case ${i}`);
    }
  });
});

test("importDatabase: lines that say nothing proper are CORRUPT_EXPORT", async () => {
  const head = '{"holdfast":"export","version":1}\n';
  const table = '{"structure":"t","kind":"index","format":"replace(u8,u64)","number":16}\n';
  const notes = '{"structure":"s","kind":"segment","format":"bytes","number":17}\n';
  const end = '{"end":true}\n';
  const wrong: readonly string[] = [
    `${head}\n[1]\n${end}`,
    `${head}null\n${end}`,
    `${head}{\n${end}`,
    `${head}{"key":1,"value":"1"}\n${end}`,
    `${head}${table}{"key":256,"value":"1"}\n${end}`,
    `${head}${table}{"key":1,"value":1}\n${end}`,
    `${head}${table}{"key":1}\n${end}`,
    `${head}${table}{"rawKey":"AQ","rawValue":""}\n${end}`,
    `${head}${table}{"key":1,"value":"1"}\n{"key":1,"value":"2"}\n${end}`,
    `${head}${table}${table}${end}`,
    `${head}${table}${end}{"key":1,"value":"1"}\n`,
    `${head}${table}{"end":true,"entries":1}\n`,
    `${head}${table}{"end":true,"structures":2}\n`,
    `${head}${table}{"end":true,"crc32":1}\n`,
    `${head}{"structure":"\\ud800","kind":"index","format":"","number":16}\n${end}`,
    `${head}{"structure":"t","kind":"index","format":1,"number":16}\n${end}`,
    `${head}{"structure":"t","kind":"index","format":"","number":"16"}\n${end}`,
    `${head}${notes}{"id":"16-1","bytes":""}\n${end}`,
    `${head}${notes}{"id":"17-1"}\n${end}`,
    `${head}${notes}{"head":-1}\n${end}`,
    `${head}${notes}{"head":1e300}\n${end}`,
    `${head}${notes}{"rawKey":"AQ==","rawValue":""}\n${end}`,
    `${head}${notes}{"rawKey":"//////////8=","rawValue":""}\n${end}`,
    `${head}${notes}{"rawKey":"//////////4=","rawValue":""}\n${end}`,
    `${head}${table}${'{"key":'}${"[".repeat(200_000)}\n${end}`,
  ];
  await withOther(async (db) => {
    for (const text of wrong) {
      assert.equal(await refused(db, bytes(text), 100_000), "CORRUPT_EXPORT", text.slice(30, 200));
    }
    const invalid = new Uint8Array([...bytes(head), 255, 10, ...bytes(end)]);
    assert.equal(await refused(db, invalid), "CORRUPT_EXPORT");
    const large = `${head}${table}{"rawKey":"${"AAAA".repeat(1000)}","rawValue":""}\n${end}`;
    assert.equal(await refused(db, bytes(large), 100_000), "TOO_LARGE");
  });
});

test("importDatabase: a name or the number of a segment that is taken is ALREADY_EXISTS", async () => {
  const image = await sample("binary");
  await withStore(async (db) => {
    await db.update((tx) => tx.open(users).put("mine", { n: 1 }));
    assert.equal(await refused(db, image), "ALREADY_EXISTS");
    assert.deepEqual(db.open(users).get("mine"), { n: 1 });
  });
  await withOther(async (db) => {
    await db.update((tx) => {
      tx.open(recordLog("takes the number of the segment")).append(bytes("x"));
    });
    assert.equal(await refused(db, image), "ALREADY_EXISTS");
  });
  await withStore(async (db) => {
    // A structure of the same name that somebody creates while the import runs.
    const creating = streamOf(image, 1000).pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        flush: async () => {
          await db.update((tx) => tx.open(notes).insert(bytes("mine")));
        },
        transform: (chunk, controller) => controller.enqueue(chunk),
      }),
    );
    await assert.rejects(importDatabase(db, creating), { code: "ALREADY_EXISTS" });
    assert.deepEqual(db.structures().map(({ name }) => name), ["notes"]);
  });
});

test("importDatabase: a failed import is no obstacle to the next", async () => {
  const image = await sample("binary");
  await withOther(async (db) => {
    for (let i = 0; i < 3; i++) {
      assert.equal(await refused(db, image.slice(0, -1)), "CORRUPT_EXPORT");
    }
    await importDatabase(db, streamOf(image));
    assert.equal([...db.open(notes).scan()].length, 1);
    assert.equal(db.open(users).count(), 20);
  });
});

test("importDatabase: without segments any database will do", async () => {
  const source = await Database.memory();
  await source.update((tx) => tx.open(users).put("ann", { n: 1 }));
  const image = await exported(source, "jsonl");
  await source.close();
  await withOther(async (db) => {
    await importDatabase(db, streamOf(image));
    assert.deepEqual(db.open(users).get("ann"), { n: 1 });
    assert.deepEqual(db.structures().map(({ name }) => name), ["other", "users"]);
  });
});

test("importDatabase: signal and a failing stream give up, the stream is cancelled", async () => {
  const image = await sample("binary");
  await withOther(async (db) => {
    const before = contentOf(db);
    const controller = new AbortController();
    let cancelled: unknown;
    const endless = new ReadableStream<Uint8Array>({
      start: (source) => source.enqueue(image.slice(0, 150_000)),
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    const importing = importDatabase(db, endless, {
      signal: controller.signal,
      onProgress: ({ bytes: count }) => {
        assert.equal(count, 150_000);
        controller.abort(new Error("enough"));
      },
    });
    await assert.rejects(importing, { message: "enough" });
    assert.equal((cancelled as Error).message, "enough");
    assert.deepEqual(contentOf(db), before);
    const failing = new ReadableStream<Uint8Array>({
      start: (source) => source.enqueue(image.slice(0, 1000)),
      pull: (source) => source.error(new Error("torn wire")),
    });
    await assert.rejects(importDatabase(db, failing), { message: "torn wire" });
    const words = new ReadableStream({ start: (source) => source.enqueue("text") });
    await assert.rejects(importDatabase(db, words as ReadableStream<Uint8Array>), TypeError);
    assert.deepEqual(contentOf(db), before);
    const format = "xml" as "jsonl";
    await assert.rejects(importDatabase(db, streamOf(image), { format }), TypeError);
    assert.equal(await refused(db, bytes("x")), "NOT_OUR_FILE");
  });
});

test("importDatabase: what a crash cut off shows under no name, and the next import removes it", async () => {
  const source = await Database.memory();
  await source.update((tx) => {
    for (let n = 0; n < 9000; n++) tx.open(users).put(`user ${n}`.padEnd(60), { n });
  });
  const image = await exported(source, "binary");
  await source.close();
  const io = memoryIo();
  let crashed = memoryIo();
  const db = await Database.open("/a.hold", { io });
  const stalled = streamOf(image, 100_000).pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => controller.enqueue(chunk),
      flush: async () => {
        await db.checkpoint();
        crashed = await copyOf(io);
        throw new Error("the source dies");
      },
    }),
  );
  await assert.rejects(importDatabase(db, stalled), { message: "the source dies" });
  assert.deepEqual(db.structures(), []);
  await assertWhole(db);
  await db.close();

  const again = await Database.open("/a.hold", { io: crashed });
  assert.deepEqual(again.structures().map(({ kind }) => kind), ["import"]);
  assert.ok(again.structures()[0]!.entries > 0);
  assert.deepEqual([...again.open(users).range()], []);
  const { format } = await importDatabase(again, streamOf(await exported(again, "jsonl")));
  assert.equal(format, "jsonl");
  assert.deepEqual(again.structures(), [], "neither exported nor kept");
  await importDatabase(again, streamOf(image));
  assert.equal(again.open(users).count(), 9000);
  await assertWhole(again);
  await again.close();
});

async function copyOf(io: ReturnType<typeof memoryIo>): Promise<ReturnType<typeof memoryIo>> {
  const copy = memoryIo();
  const from = await io.open("/a.hold", "read");
  const image = new Uint8Array(from.size());
  from.readAt(image, 0);
  const to = await copy.open("/a.hold", "create");
  to.writeAt(image, 0);
  from.close();
  to.close();
  return copy;
}
