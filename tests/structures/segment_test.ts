import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { codec, Database, index, RecordId, type ScanOptions, segment } from "../../mod.ts";
import { assertWhole, bytes, withStore } from "../kernel/checked.ts";

const notes = segment("notes");

function text(given: Uint8Array | undefined): string | undefined {
  return given === undefined ? undefined : new TextDecoder().decode(given);
}

test("segment: ids stay the same over updates and reopening, and are never given again", async () => {
  const io = memoryIo();
  const given = new Set<string>();
  let kept: RecordId | undefined;
  for (let life = 0; life < 4; life++) {
    const db = await Database.open("a.hold", { io });
    const ids = await db.update((tx) => {
      const writer = tx.open(notes);
      return ["a", "b", "c"].map((word) => writer.insert(bytes(word)));
    });
    for (const id of ids) {
      assert.equal(given.has(String(id)), false, `${id} was given twice`);
      given.add(String(id));
    }
    kept ??= ids[0]!;
    // The newest and the oldest go: the next life must not take the number of the newest again.
    await db.update((tx) => {
      tx.open(notes).update(kept!, bytes(`life ${life}`));
      tx.open(notes).delete(ids[1]!);
      tx.open(notes).delete(ids[2]!);
    });
    assert.equal(text(db.open(notes).read(kept)), `life ${life}`);
    assert.equal(db.open(notes).read(ids[2]!), undefined);
    assert.equal(db.open(notes).count(), life + 1);
    await assertWhole(db);
    await db.close();
  }
});

test("segment: ids stay the same over compaction, and are never given again after it", async () => {
  await withStore(async (db) => {
    const ids = await db.update((tx) => {
      const writer = tx.open(notes);
      return Array.from({ length: 3000 }, (_, i) => writer.insert(new Uint8Array(500).fill(i)));
    });
    await db.checkpoint();
    await db.update((tx) => ids.forEach((id, i) => i % 10 !== 0 && tx.open(notes).delete(id)));
    const { movedPages } = await db.compact();
    assert.ok(movedPages > 0);
    const kept = ids.filter((_, i) => i % 10 === 0);
    assert.deepEqual([...db.open(notes).scan()].map(({ id }) => String(id)), kept.map(String));
    for (const [i, id] of kept.entries()) {
      assert.deepEqual(db.open(notes).read(id), new Uint8Array(500).fill(10 * i));
    }
    const next = await db.update((tx) => tx.open(notes).insert(bytes("next")));
    assert.ok(next.serial > ids.at(-1)!.serial);
  });
});

test("segment: reads and scans see what a transaction has and no more", async () => {
  await withStore(async (db) => {
    const [a, b] = await db.update((tx) => {
      const writer = tx.open(notes);
      return [writer.insert(bytes("a")), writer.insert(new Uint8Array(0))] as const;
    });
    const snapshot = db.snapshot();
    const tx = db.begin();
    const writer = tx.open(notes);
    const c = writer.insert(bytes("c"));
    writer.update(a, bytes("A"));
    writer.delete(b);
    const words = (entries: Iterable<{ bytes: Uint8Array }>): (string | undefined)[] =>
      [...entries].map((entry) => text(entry.bytes));
    assert.deepEqual(words(writer.scan()), ["A", "c"]);
    assert.equal(writer.count(), 2);
    assert.equal(writer.has(b), false);
    assert.deepEqual(words(db.open(notes).scan()), ["a", ""]);
    await tx.commit();
    assert.deepEqual(words(db.open(notes).scan()), ["A", "c"]);
    assert.deepEqual(words(snapshot.open(notes).scan()), ["a", ""]);
    assert.deepEqual([...db.open(notes).scan()].map(({ id }) => String(id)), [a, c].map(String));
    snapshot.release();
  });
});

