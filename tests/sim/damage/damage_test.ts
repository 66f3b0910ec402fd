/** Damage of structures without a damage test of their own; and whether the campaign would find any. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Database } from "../../../mod.ts";
import { runDamage } from "./damage_campaign.ts";
import { chosenStores, runLanes } from "./damage_lanes.ts";
import { DamageDisk } from "./damage_disk.ts";
import { assertDamage } from "./damage_sample.ts";
import { goldenStores as faultyStores } from "./faulty_stores.ts";
import { goldenStores } from "../golden/golden_stores.ts";
import { KINDS, Mutations } from "./mutations.ts";

for (const name of ["secondary index", "segment", "streams"]) {
  test(`${name}: any damage of a store is the right data, or an error with a code`, {
    timeout: 60_000,
  }, async () => {
    await assertDamage({ stores: [name], codes: ["CORRUPT_PAGE", "CORRUPT_SUPERBLOCK"] });
  });
}

test("damage campaign: finds data that is wrong, errors without a code, a loss after a close", async () => {
  const { rows } = await runDamage({ stores: faultyStores.slice(0, 6) });
  const found = new Map(rows.map(({ name, violations }) => [name, violations]));
  assert.deepEqual(found.get("sound"), []);
  assert.match(found.get("other data")!.join("\n"), /^byte at 10 of .*: byte 10 is \d+$/m);
  assert.match(found.get("no code")!.join("\n"), /^cut at 8 of .* RangeError: offset is out/m);
  assert.match(found.get("unexpected")!.join("\n"), /CORRUPT_VALUE, which nobody expected/);
  assert.match(found.get("another code")!.join("\n"), /the code INVARIANT/);
  assert.match(found.get("lost")!.join("\n"), /^cut at 19 of .*lost after a clean close: tail$/m);
});

test("damage campaign: a hang and the death of a process are met, and the rest is done", {
  timeout: 240_000,
}, async () => {
  const order = {
    module: "faulty_stores.ts",
    stores: ["sound", "hangs", "dies"],
    state: undefined,
  };
  assert.equal((await chosenStores(order)).length, 3);
  const work = { ...order, runs: undefined, kinds: [], values: 4, seed: 1, lanes: 2 } as const;
  const { rows, hangs, deaths } = await runLanes(work, () => {}, () => {}, 1500);
  assert.deepEqual([hangs, deaths], [1, 1]);
  const [sound, hanging, dying] = rows;
  assert.equal(sound!.cuts, 39);
  assert.equal(hanging!.runs, sound!.runs - 1);
  assert.equal(dying!.runs, sound!.runs - 1);
  assert.deepEqual([hanging!.violations, dying!.violations], [[], []]);
});

test("damage campaign: every golden is small, and every byte that is read has its mutations", {
  timeout: 60_000,
}, async () => {
  for (const store of goldenStores) {
    for (const { state, files, before } of await store.build()) {
      const what = `${store.name}, ${state}`;
      const bytes = Array.from(files.values(), ({ length }) => length).reduce((a, b) => a + b);
      assert.ok(bytes <= 160 * 1024, `${what} has ${bytes} bytes`);
      const isRead = new Map(
        Array.from(files, ([path, { length }]) => [path, new Uint8Array(length).fill(1)] as const),
      );
      const mutations = new Mutations(files, before, isRead, 1);
      assert.equal(mutations.countOf("byte"), bytes);
      assert.equal(mutations.countOf("cut"), bytes - files.size);
      for (let index = 0; index < bytes; index += 997) {
        const mutation = mutations.at("byte", index)!;
        const there = files.get(mutation.path)![mutation.at];
        assert.notEqual(mutation.bytes[0], there, `${what}, byte ${mutation.at}`);
      }
      for (const kind of KINDS) {
        // A journal that was never changed has no older version.
        if (kind !== "stale" || before.length > 0) assert.ok(mutations.countOf(kind) > 0, kind);
      }
    }
  }
});

test("DamageDisk.restore leaves what there was at first, whoever still writes", async () => {
  const disk = new DamageDisk(new Map([["/a", new Uint8Array(5000).fill(1)]]), 1);
  const file = await disk.io.open("/a", "write");
  file.writeAt(new Uint8Array(9000).fill(2), 4000);
  file.truncate(6000);
  await disk.io.remove("/a");
  await disk.io.open("/b", "create");
  const lock = await disk.io.tryLock("/a");
  assert.ok(lock !== undefined);
  disk.restore();
  file.writeAt(new Uint8Array(10).fill(3), 0);
  file.truncate(1);
  assert.deepEqual(disk.contents(), new Map([["/a", new Uint8Array(5000).fill(1)]]));
  assert.ok(await disk.io.tryLock("/a") !== undefined);
  disk.truncate("/a", 10);
  await assert.rejects(Database.open("/a", { io: disk.io }), { code: "LOCKED" });
});
