import assert from "node:assert/strict";
import { test } from "node:test";
import {
  codec,
  Database,
  EmbeddedStreamStore,
  exportDatabase,
  importDatabase,
  index,
  recordLog,
  segment,
} from "../../mod.ts";
import { withStore } from "../kernel/checked.ts";
import { contentOf, exported, fill, streamOf } from "./export_fixture.ts";

const FORMATS = ["jsonl", "binary"] as const;
const users = index("users", { key: codec.string, value: codec.json<{ city: string }>() });

for (const [seed, format] of FORMATS.entries()) {
  test(`exportDatabase, importDatabase: every kind and codec comes back, ${format}`, async () => {
    await withStore(async (db) => {
      await fill(db, seed);
      const content = contentOf(db);
      const bytes = await exported(db, format);
      for (const piece of [70 + seed, 100_000]) {
        await withStore(async (copy) => {
          const report = await importDatabase(copy, streamOf(bytes, piece));
          assert.equal(report.format, format);
          assert.equal(report.bytes, bytes.length);
          assert.equal(report.structures, Object.keys(content).length);
          assert.deepEqual(contentOf(copy), content);
          assert.deepEqual(await exported(copy, format), bytes, "the same export");
        });
      }
    });
  });
}

test("importDatabase: imported structures go on as the originals do", async () => {
  await withStore(async (db) => {
    await fill(db, 5);
    for (const format of FORMATS) {
      await withStore(async (copy) => {
        await importDatabase(copy, exportDatabase(db, { format }));
        const snapshot = db.snapshot();
        const notes = segment("notes");
        const log = recordLog("trimmed");
        const wanted = db.begin();
        const found = copy.begin();
        const ids = [wanted, found].map((tx) => tx.open(notes).insert(new Uint8Array(1)));
        assert.equal(ids[0]?.segment, ids[1]?.segment);
        assert.ok(ids[1]!.serial >= 20, `${ids[1]} may have been given before`);
        const offsets = [wanted, found].map((tx) => tx.open(log).append(new Uint8Array(1)));
        assert.deepEqual(offsets, [5, 5]);
        wanted.rollback();
        found.rollback();
        snapshot.release();
        const [id] = [
          ...copy.open(index("by-note", { key: codec.recordId, value: codec.string })).range(),
        ][0]!;
        assert.equal(copy.open(notes).read(id)?.length, 300_000);
        const streams = await EmbeddedStreamStore.open(copy, { durability: "disk" });
        assert.equal((await streams.head("stream")).outcome, "done");
      });
    }
  });
});

test("exportDatabase: JSON lines are what a person can read", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      tx.open(users).put("ann", { city: "Oslo" });
      const at = index("at", {
        key: codec.tuple(codec.string, codec.desc(codec.date)),
        value: codec.struct({ n: codec.u64, data: codec.bytes }),
      });
      tx.open(at).put(["x", new Date(0)], { n: 2n ** 60n, data: Uint8Array.of(1, 2, 3) });
      const id = tx.open(segment("notes")).insert(Uint8Array.of(255));
      tx.open(segment("notes")).delete(tx.open(segment("notes")).insert(Uint8Array.of(255)));
      tx.open(recordLog("log")).append(new TextEncoder().encode("hello"));
      assert.equal(String(id), "18-0");
    });
    const lines = new TextDecoder().decode(await exported(db, "jsonl")).split("\n");
    const last = JSON.parse(lines.at(-2)!) as { crc32: number };
    assert.deepEqual(lines, [
      '{"holdfast":"export","version":1,"numbers":20}',
      '{"structure":"users","kind":"index","format":"replace(string,json)","number":16}',
      '{"key":"ann","value":{"city":"Oslo"}}',
      '{"structure":"at","kind":"index","format":"replace(tuple(string,desc(date)),' +
      'struct(n:u64,data:bytes))","number":17}',
      '{"key":["x","1970-01-01T00:00:00.000Z"],"value":{"n":"1152921504606846976","data":"AQID"}}',
      '{"structure":"notes","kind":"segment","format":"bytes","number":18}',
      '{"id":"18-0","bytes":"/w=="}',
      '{"head":257}',
      '{"structure":"log","kind":"record-log","format":"bytes","number":19}',
      '{"offset":0,"bytes":"aGVsbG8="}',
      `{"end":true,"structures":4,"entries":5,"crc32":${last.crc32}}`,
      "",
    ]);
  });
});

