/**
 * Failed writes and syncs of endless streams, at every call: what was acknowledged before is there,
 * and what is appended after opening again is not built on what the disk has lost.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { EndlessStream } from "../../mod.ts";
import { everyFault, FAULTS } from "../sim/fault/every_fault.ts";
import { logSubjects } from "../sim/block/log_subjects.ts";

for (const [number, fault] of FAULTS.entries()) {
  const name = `${fault.operation} ${fault.mode ?? ""}${fault.shortWrite ?? ""}`.trim();
  for (const kind of ["disk", "mixed"] as const) {
    const subject = logSubjects.find((one) =>
      one.name === (kind === "mixed" ? "log: durability" : "log: span")
    )!;
    test(
      `EndlessStream: a failed ${name}, ${kind}, opening again, and a power cut lose nothing acknowledged`,
      async () => {
        assert.ok(await everyFault(subject, fault, { stride: 11, seed: number }) > 0);
      },
    );
  }
}

test("EndlessStream: when all syncs fail, the next process finds what was handed to the system", async () => {
  const disk = new SimulatedDisk({ seed: 5 });
  const log = await EndlessStream.open("/log", { io: disk.io, segmentBytes: 16_384 });
  await log.append(new Uint8Array(10));
  await log.grow();
  await log.append(new Uint8Array(20), { durability: "os" });
  disk.fail({ operation: "sync", times: Infinity });
  await assert.rejects(log.append(new Uint8Array(30)), { code: "POISONED" });
  await log.close();
  disk.heal();
  const next = await EndlessStream.open("/log", { io: disk.processDeath().io });
  assert.ok(next.end >= 2, `it ends at ${next.end}`);
  assert.equal(next.get(1)?.length, 20);
  for (const { disk: image } of disk.images({ limit: 20 })) {
    const after = await EndlessStream.open("/log", { io: image.io });
    assert.equal(after.get(0)?.length, 10);
    await after.close();
  }
});

test("EndlessStream: a failed sync beside a run that is being allocated leaves a log that opens", async () => {
  for (let at = 0; at < 6; at++) {
    const disk = new SimulatedDisk({ seed: 6 });
    const log = await EndlessStream.open("/log", { io: disk.io, segmentBytes: 16_384 });
    await log.append(new Uint8Array(10));
    disk.fail({ operation: "sync", mode: "F3", at });
    // The log goes on in another run, too, should the sync of the append be the one that fails.
    const growing = log.grow().catch(() => {});
    await log.append(new Uint8Array(30)).catch(() => {});
    await growing;
    await log.close().catch(() => {});
    const next = await EndlessStream.open("/log", { io: disk.processDeath().io });
    assert.ok(next.end >= 1);
    await next.close();
  }
});

test("EndlessStream.dropCursor is POISONED behind a failed write: a cursor that is in doubt may be there later", async () => {
  const disk = new SimulatedDisk({ seed: 7 });
  const log = await EndlessStream.open("/log", { io: disk.io });
  await log.append(new Uint8Array(10));
  disk.fail({ operation: "sync" });
  await assert.rejects(log.setCursor("a", 1), { code: "POISONED" });
  await assert.rejects(log.dropCursor("a"), { code: "POISONED" });
  await log.close();
  await assert.rejects(log.dropCursor("a"), { code: "CLOSED" });
});
