/** Each profile of the simulated disk is seen to do what it says. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { SimulatedDisk, type SimulatedProfile } from "../../../adapters/simulated.ts";
import { diskWithFile, DROPPED, filled, KEPT, policy, sectors } from "./disk_fixture.ts";

test("SimulatedDiskOptions.profile: names its unit, or takes that of sectorBytes", async () => {
  const units: [ConstructorParameters<typeof SimulatedDisk>[0], number][] = [
    [{}, 512],
    [{ profile: "sector512" }, 512],
    [{ profile: "page4k" }, 4096],
    [{ profile: "page4k", sectorBytes: 4096 }, 4096],
    [{ profile: "hostile" }, 512],
    [{ profile: "prefix", sectorBytes: 4096 }, 4096],
    [{ sectorBytes: 4096 }, 4096],
  ];
  for (const [options, unit] of units) {
    const { disk, file } = await diskWithFile(8192, options);
    file.writeAt(filled(8192, 2), 0);
    assert.equal(disk.decisions().length, 8192 / unit, JSON.stringify(options));
  }
});

test("SimulatedDiskOptions.profile: what contradicts itself or is unknown is refused", () => {
  assert.throws(() => new SimulatedDisk({ profile: "page4k", sectorBytes: 512 }), RangeError);
  assert.throws(() => new SimulatedDisk({ profile: "sector512", sectorBytes: 4096 }), RangeError);
  assert.throws(() => new SimulatedDisk({ sectorBytes: 1000 as 512 }), RangeError);
  assert.throws(() => new SimulatedDisk({ profile: "strict" as "prefix" }), TypeError);
});

test("profile: only the one that is named for it draws garbage, and only that old versions", async () => {
  const drawn: Record<string, string> = {};
  for (const profile of ["sector512", "page4k", "hostile", "no-psow", "prefix", "stale"] as const) {
    const { disk, file } = await diskWithFile(65536, { profile });
    file.writeAt(filled(65536, 2), 0);
    const outcomes = disk.policies({ limit: 100 }).flatMap((one) => one.outcomes);
    drawn[profile] = [...new Set(outcomes)].sort().join();
  }
  assert.deepEqual(drawn, {
    "sector512": "dropped,kept,torn",
    "page4k": "dropped,kept,torn",
    "hostile": "dropped,garbage,kept,torn",
    "no-psow": "dropped,garbage,kept,torn",
    "prefix": "dropped,kept,torn",
    "stale": "dropped,kept,stale,torn",
  });
});

test("profile prefix: what is left of writes, sizes and names is a beginning, its last write torn", async () => {
  const disk = new SimulatedDisk({ profile: "prefix" });
  const [a, b] = [await disk.io.open("/a", "create"), await disk.io.open("/b", "create")];
  await disk.io.syncDirectory("/a");
  a.writeAt(filled(1024, 1), 0);
  b.writeAt(filled(1024, 2), 0);
  a.writeAt(filled(1024, 3), 1024);
  await disk.io.rename("/b", "/c");
  a.writeAt(filled(1024, 4), 0);
  const seen = new Set<string>();
  for (const { policy: { outcomes }, disk: image } of disk.images({ limit: 60 })) {
    const steps = disk.decisions()
      .map(({ operation }, index) => ({ operation, outcome: outcomes[index]! }))
      .sort((one, other) => one.operation - other.operation);
    const first = steps.findIndex(({ outcome }) => outcome !== "kept");
    const end = steps[first]?.operation ?? Infinity;
    for (const { operation, outcome } of steps) {
      if (operation > end) assert.equal(outcome, "dropped");
    }
    const sizes = ["/a", "/b", "/c"].map((path) => image.contents(path)?.length ?? "-");
    seen.add(sizes.join());
  }
  // What a disk without order could leave: the second write to a without the write to b.
  for (const whole of ["0,0,-", "1024,0,-", "1024,1024,-", "2048,1024,-", "2048,-,1024"]) {
    assert.ok(seen.has(whole), whole);
  }
  assert.ok(!seen.has("2048,0,-"));
  assert.ok(!seen.has("0,1024,-"));
});

test("profile prefix: keeps to the limit, with the first and the last state", async () => {
  const { disk, file } = await diskWithFile(512, { profile: "prefix" });
  assert.equal(disk.policies().length, 1);
  for (let write = 0; write < 50; write++) file.writeAt(filled(600, 2), write * 300);
  for (const limit of [2, 3, 10, 51, 200]) {
    const policies = disk.policies({ limit });
    assert.equal(policies.length, limit);
    assert.deepEqual(policies.slice(0, 2).map(({ label }) => label), [DROPPED, KEPT]);
  }
  const text = (seed: number): string => JSON.stringify(disk.policies({ seed }));
  assert.equal(text(5), text(5));
  assert.notEqual(text(5), text(6));
});

test("profile stale: a sector holds the version before the durable one", async () => {
  const { disk, file } = await diskWithFile(1024, { profile: "stale" });
  file.writeAt(filled(1024, 2), 0);
  file.sync();
  file.writeAt(filled(700, 3), 100);
  const image = disk.crash(policy("stale", "dropped"));
  const bytes = image.contents("/f");
  assert.deepEqual(bytes?.subarray(0, 100), filled(100, 2), "beside the written range");
  assert.deepEqual(bytes?.subarray(100, 512), filled(412, 1));
  assert.deepEqual(bytes?.subarray(512), filled(512, 2));
  assert.deepEqual(sectors(disk.crash(policy("stale", "stale"))), [2, 1]);
  // The image has a history too.
  const open = await image.io.open("/f", "write");
  open.writeAt(filled(512, 4), 0);
  assert.deepEqual(image.crash(policy("stale")).contents("/f")?.subarray(0, 512), filled(512, 1));
});

test("profile stale: without an older version the sector is dropped, and elsewhere too", async () => {
  for (const profile of ["stale", "sector512"] as const) {
    const { disk, file } = await diskWithFile(512, { profile });
    file.writeAt(filled(512, 2), 0);
    assert.deepEqual(sectors(disk.crash(policy("stale"))), [1]);
  }
});

test("profile stale: growth shows what was cut off before, and removed files in new ones", async () => {
  const { disk, file } = await diskWithFile(1024, { profile: "stale" });
  file.truncate(512);
  file.sync();
  file.writeAt(filled(512, 2), 512);
  assert.deepEqual(sectors(disk.crash(policy("stale", "kept"))), [1, 1]);
  assert.deepEqual(sectors(disk.crash(policy("dropped", "kept"))), [1, 0]);
  await disk.io.remove("/f");
  const next = await disk.io.open("/f", "create");
  await disk.io.syncDirectory("/f");
  next.writeAt(filled(1024, 7), 0);
  assert.deepEqual(sectors(disk.crash(policy("stale", "stale", "kept"))), [1, 2]);
});

/** A course with all that pends: writes, growth, cuts, names, a failed sync, two lives. */
async function course(profile: SimulatedProfile): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ profile, seed: 11 });
  const file = await disk.io.open("/d/f", "create");
  const bytes = new Uint8Array(20_000);
  disk.io.random(bytes);
  file.writeAt(bytes, 300);
  file.sync();
  await disk.io.syncDirectory("/d/f");
  file.writeAt(bytes.subarray(0, 9000), 4096);
  disk.fail({ operation: "write", kind: "short", bytes: 700, times: 2 });
  file.writeAt(bytes.subarray(1, 6000), 18_000);
  file.truncate(22_222);
  await disk.io.open("/d/g", "create");
  const next = disk.processDeath();
  const again = await next.io.open("/d/f", "write");
  await next.io.rename("/d/g", "/d/h");
  again.sync();
  disk.io.random(bytes);
  for (let at = 0; at < 12; at++) again.writeAt(bytes.subarray(at, at + 3000), at * 1900);
  (await next.io.open("/d/h", "write")).writeAt(bytes, 0);
  return next;
}

/** Of all images: equal on every runtime, and changed only on purpose. */
const DIGESTS: Readonly<Record<SimulatedProfile, string>> = {
  "sector512": "b2e9ae37dc46d802",
  "page4k": "131124d8911f57bf",
  "hostile": "3bd6858ee47b6c91",
  "no-psow": "00c18ca1e3c9e372",
  "prefix": "120b85821e2205ff",
  "stale": "a7452510753949fb",
};

for (const [profile, wanted] of Object.entries(DIGESTS) as [SimulatedProfile, string][]) {
  test(`SimulatedDisk.images: those of ${profile} have a fixed digest`, async () => {
    const disk = await course(profile);
    const hash = createHash("sha256");
    for (const { policy, disk: image } of disk.images({ limit: 60, seed: 4 })) {
      hash.update(JSON.stringify(policy));
      for (const name of await image.io.list("/d")) {
        hash.update(name).update(image.contents(`/d/${name}`)!);
      }
    }
    hash.update(disk.describe(disk.policies({ seed: 4 })[20]!).join("\n"));
    assert.equal(hash.digest("hex").slice(0, 16), wanted);
  });
}
