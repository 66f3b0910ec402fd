/**
 * Failed writes and syncs of endless streams, at every call: what was acknowledged before is there,
 * and what is appended after opening again is not built on what the disk has lost.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Fault, SimulatedDisk } from "../../adapters/simulated.ts";
import { EndlessStream, type EndlessStreamOptions } from "../../mod.ts";
import { everyFault, FAULTS } from "../sim/fault/every_fault.ts";
import { logSubjects } from "../sim/block/log_subjects.ts";
import { numbered } from "./test_blocks.ts";

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

/** Records of 8000 bytes that are handed to the system and not synced, and the stream they are in. */
async function unsynced(
  disk: SimulatedDisk,
  options: EndlessStreamOptions,
  records: number,
): Promise<EndlessStream> {
  const log = await EndlessStream.open("/log", { io: disk.io, ...options });
  for (let n = 0; n < records; n++) await log.append(numbered(n, 8000), { durability: "os" });
  return log;
}

/** Fills the disk but for so many bytes. */
async function fill(disk: SimulatedDisk, free: number): Promise<void> {
  const page = new Uint8Array(4096);
  const file = await disk.io.open("/ballast", "create");
  disk.setCapacity(4_194_304);
  let bytes = 0;
  try {
    for (;; bytes += page.length) file.writeAt(page, bytes);
  } catch (error) {
    assert.equal((error as { code?: string }).code, "NO_SPACE");
  }
  file.truncate(bytes - free);
  file.close();
}

/** The next process finds them, and what it adds is durable beside them. */
async function assertFound(disk: SimulatedDisk, records: number): Promise<void> {
  const dead = disk.processDeath();
  dead.setCapacity(Infinity);
  const log = await EndlessStream.open("/log", { io: dead.io });
  assert.equal(log.end, records);
  for (let n = 0; n < records; n++) assert.deepEqual(log.get(n), numbered(n, 8000));
  await log.append(numbered(records, 100));
  for (const { disk: image } of dead.images({ limit: 20 })) {
    const after = await EndlessStream.open("/log", { io: image.io });
    assert.equal(after.end, records + 1);
    assert.deepEqual(after.get(records), numbered(records, 100));
    assert.deepEqual((await after.verify()).problems, []);
    await after.close();
  }
  await log.close();
}

for (const ahead of [0, 1]) {
  test(`EndlessStream: a full disk loses nothing that was handed to the system, without reserve, ${ahead} runs ahead`, async () => {
    for (const free of [0, 4096, 12_288, 24_576, 98_304, 491_520]) {
      const disk = new SimulatedDisk({ seed: 8 });
      const options = { segmentBytes: 1_048_576, reserve: false };
      const log = await unsynced(disk, options, 40);
      if (ahead > 0) await log.grow();
      await fill(disk, free);
      disk.fail({ operation: "write", error: "NO_SPACE" });
      await assert.rejects(log.append(numbered(40, 8000), { durability: "os" }), {
        code: "POISONED",
      });
      await log.close();
      disk.heal();
      await assertFound(disk, 40);
    }
  });
}

test("EndlessStream: a log that cannot go on in another run is found as it was, whichever call fails", async () => {
  for (let at = 0; at < 3; at++) {
    for (const shortWrite of [0, 100, 5000, 9000]) {
      const disk = new SimulatedDisk({ seed: 9 });
      const log = await unsynced(disk, { segmentBytes: 65_536, reserve: false }, 4);
      await log.grow();
      disk.fail({ operation: "write" });
      disk.fail({ operation: "write", shortWrite, at: 1 + at });
      await assert.rejects(log.append(numbered(4, 8000), { durability: "os" }), {
        code: "POISONED",
      });
      await log.close();
      disk.heal();
      await assertFound(disk, 4);
    }
  }
});

test("EndlessStream: a log whose next run can be neither written nor cleared opens with what was durable", async () => {
  const cannotClear: Fault[] = [
    { operation: "write", shortWrite: 5000, at: 2 },
    { operation: "write", at: 3 },
  ];
  const cannotSync: Fault[] = [{ operation: "write", at: 2 }, { operation: "sync", at: 1 }];
  for (const faults of [cannotClear, cannotSync]) {
    const disk = new SimulatedDisk({ seed: 11 });
    const log = await unsynced(disk, { segmentBytes: 65_536 }, 1);
    await log.sync();
    await log.append(numbered(1, 8000), { durability: "os" });
    await log.grow();
    for (const fault of [{ operation: "write" } as const, ...faults]) disk.fail(fault);
    await assert.rejects(log.append(numbered(2, 8000), { durability: "os" }), {
      code: "POISONED",
    });
    await log.close();
    disk.heal();
    for (const { disk: image } of [{ disk: disk.processDeath() }, ...disk.images({ limit: 20 })]) {
      const after = await EndlessStream.open("/log", { io: image.io });
      assert.deepEqual(after.get(0), numbered(0, 8000));
      await after.close();
    }
  }
});

test("EndlessStream: what was handed to the system stays where the next run is too small for it", async () => {
  const disk = new SimulatedDisk({ seed: 10 });
  const first = await EndlessStream.open("/log", { io: disk.io, segmentBytes: 65_536 });
  await first.append(numbered(0, 8000));
  await first.close();
  const options = { io: disk.io, segmentBytes: 16_384 };
  const log = await EndlessStream.open("/log", options);
  for (let n = 1; n < 5; n++) await log.append(numbered(n, 8000), { durability: "os" });
  disk.fail({ operation: "write" });
  await assert.rejects(log.append(numbered(5, 8000)), { code: "POISONED" });
  await log.close();
  await assertFound(disk, 5);
});
