/** A store that was closed: nothing is torn in it, and nothing was written since. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { codec, Database, index } from "../../mod.ts";
import { PAGE_BYTES, SUPERBLOCK_SLOTS } from "../../src/kernel/limits.ts";
import { diskWith, readBytes } from "./file_bytes.ts";

const PATH = "/closed.hold";
const table = index("table", { key: codec.u32, value: codec.string });

test("Database.open refuses a batch behind a clean close", async () => {
  const io = memoryIo();
  const db = await Database.open(PATH, { io });
  await db.update((tx) => tx.open(table).put(1, "one"));
  await db.close();
  const closed = await readBytes(io, PATH);

  const again = await Database.open(PATH, { io });
  await again.update((tx) => tx.open(table).put(2, "two"));
  const mixed = await readBytes(io, PATH);
  await again.close();
  // The mark that the store is in use is lost, as by a write that never arrived; the commit is not.
  mixed.set(closed.subarray(0, SUPERBLOCK_SLOTS * PAGE_BYTES));
  await assert.rejects(
    Database.open(PATH, { io: await diskWith(mixed, PATH) }),
    { code: "CORRUPT_LOG", name: "CorruptionError" },
  );

  const whole = await Database.open(PATH, { io: await diskWith(closed, PATH) });
  assert.equal(whole.recovered.cleanClose, true);
  assert.deepEqual([...whole.open(table).range()], [[1, "one"]]);
  await whole.close();
});
