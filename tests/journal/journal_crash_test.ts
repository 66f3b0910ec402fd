/** Power cuts at every operation of a journal and an identity, once and then again while they recover. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk, type SimulatedDiskOptions } from "../../adapters/simulated.ts";
import { codec, Identity, type IoAdapter, Journal } from "../../mod.ts";

const PATH = "/folder/a.journal";

/** Value number `n`: says its number in every byte and in its length, and outgrows its slot at times. */
function valueOf(n: number): Uint8Array {
  const length = n === 0 ? 0 : n % 5 === 3 ? 1500 + n * 1100 : n * 7;
  return new Uint8Array(length).fill(n);
}

/** What the world was told. */
interface Told {
  begun: number;
  acknowledged: number;
}

const open = (io: IoAdapter, slots: number): Promise<Journal<Uint8Array>> =>
  Journal.open(io, PATH, { codec: codec.bytes, slots });

/** The number of the value, which must be one that was written, and whole. */
function numberOf(value: Uint8Array | undefined, where: string): number {
  if (value === undefined) return 0;
  const n = value[0] ?? 0;
  assert.deepEqual(value, valueOf(n), where);
  return n;
}

/** Counts up, alone and in groups, over closes and opens. */
async function work(io: IoAdapter, slots: number, told: Told): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const journal = await open(io, slots);
    const next = (): Promise<unknown> => {
      const n = ++told.begun;
      const call = n % 2 === 0
        ? journal.update(() => valueOf(n))
        : journal.compareAndSet(n === 1 ? undefined : valueOf(n - 1), valueOf(n));
      return call.then(() => told.acknowledged = Math.max(told.acknowledged, n));
    };
    await next();
    await Promise.all([next(), next(), next()]);
    await next();
    if (round < 2) await journal.close();
  }
}

const DISKS: Readonly<Record<string, SimulatedDiskOptions>> = {
  "strict": {},
  "hostile": { profile: "hostile" },
  "no-psow, 4 KiB sectors": { profile: "no-psow", sectorBytes: 4096 },
  "slow": { syncMilliseconds: 1 },
};

for (const [name, options] of Object.entries(DISKS)) {
  test(`Journal: last or previous value after any power cut, ${name} disk`, async () => {
    let images = 0;
    for (const slots of [3, 4]) {
      const rehearsal = new SimulatedDisk(options);
      const all: Told = { begun: 0, acknowledged: 0 };
      await work(rehearsal.io, slots, all);
      assert.equal(all.acknowledged, 15);
      for (let cut = 0; cut < rehearsal.operations; cut++) {
        const disk = new SimulatedDisk(options);
        disk.cutAt(cut);
        const told: Told = { begun: 0, acknowledged: 0 };
        await work(disk.io, slots, told).then(() => {}, () => {});
        for (const image of disk.images({ limit: 4, seed: cut })) {
          await verify(
            image.disk,
            slots,
            told,
            `${slots} slots, cut at ${cut}, ${image.policy.label}`,
          );
          images++;
        }
      }
    }
    assert.ok(images > 150, `${images} images`);
  });
}

/** Opens it, with another cut on the way; then changes it and lets the power go once more. */
async function verify(
  disk: SimulatedDisk,
  slots: number,
  { begun, acknowledged }: Told,
  where: string,
): Promise<void> {
  const second = disk.crash("everything kept");
  second.cutAt(1);
  await open(second.io, slots).then(() => {}, () => {});
  for (const target of [disk, second.crash("nothing kept"), second.crash("everything kept")]) {
    const journal = await open(target.io, slots);
    const found = numberOf(journal.get(), where);
    assert.ok(found >= acknowledged && found <= begun, `${where}: ${found} of ${acknowledged}`);
    await journal.update(() => valueOf(200));
    const after = await open(target.crash("nothing kept").io, slots);
    assert.equal(numberOf(after.get(), where), 200);
    await after.close();
    assert.deepEqual(
      (await target.io.list("/folder")).filter((name) => name !== "a.journal"),
      [],
      where,
    );
  }
}

test("Identity: one that was seen stays, whatever power cut comes", async () => {
  const path = "/folder/identity";
  for (let cut = 0; cut < 12; cut++) {
    const disk = new SimulatedDisk({ profile: "hostile" });
    disk.cutAt(cut);
    const first = await Identity.open(disk.io, path).catch(() => undefined);
    for (const image of disk.images({ limit: 16, seed: cut })) {
      const again = await Identity.open(image.disk.io, path);
      if (first !== undefined) assert.equal(again.id, first.id);
      assert.equal((await Identity.open(image.disk.crash("nothing kept").io, path)).id, again.id);
    }
  }
});
