/** Each persistence rule of the simulated disk, with a state that would break it. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { SimulatedDisk } from "../../../adapters/simulated.ts";
import { diskWithFile, DROPPED, filled, KEPT, policy, sectors } from "./disk_fixture.ts";

test("SimulatedDisk: reads see writes that are not durable", async () => {
  const { file } = await diskWithFile(1024);
  file.writeAt(filled(10, 2), 1020);
  const buffer = new Uint8Array(20);
  assert.equal(file.readAt(buffer, 1015), 15);
  assert.deepEqual([...buffer.subarray(0, 15)], [...filled(5, 1), ...filled(10, 2)]);
  assert.equal(file.size(), 1030);
  assert.equal(file.readAt(buffer, 5000), 0);
});

test("SimulatedDisk: a hole reads as zeros", async () => {
  const { file } = await diskWithFile(0);
  file.writeAt(filled(1, 9), 10_000);
  const buffer = filled(8, 7);
  assert.equal(file.readAt(buffer, 4092), 8);
  assert.deepEqual(buffer, new Uint8Array(8));
});

test("SimulatedDisk: an unsynced write can be lost or kept", async () => {
  const { disk, file } = await diskWithFile(1024);
  file.writeAt(filled(1024, 2), 0);
  assert.deepEqual(sectors(disk.crash(DROPPED)), [1, 1]);
  assert.deepEqual(sectors(disk.crash(KEPT)), [2, 2]);
});

test("SimulatedDisk: each sector of a write is decided apart", async () => {
  const { disk, file } = await diskWithFile(2048);
  file.writeAt(filled(2048, 2), 0);
  assert.equal(disk.decisions().length, 4);
  assert.deepEqual(
    sectors(disk.crash(policy("kept", "dropped", "kept", "dropped"))),
    [2, 1, 2, 1],
  );
});

test("SimulatedDisk: sectors are aligned to the disk, not to the write", async () => {
  const { disk, file } = await diskWithFile(2048);
  file.writeAt(filled(600, 2), 500);
  const bytes = disk.crash(policy("dropped", "kept", "dropped")).contents("/f");
  assert.equal(bytes?.indexOf(2), 512);
  assert.equal(bytes?.lastIndexOf(2), 1023);
});

test("SimulatedDisk: a torn sector holds new bytes at one end and old ones at the other", async () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const { disk, file } = await diskWithFile(512);
    file.writeAt(filled(512, 2), 0);
    const bytes = disk.crash({ label: "torn", seed, outcomes: ["torn"] }).contents("/f");
    assert.ok(bytes !== undefined && bytes.every((byte) => byte === 1 || byte === 2));
    const changes = bytes.reduce(
      (sum, byte, at) => sum + Number(at > 0 && byte !== bytes[at - 1]),
      0,
    );
    assert.ok(changes <= 1);
    if (changes === 1) seen.add(bytes[0] === 2 ? "new first" : "old first");
  }
  assert.deepEqual([...seen].sort(), ["new first", "old first"]);
});

test("SimulatedDisk: the hostile profile leaves garbage, only in the written range", async () => {
  const { disk, file } = await diskWithFile(512, { profile: "hostile" });
  file.writeAt(filled(100, 2), 50);
  const bytes = disk.crash(policy("garbage")).contents("/f");
  assert.ok(bytes?.subarray(50, 150).some((byte) => byte !== 1 && byte !== 2));
  assert.deepEqual(bytes?.subarray(0, 50), filled(50, 1));
  assert.deepEqual(bytes?.subarray(150), filled(362, 1));
  file.writeAt(filled(40_000, 2), 0);
  const outcomes = disk.policies({ limit: 64 }).flatMap((one) => one.outcomes);
  assert.ok(outcomes.includes("garbage"));
});

test("SimulatedDisk: without powersafe overwrite garbage fills the whole sector", async () => {
  const { disk, file } = await diskWithFile(1024, { profile: "no-psow" });
  file.writeAt(filled(100, 2), 562);
  const bytes = disk.crash(policy("garbage")).contents("/f");
  assert.deepEqual(bytes?.subarray(0, 512), filled(512, 1));
  assert.ok(bytes?.subarray(512, 562).some((byte) => byte !== 1));
  assert.ok(bytes?.subarray(662).some((byte) => byte !== 1));
});

test("SimulatedDisk: growth and data are decided apart", async () => {
  const { disk, file } = await diskWithFile(512);
  file.writeAt(filled(512, 2), 512);
  assert.deepEqual(disk.decisions().map((decision) => decision.kind), ["sector", "size"]);
  assert.deepEqual(sectors(disk.crash(policy("dropped", "kept"))), [1, 0]);
  assert.deepEqual(sectors(disk.crash(policy("kept", "dropped"))), [1]);
  assert.deepEqual(sectors(disk.crash(policy("kept", "kept"))), [1, 2]);
});

test("SimulatedDisk: a write inside an unsynced growth is lost with the size", async () => {
  const { disk, file } = await diskWithFile(512);
  file.truncate(1024);
  file.writeAt(filled(512, 2), 512);
  assert.deepEqual(sectors(disk.crash(policy("dropped", "kept"))), [1]);
  assert.deepEqual(sectors(disk.crash(policy("kept", "kept"))), [1, 2]);
});

test("SimulatedDisk: an unsynced truncate can be lost or kept", async () => {
  const { disk, file } = await diskWithFile(1024);
  file.truncate(512);
  assert.equal(file.size(), 512);
  assert.deepEqual(sectors(disk.crash(DROPPED)), [1, 1]);
  assert.deepEqual(sectors(disk.crash(KEPT)), [1]);
});

test("SimulatedDisk: bytes cut off by a truncate do not come back by growing", async () => {
  const { disk, file } = await diskWithFile(1024);
  file.truncate(100);
  file.truncate(1024);
  const bytes = filled(1024, 7);
  file.readAt(bytes, 0);
  assert.deepEqual(bytes.subarray(100), new Uint8Array(924));
  assert.deepEqual(disk.crash(KEPT).contents("/f"), bytes);
});

test("SimulatedDisk: sync makes writes and size durable", async () => {
  const { disk, file } = await diskWithFile(512);
  file.writeAt(filled(1024, 2), 0);
  file.sync();
  assert.deepEqual(disk.decisions(), []);
  assert.deepEqual(sectors(disk.crash(DROPPED)), [2, 2]);
});

test("SimulatedDisk: sync covers its own file only", async () => {
  const { disk, file } = await diskWithFile(512);
  const other = await disk.io.open("/g", "create-new");
  await disk.io.syncDirectory("/g");
  other.writeAt(filled(10, 2), 0);
  file.sync();
  assert.equal(disk.crash(DROPPED).contents("/g")?.length, 0);
});

test("SimulatedDisk: closing makes nothing durable", async () => {
  const { disk, file } = await diskWithFile(512);
  file.writeAt(filled(512, 2), 0);
  file.close();
  file.close();
  assert.deepEqual(sectors(disk.crash(DROPPED)), [1]);
});

test("SimulatedDisk: sync of a new file does not make its name durable", async () => {
  const disk = new SimulatedDisk();
  const file = await disk.io.open("/dir/f", "create");
  file.writeAt(filled(3, 2), 0);
  file.sync();
  assert.equal(disk.crash(DROPPED).contents("/dir/f"), undefined);
  await disk.io.syncDirectory("/dir/f");
  assert.deepEqual(disk.crash(DROPPED).contents("/dir/f"), filled(3, 2));
});

test("SimulatedDisk: syncDirectory does not make contents durable", async () => {
  const disk = new SimulatedDisk();
  const file = await disk.io.open("/f", "create");
  file.writeAt(filled(3, 2), 0);
  await disk.io.syncDirectory("/f");
  assert.deepEqual(disk.crash(DROPPED).contents("/f"), new Uint8Array(0));
});

test("SimulatedDisk: syncDirectory covers its own folder only", async () => {
  const disk = new SimulatedDisk();
  await disk.io.open("/a/f", "create");
  await disk.io.open("/b/f", "create");
  await disk.io.syncDirectory("/a/anything");
  const image = disk.crash(DROPPED);
  assert.deepEqual(await image.io.list("/a"), ["f"]);
  assert.deepEqual(await image.io.list("/b"), []);
});

test("SimulatedDisk: a rename replaces its target or does not, and never half", async () => {
  const { disk } = await diskWithFile(512);
  const file = await disk.io.open("/tmp", "create-new");
  file.writeAt(filled(512, 2), 0);
  file.sync();
  await disk.io.syncDirectory("/tmp");
  await disk.io.rename("/tmp", "/f");
  assert.equal(disk.decisions().length, 1);
  const before = disk.crash(DROPPED);
  assert.deepEqual(await before.io.list("/"), ["f", "tmp"]);
  assert.deepEqual(sectors(before), [1]);
  const after = disk.crash(KEPT);
  assert.deepEqual(await after.io.list("/"), ["f"]);
  assert.deepEqual(sectors(after), [2]);
});

test("SimulatedDisk: a rename is not kept without the creation before it", async () => {
  const disk = new SimulatedDisk();
  await disk.io.open("/tmp", "create-new");
  await disk.io.rename("/tmp", "/f");
  assert.deepEqual(await disk.crash(policy("dropped", "kept")).io.list("/"), []);
  assert.deepEqual(await disk.crash(policy("kept", "dropped")).io.list("/"), ["tmp"]);
  assert.deepEqual(await disk.crash(policy("kept", "kept")).io.list("/"), ["f"]);
});

test("SimulatedDisk: name changes of different files are kept in any subset", async () => {
  const disk = new SimulatedDisk();
  await disk.io.open("/a", "create");
  await disk.io.open("/b", "create");
  assert.deepEqual(await disk.crash(policy("dropped", "kept")).io.list("/"), ["b"]);
});

test("SimulatedDisk: a removal can be lost until syncDirectory", async () => {
  const { disk } = await diskWithFile(512);
  await disk.io.remove("/f");
  await disk.io.remove("/never");
  assert.equal(await disk.io.stat("/f"), undefined);
  assert.deepEqual(await disk.crash(DROPPED).io.list("/"), ["f"]);
  const image = disk.crash(KEPT);
  assert.deepEqual(await image.io.list("/"), []);
});