test("importDatabase: an edited file is taken when the end no longer counts", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(users).put("ann", { city: "Oslo" }));
    const text = new TextDecoder().decode(await exported(db, "jsonl"));
    const edited = text.replace('"Oslo"', '"Bern"');
    const { bytes } = { bytes: new TextEncoder().encode(edited) };
    await withStore(async (copy) => {
      await assert.rejects(importDatabase(copy, streamOf(bytes)), { code: "CORRUPT_EXPORT" });
      const open = edited.replace(/\{"end".*\n/, '\n  {"end":true}');
      await importDatabase(copy, streamOf(new TextEncoder().encode(open)));
      assert.deepEqual(copy.open(users).get("ann"), { city: "Bern" });
    });
  });
});

test("exportDatabase: what is committed during the export is not in it", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let n = 0; n < 5000; n++) tx.open(users).put(`user ${n}`, { city: "Oslo" });
    });
    const content = contentOf(db);
    const source = exportDatabase(db, { format: "binary" });
    const snapshot = db.snapshot();
    await db.update((tx) => {
      for (let n = 0; n < 5000; n += 2) tx.open(users).remove(`user ${n}`);
      tx.open(recordLog("later")).append(new Uint8Array(1));
    });
    await withStore(async (copy) => {
      await importDatabase(copy, source);
      assert.deepEqual(contentOf(copy), content);
    });
    await withStore(async (copy) => {
      await importDatabase(copy, exportDatabase(snapshot, { format: "jsonl" }));
      assert.deepEqual(contentOf(copy), content);
    });
    snapshot.release();
    assert.equal(db.stats().snapshots, 0, "the export has let go of its own");
  });
});

test("exportDatabase: cancel and signal let go of the snapshot, progress counts", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let n = 0; n < 5000; n++) tx.open(users).put(`user ${n}`, { city: "Oslo" });
    });
    const reader = exportDatabase(db, { format: "jsonl" }).getReader();
    await reader.read();
    assert.equal(db.stats().snapshots, 1);
    await reader.cancel();
    assert.equal(db.stats().snapshots, 0);

    const controller = new AbortController();
    const { signal } = controller;
    let pieces = 0;
    const source = exportDatabase(db, {
      format: "jsonl",
      signal,
      onProgress: ({ entries, bytes }) => {
        assert.ok(entries > 0 && bytes > 0);
        if (++pieces === 2) controller.abort(new Error("enough"));
      },
    });
    await assert.rejects(new Response(source).text(), { message: "enough" });
    assert.equal(db.stats().snapshots, 0);
    assert.throws(() => exportDatabase(db, { format: "xml" as "jsonl" }), TypeError);
  });
});

test("exportDatabase: a value too long for a line is TOO_LARGE, the binary form takes it", async () => {
  const blobs = index("blobs", { key: codec.u8, value: codec.bytes });
  await withStore(async (db) => {
    const value = new Uint8Array(33 * 1024 * 1024);
    value[value.length - 1] = 9;
    await db.update((tx) => tx.open(blobs).put(1, value));
    await assert.rejects(exported(db, "jsonl"), { code: "TOO_LARGE" });
    assert.equal(db.stats().snapshots, 0);
    const copy = await Database.memory();
    await importDatabase(copy, exportDatabase(db, { format: "binary" }));
    assert.equal(copy.open(blobs).get(1)?.at(-1), 9);
    await copy.close();
  });
});

test("importDatabase: secondary indexes come once, and fit the records", async () => {
  const people = index("people", {
    key: codec.u8,
    value: codec.json<{ city: string }>(),
    indexes: { byCity: { key: codec.string, of: (person) => person.city } },
  });
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let n = 0; n < 50; n++) tx.open(people).put(n, { city: `city ${n % 3}` });
    });
    for (const format of FORMATS) {
      await withStore(async (copy) => {
        const report = await importDatabase(copy, exportDatabase(db, { format }));
        assert.equal(report.structures, 2);
        assert.deepEqual(contentOf(copy), contentOf(db));
        assert.deepEqual(copy.open(people).verify().problems, []);
        await copy.update((tx) => tx.open(people).put(7, { city: "new" }));
        assert.deepEqual(copy.open(people).verify().problems, []);
      });
    }
  });
});
