/** A new store whose folder could not be synced. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index } from "../../mod.ts";
import { hasCode } from "../sim/disk/disk_fixture.ts";

const PATH = "/store.hold";
const numbers = index("numbers", { key: codec.u32, value: codec.string });

test("Database.open: a new name that a failed sync of the folder has lost is given again", async () => {
  for (const mode of ["F1", "F2", "F3"] as const) {
    const disk = new SimulatedDisk({ seed: 4 });
    disk.fail({ operation: "syncDirectory", mode });
    await assert.rejects(Database.open(PATH, { io: disk.io }), hasCode("IO_FAILED"));
    const db = await Database.open(PATH, { io: disk.io });
    await db.update((tx) => tx.open(numbers).put(1, "acknowledged"));
    for (const { disk: image } of [...disk.images({ limit: 20, seed: 1 })]) {
      const after = await Database.open(PATH, { io: image.io, create: false });
      assert.equal(after.open(numbers).get(1), "acknowledged", mode);
      await after.close();
    }
    await db.close();
  }
});
