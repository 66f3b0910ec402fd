/** Journals whose disk refuses to sync, again and again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Journal } from "../../mod.ts";
import { hasCode } from "../sim/disk/disk_fixture.ts";

const PATH = "/folder/a.journal";
const options = { codec: codec.u32 };

test("Journal: openings that fail one after the other leave the durable value in its slot", async () => {
  for (const mode of ["F1", "F2", "F3"] as const) {
    const disk = new SimulatedDisk({ seed: 3, profile: "hostile" });
    const journal = await Journal.open(disk.io, PATH, options);
    await journal.update(() => 7);
    disk.fail({ operation: "sync", mode, times: Infinity });
    await assert.rejects(journal.update(() => 8), hasCode("IO_FAILED"));
    assert.equal(journal.get(), 7);
    await assert.rejects(journal.update(() => 9), hasCode("POISONED"));
    await journal.close();
    // As many as there are slots, and one more.
    for (let opening = 0; opening < 4; opening++) {
      await assert.rejects(Journal.open(disk.io, PATH, options), hasCode("IO_FAILED"));
    }
    // Whatever was written without a sync is neither old nor new.
    const outcomes = disk.decisions().map(() => "garbage" as const);
    const worst = disk.crash({ label: "garbage", seed: 1, outcomes });
    const left = await Journal.open(worst.io, PATH, options);
    assert.equal(
      left.get(),
      7,
      `${mode}: the acknowledged value is in a slot that nobody wrote to`,
    );
    await left.close();
    let images = 0;
    for (const { disk: image } of disk.images({ limit: 60, seed: 5 })) {
      const after = await Journal.open(image.io, PATH, options);
      assert.ok([7, 8].includes(after.get()!), `${mode}: ${after.get()}`);
      assert.ok(after.damagedSlots.length <= 1, `${mode}: slots ${after.damagedSlots}`);
      await after.close();
      images++;
    }
    assert.ok(images > (mode === "F1" ? 10 : 0));
    disk.heal();
    const healed = await Journal.open(disk.io, PATH, options);
    assert.equal(healed.get(), 7, "what was refused is not there");
    await healed.close();
  }
});
