/** Faults, capacity, locks, time and turns of the simulated disk. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { SimulatedDisk } from "../../../adapters/simulated.ts";
import { diskWithFile, DROPPED, filled, hasCode, KEPT, policy, sectors } from "./disk_fixture.ts";

test("SimulatedDisk: sectorBytes 4096 keeps or drops whole blocks", async () => {
  const { disk, file } = await diskWithFile(8192, { sectorBytes: 4096 });
  file.writeAt(filled(8192, 2), 0);
  assert.equal(disk.decisions().length, 2);
  assert.deepEqual(sectors(disk.crash(policy("dropped", "kept")), 4096), [1, 2]);
});

test("SimulatedDisk.fail: a write that fails may have arrived in part", async () => {
  const { disk, file } = await diskWithFile(512);
  disk.fail({ operation: "write", at: 1, error: "NO_SPACE", shortWrite: 3 });
  file.writeAt(filled(1, 5), 511);
  assert.throws(() => file.writeAt(filled(10, 2), 0), hasCode("NO_SPACE"));
  assert.deepEqual([...disk.contents("/f")?.subarray(0, 5) ?? []], [2, 2, 2, 1, 1]);
  file.writeAt(filled(10, 2), 0);
});

test("SimulatedDisk.fail: a persistent fault goes on until healed", async () => {
  const { disk, file } = await diskWithFile(512);
  disk.fail({ operation: "read", times: Infinity });
  for (let i = 0; i < 3; i++) {
    assert.throws(() => file.readAt(new Uint8Array(1), 0), hasCode("IO_FAILED"));
  }
  assert.equal(disk.calls("read"), 3);
  disk.heal();
  assert.equal(file.readAt(new Uint8Array(1), 0), 1);
});

test("SimulatedDisk.fail: a failed sync keeps, loses or reverts what was dirty", async () => {
  for (const mode of ["F1", "F2", "F3"] as const) {
    const { disk, file } = await diskWithFile(512);
    file.writeAt(filled(512, 2), 0);
    disk.fail({ operation: "sync", mode });
    assert.throws(() => file.sync(), hasCode("IO_FAILED"));
    assert.deepEqual(sectors(disk), mode === "F3" ? [1] : [2], mode);
    file.sync();
    assert.deepEqual(sectors(disk.crash(KEPT)), mode === "F1" ? [2] : [1], mode);
  }
});

test("SimulatedDisk: a full disk takes what fits and says NO_SPACE", async () => {
  const { disk, file } = await diskWithFile(4096, { capacityBytes: 8192 });
  assert.throws(() => file.writeAt(filled(8192, 2), 4000), hasCode("NO_SPACE"));
  assert.equal(file.size(), 8192);
  file.truncate(100_000);
  file.truncate(8192);
  disk.setCapacity(12288);
  file.writeAt(filled(4096, 2), 8192);
  assert.throws(() => file.writeAt(filled(1, 2), 12288), hasCode("NO_SPACE"));
});

test("SimulatedDisk.flipBit: reads and later images have the damage", async () => {
  const { disk, file } = await diskWithFile(512);
  disk.flipBit("/f", 100, 3);
  const byte = new Uint8Array(1);
  file.readAt(byte, 100);
  assert.equal(byte[0], 9);
  assert.equal(disk.crash(DROPPED).contents("/f")?.[100], 9);
  assert.throws(() => disk.flipBit("/f", 512, 0), RangeError);
});

test("SimulatedDisk: writes take writeMilliseconds of simulated time", async () => {
  const { disk, file } = await diskWithFile(1024, { writeMilliseconds: 3 });
  const begin = disk.io.monotonic();
  file.writeAt(new Uint8Array(100), 0);
  file.writeAt(new Uint8Array(100), 50);
  assert.equal(disk.io.monotonic() - begin, 6);
  file.sync();
  assert.equal(disk.io.monotonic() - begin, 6);
});

test("SimulatedDisk: syncAsync covers only what was written before it started", async () => {
  const { disk, file } = await diskWithFile(1024, { syncMilliseconds: 5 });
  assert.equal(disk.io.capabilities.asyncSync, true);
  file.writeAt(filled(512, 2), 0);
  const done = file.syncAsync();
  file.writeAt(filled(512, 3), 512);
  assert.equal(disk.decisions().length, 2);
  await done;
  assert.deepEqual(sectors(disk.crash(DROPPED)), [2, 1]);
});

test("SimulatedDisk: a power cut during syncAsync leaves everything undecided", async () => {
  const { disk, file } = await diskWithFile(512);
  file.writeAt(filled(512, 2), 0);
  const done = file.syncAsync();
  disk.cutAt(disk.operations);
  assert.throws(() => file.truncate(0), hasCode("IO_FAILED"));
  await assert.rejects(done, hasCode("IO_FAILED"));
  assert.deepEqual(sectors(disk.crash(DROPPED)), [1]);
  assert.deepEqual(sectors(disk.crash(KEPT)), [2]);
});

test("SimulatedDisk: open modes and access", async () => {
  const { disk } = await diskWithFile(512);
  await assert.rejects(disk.io.open("/none", "read"), hasCode("IO_NOT_FOUND"));
  await assert.rejects(disk.io.open("/none", "write"), hasCode("IO_NOT_FOUND"));
  await assert.rejects(disk.io.open("/f", "create-new"), hasCode("IO_EXISTS"));
  const file = await disk.io.open("//x/..//./f", "read");
  assert.equal(file.size(), 512);
  assert.throws(() => file.writeAt(filled(1, 1), 0), hasCode("IO_ACCESS"));
  file.close();
  assert.throws(() => file.size(), hasCode("CLOSED"));
  assert.deepEqual(await disk.io.stat("/f"), { size: 512, links: 1 });
});

test("SimulatedDisk: the lock has one holder and dies with the power", async () => {
  const disk = new SimulatedDisk();
  const lock = await disk.io.tryLock("/a/f");
  assert.equal(await disk.io.tryLock("/a/./f"), undefined);
  lock?.release();
  assert.notEqual(await disk.io.tryLock("/a/f"), undefined);
  lock?.release();
  assert.equal(await disk.io.tryLock("/a/f"), undefined);
  assert.notEqual(await disk.crash(KEPT).io.tryLock("/a/f"), undefined);
});

test("SimulatedDisk: time passes only when told", async () => {
  const disk = new SimulatedDisk({ syncMilliseconds: 3 });
  const [now, monotonic] = [disk.io.now(), disk.io.monotonic()];
  await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
  assert.deepEqual([disk.io.now(), disk.io.monotonic()], [now, monotonic]);
  disk.advance(10);
  (await disk.io.open("/f", "create")).sync();
  assert.deepEqual([disk.io.now(), disk.io.monotonic()], [now + 13, monotonic + 13]);
});

test("SimulatedDisk: nextTurn comes after pending promise jobs, in order", async () => {
  const { io } = new SimulatedDisk();
  const seen: string[] = [];
  const turns = new Promise<void>((resolve) => {
    io.nextTurn(() => seen.push("first"));
    io.nextTurn(() => {
      seen.push("second");
      resolve();
    });
  });
  for (let i = 0; i < 20; i++) await Promise.resolve();
  seen.push("jobs");
  await turns;
  assert.deepEqual(seen, ["jobs", "first", "second"]);
});
