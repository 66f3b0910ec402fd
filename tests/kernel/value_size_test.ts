import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { VALUE_BYTES_MAX } from "../../src/kernel/limits.ts";
import { Database, segment } from "../../mod.ts";
import { assertWhole, withFolder } from "./checked.ts";

const notes = segment("notes");

test("segment: a value over the limit is TOO_LARGE before anything is written", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "over.hold");
    const db = await Database.open(path);
    const id = await db.update((tx) => tx.open(notes).insert(new Uint8Array(1)));
    const size = statSync(path).size;
    const { pagesWritten } = db.stats();
    // Nobody reads it, so that its memory is never taken.
    const value = new Uint8Array(VALUE_BYTES_MAX + 1);
    const tx = db.begin();
    assert.throws(() => tx.open(notes).insert(value), { code: "TOO_LARGE" });
    assert.throws(() => tx.open(notes).update(id, value), { code: "TOO_LARGE" });
    assert.equal(statSync(path).size, size);
    assert.equal(db.stats().pagesWritten, pagesWritten);
    await tx.commit();
    assert.deepEqual([...db.open(notes).scan()].map(({ bytes }) => bytes), [new Uint8Array(1)]);
    await assertWhole(db);
    await db.close();
  });
});
