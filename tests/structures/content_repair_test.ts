/** Repair of a store with blobs: what it can save is right, and what it cannot is not made up. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { contentStore, Database, repair } from "../../mod.ts";
import { diskWith, readBytes } from "../kernel/file_bytes.ts";
import { someBytes } from "./content_stores.ts";

const photos = contentStore("photos");
const LENGTHS = [0, 500, 2500, 9000, 100_000, 600_000];

test("repair: blobs whose parts are lost are CORRUPT_CONTENT or absent, and a put heals them", async () => {
  const parts = LENGTHS.map((length) => someBytes(length, length));
  const from = memoryIo();
  const db = await Database.open("/data.hold", { io: from });
  const ids = await db.update((tx) => parts.map((bytes) => tx.open(photos).put(bytes)));
  await db.close();
  const image = await readBytes(from, "/data.hold");
  let lost = 0;
  let whole = 0;
  for (let page = 3; page < image.length / 4096; page++) {
    if (image.subarray(page * 4096, page * 4096 + 4096).every((byte) => byte === 0)) continue;
    if (page % (page < 140 ? 4 : 9) !== 0) continue;
    const damaged = image.slice();
    damaged.fill(0xa5, page * 4096 + 100, page * 4096 + 300);
    const io = await diskWith(damaged, "/data.hold");
    await repair("/data.hold", "/new.hold", { io });
    const repaired = await Database.open("/new.hold", { io });
    const reader = repaired.open(photos);
    for (const [n, id] of ids.entries()) {
      try {
        const bytes = reader.get(id);
        if (bytes === undefined) lost++;
        else {
          assert.ok(Buffer.from(bytes).equals(parts[n]!), `page ${page}`);
          whole++;
        }
      } catch (error) {
        assert.equal(
          (error as { code?: string }).code,
          "CORRUPT_CONTENT",
          `page ${page}: ${error}`,
        );
        lost++;
      }
    }
    const { damaged: found } = await repaired.update((tx) =>
      tx.open(photos).verify({ quarantine: true })
    );
    await repaired.update((tx) => {
      for (const bytes of parts) tx.open(photos).put(bytes);
    });
    assert.equal((await reader.verify()).ok, true, `${found.length} were damaged`);
    assert.equal((await repaired.check({ structures: [photos] })).ok, true);
    await repaired.close();
  }
  assert.ok(lost > 2 && whole > 20, `${lost} lost, ${whole} whole`);
});
