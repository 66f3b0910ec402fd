/** Exports of every released version stay importable; `tests/tools/export_fixture.ts` made them. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { codec, type Database, importDatabase, index, recordLog, segment } from "../../mod.ts";
import { withStore } from "../kernel/checked.ts";
import { ROOT } from "../tools/repository.ts";
import { contentOf, exported, streamOf } from "./export_fixture.ts";

const FILES = [["jsonl", "export-v1.jsonl"], ["binary", "export-v1.bin"]] as const;

async function withFixture(
  file: string,
  body: (db: Database, image: Uint8Array) => Promise<void>,
): Promise<void> {
  const image = new Uint8Array(readFileSync(join(ROOT, "tests/fixtures", file)));
  await withStore(async (db) => {
    await importDatabase(db, streamOf(image));
    await body(db, image);
  });
}

test("importDatabase: exports of version 1 hold what they held", async () => {
  const contents: unknown[] = [];
  for (const [, file] of FILES) {
    await withFixture(file, async (db) => {
      contents.push(contentOf(db));
      assert.equal(db.structures().length, 51);
      const byName = index("by name", { key: codec.string, value: codec.recordId });
      const second = db.open(byName).get("second")!;
      const notes = db.open(segment("notes"));
      assert.equal(new TextDecoder().decode(notes.read(second)), "second");
      assert.equal(notes.count(), 2);
      const log = db.open(recordLog("log"));
      assert.equal(log.head(), 3);
      assert.equal(new TextDecoder().decode(log.get(2)), "two");
      assert.equal(log.get(0), undefined);
      const long = db.open(index("long", { key: codec.u8, value: codec.bytes })).get(1)!;
      assert.equal(long.length, 40_000);
      assert.equal(long.at(-1), 39_999 % 256);
      const of = codec.tuple(codec.string, codec.desc(codec.date), codec.u64);
      const keys = index(`keys ${of.name}`, { key: of, value: codec.u8, mode: "cluster" });
      const found = [...db.open(keys).range()];
      assert.equal(found.length, 3);
      assert.ok(found.every(([[text, at, n]]) => {
        return typeof text === "string" && at instanceof Date && typeof n === "bigint";
      }));
    });
  }
  assert.deepEqual(contents[0], contents[1]);
});

test("exportDatabase: version 1 is written as it was", async () => {
  for (const [format, file] of FILES) {
    await withFixture(file, async (db, image) => {
      assert.deepEqual(await exported(db, format), image);
    });
  }
});
