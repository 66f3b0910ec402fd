/** One blob as large as blobs get: `LARGE_BLOB_BYTES=4294967296` in the environment for 4 GiB. */

import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { contentStore, Database } from "../../mod.ts";
import { sha256 } from "../../src/base/digest.ts";
import { CHUNK_BYTES } from "../../src/structures/content/content_layout.ts";
import { runningIo } from "../io/running_io.ts";
import { withFolder } from "../kernel/checked.ts";
import { someBytes, streamOf } from "./content_stores.ts";

const BYTES = Number(process.env["LARGE_BLOB_BYTES"] ?? 65 * 1024 * 1024 + 3);
if (!Number.isSafeInteger(BYTES) || BYTES < 65 * 1024 * 1024) {
  throw new RangeError("LARGE_BLOB_BYTES is no size of a large blob");
}

const MIB = 1024 * 1024;
const films = contentStore("films");

/** Different bytes in each chunk, without keeping them. */
function* film(): Generator<Uint8Array> {
  const piece = someBytes(CHUNK_BYTES);
  for (let at = 0; at < BYTES; at += CHUNK_BYTES) {
    new DataView(piece.buffer).setFloat64(0, at);
    yield piece.slice(0, Math.min(CHUNK_BYTES, BYTES - at));
  }
}

test("contentStore keeps a very large blob over reopening in bounded memory, and gives its space back", async () => {
  await withFolder(async (folder) => {
    const io = await runningIo();
    const path = join(folder, "films.hold");
    let db = await Database.open(path, { io });
    const before = process.memoryUsage().rss;
    const id = await db.update((tx) => tx.open(films).put(streamOf(film())));
    await db.close();
    db = await Database.open(path, { io });
    const reader = db.open(films);
    assert.equal(reader.length(id), BYTES);
    assert.throws(() => reader.get(id), { code: "TOO_LARGE" });
    assert.throws(() => reader.range(id, 0), { code: "TOO_LARGE" });

    const state = (io.digest?.("sha256") ?? sha256).create();
    for (const piece of film()) state.update(piece);
    assert.ok(Buffer.from(state.digest()).equals(id.bytes));
    let at = 0;
    const wanted = film();
    for await (const piece of reader.stream(id)!) {
      assert.ok(Buffer.from(piece).equals(wanted.next().value!), `at ${at}`);
      at += piece.length;
    }
    assert.equal(at, BYTES);
    const tail = reader.range(id, BYTES - 5)!;
    let end: number[] = [];
    for (const piece of film()) end = [...end, ...piece.subarray(-5)].slice(-5);
    assert.deepEqual([...tail], end);
    const grown = process.memoryUsage().rss - before;
    if (BYTES >= 512 * MIB) assert.ok(grown < 300 * MIB, `${grown} bytes of memory`);

    assert.deepEqual((await db.check({ structures: [films] })).problems, []);
    await db.update((tx) => tx.open(films).delete(id));
    const { bytesAfter } = await db.compact();
    assert.ok(bytesAfter < MIB, `${bytesAfter}`);
    await db.close();
  });
});
