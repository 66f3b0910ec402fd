/** One value as large as values get: `LARGE_VALUE_BYTES=1073741824` in the environment for 1 GiB. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { Database, segment } from "../../mod.ts";

const BYTES = Number(process.env["LARGE_VALUE_BYTES"] ?? 24 * 1024 * 1024);
if (!Number.isSafeInteger(BYTES) || BYTES < 1) throw new RangeError("LARGE_VALUE_BYTES is no size");

const files = segment("files");

test("segment keeps a very large value over reopening, and gives its space back", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-large-"));
  try {
    const path = join(folder, "store.hold");
    const value = new Uint8Array(BYTES);
    for (let at = 0; at < BYTES; at += 1021) value[at] = at;
    let db = await Database.open(path);
    const id = await db.update((tx) => tx.open(files).insert(value));
    await db.close();
    db = await Database.open(path);
    const got = db.open(files).read(id);
    // Not by `deepEqual`, which takes minutes for that many bytes.
    assert.ok(got !== undefined && got.length === BYTES);
    assert.ok(got.every((byte, at) => byte === value[at]));
    assert.deepEqual((await db.check()).problems, []);
    await assert.rejects(
      db.update((tx) => tx.open(files).insert(new Uint8Array(1024 ** 3 + 1))),
      { code: "TOO_LARGE" },
    );
    await db.update((tx) => tx.open(files).delete(id));
    const { bytesAfter } = await db.compact();
    assert.ok(bytesAfter < 1024 * 1024, `${bytesAfter}`);
    await db.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