test("segment.scan goes both ways, and goes on behind any record", async () => {
  await withStore(async (db) => {
    const ids = await db.update((tx) => {
      const writer = tx.open(notes);
      return Array.from({ length: 300 }, (_, i) => writer.insert(bytes(String(i))));
    });
    const numbers = (options?: ScanOptions): number[] =>
      [...db.open(notes).scan(options)].map((entry) => Number(text(entry.bytes)));
    const all = Array.from({ length: 300 }, (_, i) => i);
    assert.deepEqual(numbers(), all);
    assert.deepEqual(numbers({ reverse: true }), all.toReversed());
    assert.deepEqual(numbers({ after: ids[250]!, limit: 3 }), [251, 252, 253]);
    assert.deepEqual(numbers({ after: ids[2]!, reverse: true }), [1, 0]);
    await db.update((tx) => tx.open(notes).delete(ids[250]!));
    assert.deepEqual(numbers({ after: ids[250]!, limit: 1 }), [251]);
    assert.deepEqual(numbers({ after: ids[299]! }), []);
    // From page to page, backwards, as a caller that comes back for more does.
    const seen: number[] = [];
    for (let options: ScanOptions = { reverse: true, limit: 7 };;) {
      const page = [...db.open(notes).scan(options)];
      seen.push(...page.map((entry) => Number(text(entry.bytes))));
      if (page.length < 7) break;
      options = { ...options, after: page.at(-1)!.id };
    }
    assert.deepEqual(seen, all.filter((number) => number !== 250).toReversed());
  });
});

test("segment: transactions that insert side by side do not conflict", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(notes).insert(bytes("first")));
    const open = Array.from({ length: 5 }, () => db.begin());
    const ids = open.map((tx, i) => tx.open(notes).insert(bytes(String(i))));
    assert.equal(new Set(ids.map(String)).size, 5);
    open[2]!.rollback();
    for (const i of [4, 0, 3, 1]) await open[i]!.commit();
    assert.deepEqual(ids.map((id) => text(db.open(notes).read(id))), [
      "0",
      "1",
      undefined,
      "3",
      "4",
    ]);
  });
});

test("segment: unknown ids read as undefined, and NOT_FOUND when they are to be changed", async () => {
  await withStore(async (db) => {
    const other = segment("other");
    const id = await db.update((tx) => {
      tx.open(other).insert(bytes("of the other"));
      return tx.open(notes).insert(bytes("x"));
    });
    const gone = await db.update((tx) => tx.open(notes).insert(bytes("y")));
    await db.update((tx) => tx.open(notes).delete(gone));
    const tx = db.begin();
    for (const unknown of [gone, new RecordId(id.segment, 1000), new RecordId(99, id.serial)]) {
      assert.equal(tx.open(notes).read(unknown), undefined);
      assert.equal(tx.open(notes).has(unknown), false);
      assert.throws(() => tx.open(notes).update(unknown, bytes("z")), { code: "NOT_FOUND" });
      assert.throws(() => tx.open(notes).delete(unknown), { code: "NOT_FOUND" });
    }
    assert.equal(
      tx.open(other).read(id),
      undefined,
      "an id names a record of its own segment only",
    );
    assert.throws(() => tx.open(notes).read("1-1" as unknown as RecordId), TypeError);
    assert.throws(() => tx.open(notes).insert("text" as unknown as Uint8Array), TypeError);
    tx.rollback();
    assert.equal(db.open(segment("none")).read(id), undefined);
  });
});

test("segment: records of any size come back whole, and ids go round as text and in indexes", async () => {
  const io = memoryIo();
  const byName = index("by-name", { key: codec.string, value: codec.recordId });
  const names = index("names", { key: codec.recordId, value: codec.string });
  const sizes = [0, 1, 500, 4096, 65_536, 65_537, 3_000_000];
  const written = sizes.map((size) => Uint8Array.from({ length: size }, (_, i) => i * 31 + size));
  let db = await Database.open("a.hold", { io });
  const ids = await db.update((tx) =>
    written.map((record, i) => {
      const id = tx.open(notes).insert(record);
      tx.open(byName).put(`n${i}`, id);
      tx.open(names).put(id, `n${i}`);
      return id;
    })
  );
  await db.close();
  db = await Database.open("a.hold", { io });
  for (const [i, id] of ids.entries()) {
    const found = db.open(byName).get(`n${i}`);
    assert.ok(found?.equals(id));
    assert.equal(db.open(names).get(RecordId.parse(String(id))), `n${i}`);
    assert.deepEqual(db.open(notes).read(id), written[i]);
  }
  await assertWhole(db);
  await db.close();
});
