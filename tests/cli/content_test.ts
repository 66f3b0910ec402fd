/** What the commands make of a content store. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { contentStore, Database } from "../../mod.ts";
import { withFolder } from "../kernel/checked.ts";
import { someBytes } from "../structures/content_stores.ts";
import { holdfast } from "./run_holdfast.ts";

const photos = contentStore("photos", { digest: "blake3" });

test("stats, dump, export, import: a content store is named, kept and made again", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "data.hold");
    const db = await Database.open(path);
    const ids = await db.update((tx) =>
      [10, 300_000].map((length) => tx.open(photos).put(someBytes(length)))
    );
    await db.close();
    const stats = await holdfast("stats", path);
    assert.match(stats.stdout, /photos.*content-store/, stats.output);
    const dump = await holdfast("dump", path);
    assert.match(dump.stdout, /content-store.*blake3\/32/, dump.output);

    const [text, copy] = [join(folder, "data.jsonl"), join(folder, "copy.hold")];
    const out = await holdfast("export", path, "--output", text);
    assert.equal(out.code, 0, out.output);
    const back = await holdfast("import", copy, "--input", text);
    assert.equal(back.code, 0, back.output);
    const again = await Database.open(copy);
    assert.deepEqual(again.open(photos).get(ids[0]!), someBytes(10));
    assert.equal((await again.open(photos).verify()).blobs, 2);
    await again.close();
  });
});
