/** Files of every released version stay readable; `tests/tools/store_fixture.ts` made them. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Database } from "../../mod.ts";
import { crc32 } from "../../src/base/checksum.ts";
import { contentOf } from "../structures/export_fixture.ts";
import { ROOT } from "../tools/repository.ts";
import { runCommand } from "../tools/run_command.ts";
import { assertWhole, withFolder } from "./checked.ts";
import {
  buildStore,
  importFixture,
  IN_DOUBT,
  PEOPLE,
  people,
  personOf,
  stock,
} from "./store_fixture.ts";

/** Asserts that a database holds what the fixture was made of. */
async function assertContent(db: Database): Promise<void> {
  const exported = await Database.memory();
  await importFixture(exported);
  const content = contentOf(db);
  for (const [name, expected] of Object.entries(contentOf(exported))) {
    assert.deepEqual(content[name], expected, name);
  }
  await exported.close();
  const found = db.open(people);
  assert.equal(found.count(), PEOPLE - 1);
  for (let n = 1; n < PEOPLE; n += 177) {
    const [name, person] = personOf(n);
    assert.deepEqual(found.get(name), person);
  }
  assert.equal(found.by("byCity").get("city 0").length, PEOPLE / 40 - 1);
  assert.deepEqual(found.verify(), { ok: true, problems: [] });
  assert.deepEqual([...db.open(stock).keys()], ["large", "late", "middle"]);
  assert.deepEqual(db.open(stock).get("large"), new Uint8Array(100_000).fill(1));
  assert.deepEqual(db.open(stock).get("late"), new Uint8Array(70_000).fill(4));
  assert.equal(content["dropped"], undefined);
  assert.deepEqual(db.recovered.inDoubt, [IN_DOUBT]);
  await assertWhole(db);
}

for (const file of ["store-v1.hold", "store-v1-crashed.hold"]) {
  test(`Database.open: ${file} holds what it held, to read and to go on`, async () => {
    const image = gunzipSync(readFileSync(join(ROOT, `tests/fixtures/${file}.gz`)));
    await withFolder(async (folder) => {
      const path = join(folder, file);
      writeFileSync(path, image);
      const reader = await Database.open(path, { readOnly: true });
      assert.equal(reader.recovered.cleanClose, !file.includes("crashed"));
      assert.equal(reader.recovered.replayedBatches > 0, file.includes("crashed"));
      await assertContent(reader);
      await reader.close();
      assert.ok(readFileSync(path).equals(image), "nothing was written");
      const db = await Database.open(path);
      await assertContent(db);
      await db.update((tx) => tx.open(people).put(...personOf(0)));
      await db.prepared()[0]!.commit();
      await db.close();
      const again = await Database.open(path);
      assert.equal(again.open(people).count(), PEOPLE);
      assert.deepEqual(again.open(stock).get("nuts"), new Uint8Array([7]));
      assert.deepEqual(again.open(stock).get("held"), new Uint8Array(80_000).fill(3));
      assert.deepEqual(again.recovered.inDoubt, []);
      await assertWhole(again);
      await again.close();
    });
  });
}

for (const other of ["deno", "bun", "node"] as const) {
  const program = process.env[`${other.toUpperCase()}_BIN`];
  const skip = program === undefined ? `${other.toUpperCase()}_BIN names no program` : false;

  test(`Database: the same work makes the same bytes here and in ${other}`, { skip }, async () => {
    const words = other === "deno" ? ["run", "-A", "--no-npm", "--no-check", "--quiet"] : [];
    const there = await runCommand(program!, [...words, "tests/kernel/store_digest.ts"]);
    assert.equal(there.code, 0, there.output);
    const images = Object.values(await buildStore());
    const here = images.map((image) => `${image.length} ${crc32(image, 0, image.length)}\n`);
    assert.equal(there.stdout, here.join(""));
  });
}
