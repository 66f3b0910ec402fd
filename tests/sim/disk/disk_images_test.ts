/** Power cuts of the simulated disk: when, and which images they leave. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { SimulatedDisk } from "../../../adapters/simulated.ts";
import { diskWithFile, DROPPED, filled, hasCode, KEPT, policy, sectors } from "./disk_fixture.ts";

test("SimulatedDisk.cutAt: the operation has no effect, and every later call fails", async () => {
  const { disk, file } = await diskWithFile(512);
  const next = disk.operations;
  disk.cutAt(next + 1);
  file.writeAt(filled(512, 2), 0);
  assert.throws(() => file.sync(), hasCode("IO_FAILED"));
  assert.equal(disk.isDark, true);
  assert.throws(() => file.readAt(new Uint8Array(1), 0), hasCode("IO_FAILED"));
  await assert.rejects(disk.io.open("/f", "read"), hasCode("IO_FAILED"));
  await assert.rejects(disk.io.tryLock("/f"), hasCode("IO_FAILED"));
  assert.deepEqual(sectors(disk.crash(DROPPED)), [1]);
  assert.deepEqual(sectors(disk.crash(KEPT)), [2]);
});

test("SimulatedDisk.cutAt: every mutating call counts, reading ones do not", async () => {
  const disk = new SimulatedDisk();
  const file = await disk.io.open("/f", "create");
  file.writeAt(filled(1, 1), 0);
  file.truncate(10);
  file.sync();
  await file.syncAsync();
  await disk.io.rename("/f", "/g");
  await disk.io.remove("/g");
  await disk.io.syncDirectory("/g");
  assert.equal(disk.operations, 8);
  await disk.io.list("/");
  await disk.io.stat("/g");
  file.readAt(new Uint8Array(1), 0);
  assert.equal(disk.operations, 8);
  assert.equal(disk.trace().length, 8);
});

test("SimulatedDisk.images: few decisions are enumerated completely", async () => {
  const { disk, file } = await diskWithFile(1536);
  file.writeAt(filled(1536, 2), 0);
  const states = new Set<string>();
  for (const { disk: image } of disk.images()) states.add(sectors(image).join());
  for (let bits = 0; bits < 8; bits++) {
    const wanted = [0, 1, 2].map((at) => 1 + ((bits >> at) & 1)).join();
    assert.ok(states.has(wanted), wanted);
  }
});

test("SimulatedDisk.images: nothing pending gives one image", async () => {
  const { disk } = await diskWithFile(512);
  assert.equal([...disk.images()].length, 1);
});

test("SimulatedDisk.images: many decisions include each flipped alone, and stay in the limit", async () => {
  const { disk, file } = await diskWithFile(20 * 512);
  file.writeAt(filled(20 * 512, 2), 0);
  const policies = disk.policies({ limit: 100 });
  assert.equal(policies.length, 100);
  for (let index = 0; index < 20; index++) {
    for (const [one, rest] of [["kept", "dropped"], ["dropped", "kept"]]) {
      assert.ok(
        policies.some(({ outcomes }) =>
          outcomes.every((outcome, at) => outcome === (at === index ? one : rest))
        ),
      );
    }
  }
  assert.ok(policies.some(({ outcomes }) => outcomes.includes("torn")));
});

test("SimulatedDisk.images: the same seed gives the same images, another one others", async () => {
  const { disk, file } = await diskWithFile(20 * 512);
  file.writeAt(filled(20 * 512, 2), 0);
  const text = (seed: number): string => JSON.stringify(disk.policies({ seed }));
  assert.equal(text(5), text(5));
  assert.notEqual(text(5), text(6));
});

test("SimulatedDisk.images: an image does not share writes with another", async () => {
  const { disk, file } = await diskWithFile(1024);
  file.writeAt(filled(512, 2), 0);
  const [first, second] = [disk.crash(KEPT), disk.crash(KEPT)];
  const open = await first.io.open("/f", "write");
  open.writeAt(filled(1024, 3), 0);
  assert.deepEqual(sectors(second), [2, 1]);
  assert.deepEqual(sectors(disk), [2, 1]);
  assert.deepEqual(sectors(first.crash(DROPPED)), [2, 1]);
});

test("SimulatedDisk.processDeath: nothing seen is lost, nothing pending becomes durable", async () => {
  const { disk, file } = await diskWithFile(512);
  file.writeAt(filled(512, 2), 0);
  await disk.io.open("/g", "create");
  await disk.io.tryLock("/f");
  disk.cutAt(disk.operations);
  assert.throws(() => file.sync());
  const next = disk.processDeath();
  assert.notEqual(await next.io.tryLock("/f"), undefined);
  assert.deepEqual(await next.io.list("/"), ["f", "g"]);
  assert.deepEqual(sectors(next), [2]);
  assert.deepEqual(sectors(next.crash(DROPPED)), [1]);
  assert.deepEqual(await next.crash(DROPPED).io.list("/"), ["f"]);
  (await next.io.open("/f", "write")).sync();
  assert.deepEqual(sectors(next.crash(DROPPED)), [2]);
  assert.deepEqual(sectors(disk.crash(DROPPED)), [1]);
});

test("SimulatedDisk.crash: a policy of another moment is refused", async () => {
  const { disk, file } = await diskWithFile(512);
  file.writeAt(filled(512, 2), 0);
  assert.throws(() => disk.crash(policy("kept", "kept")), RangeError);
});

test("SimulatedDisk.crash: entropy goes on, it does not start again", () => {
  const disk = new SimulatedDisk({ seed: 3 });
  const draw = (from: SimulatedDisk): string => {
    const bytes = new Uint8Array(8);
    from.io.random(bytes);
    return bytes.join();
  };
  const first = draw(disk);
  const image = disk.crash(KEPT);
  assert.notEqual(draw(image), first);
  assert.equal(draw(new SimulatedDisk({ seed: 3 })), first);
  assert.notEqual(draw(new SimulatedDisk({ seed: 4 })), first);
});

test("SimulatedDisk.trace: goes on over power cuts", async () => {
  const { disk, file } = await diskWithFile(512);
  disk.cutAt(disk.operations);
  assert.throws(() => file.sync());
  const image = disk.crash(DROPPED);
  await image.io.open("/g", "create");
  assert.deepEqual(image.trace(), [
    "#0 create /f",
    "#1 write /f 0+512",
    "#2 sync /f",
    "#3 syncDirectory /",
    "#4 sync /f: power cut",
    "-- power cut: nothing kept",
    "#0 create /g",
  ]);
});
