/** A dropped structure whose pages cannot be read for a while. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index } from "../../mod.ts";

const words = index("words", { key: codec.u32, value: codec.string });
const others = index("others", { key: codec.u32, value: codec.string });

test("regression: a read that fails while a dropped structure is freed leaves its tree whole", async () => {
  let injected = 0;
  for (let at = 0; at < 8; at++) {
    const first = new SimulatedDisk({ seed: at });
    let db = await Database.open("/a.hold", { io: first.io });
    await db.update((tx) => tx.open(words).put(1, "one"));
    await db.close();
    db = await Database.open("/a.hold", { io: first.io });
    await db.update((tx) => tx.drop(words));

    const disk = first.processDeath();
    db = await Database.open("/a.hold", { io: disk.io });
    disk.fail({ operation: "read", at });
    const putting = db.update((tx) => tx.open(others).put(1, "two"));
    for (let turn = 0; disk.injected === 0 && turn < 50; turn++) {
      await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
    }
    disk.heal();
    injected += disk.injected;
    await Promise.allSettled([putting, db.checkpoint()]);

    const again = await Database.open("/a.hold", { io: disk.processDeath().io });
    assert.deepEqual((await again.check()).problems, []);
  }
  assert.ok(injected > 0);
});
