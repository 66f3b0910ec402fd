import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index } from "../../mod.ts";

const table = index("table", { key: codec.string, value: codec.bytes });
const LARGE = new Uint8Array(70_000).fill(7);

test("Database.open does not write large values again that a later batch says were durable", async () => {
  const disk = new SimulatedDisk({ profile: "hostile" });
  const db = await Database.open("/a.hold", { io: disk.io });
  await db.update((tx) => tx.open(table).put("large", LARGE));
  await db.update((tx) => tx.open(table).put("small", new Uint8Array(9)));
  const whole = disk.crash("nothing kept");
  await Database.open("/a.hold", { io: whole.io });
  assert.ok(whole.operations > 3, `${whole.operations} operations`);
  let images = 0;
  for (let cut = 0; cut < whole.operations; cut++) {
    const again = disk.crash("nothing kept");
    again.cutAt(cut);
    await assert.rejects(Database.open("/a.hold", { io: again.io }), { code: "IO_FAILED" });
    for (const { disk: image } of again.images({ limit: 12, seed: cut })) {
      const found = await Database.open("/a.hold", { io: image.io });
      assert.deepEqual(found.open(table).get("large"), LARGE);
      assert.equal(found.open(table).get("small")?.length, 9);
      images++;
    }
  }
  assert.ok(images > 20, `${images} images`);
  await db.close();
});
