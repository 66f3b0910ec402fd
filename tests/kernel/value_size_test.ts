import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { crc32 } from "../../src/base/checksum.ts";
import { VALUE_BYTES_MAX } from "../../src/kernel/limits.ts";
import { Database, type RecordId, segment } from "../../mod.ts";
import { assertWhole, withFolder } from "./checked.ts";

const notes = segment("notes");

/** Size of the largest value; `VALUE_MIB=1024` in the environment tests the limit itself. */
const LARGEST_BYTES = Number(process.env["VALUE_MIB"] ?? 20) * 1024 * 1024;

test("segment: a value of the largest size comes back whole, over update and reopening", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "large.hold");
    const value = new Uint8Array(LARGEST_BYTES);
    for (let at = 0; at < value.length; at += 4093) value[at] = at >>> 12;
    const sum = crc32(value, 0, value.length);
    let db = await Database.open(path);
    const ids: RecordId[] = await db.update((tx) => [
      tx.open(notes).insert(value),
      tx.open(notes).insert(new Uint8Array(0)),
    ]);
    await db.update((tx) => tx.open(notes).update(ids[1]!, value.subarray(1)));
    await db.close();
    db = await Database.open(path);
    const read = db.open(notes).read(ids[0]!)!;
    assert.equal(read.length, LARGEST_BYTES);
    assert.equal(crc32(read, 0, read.length), sum);
    assert.equal(db.open(notes).read(ids[1]!)!.length, LARGEST_BYTES - 1);
    await assertWhole(db);
    await db.close();
  });
});

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
