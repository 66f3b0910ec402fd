/**
 * Endless streams lose nothing acknowledged, show no part of a record and open after every power cut:
 * at each operation of appends, spanning appends, batches, growth, trims and cursors, with many images
 * of what the disk kept, and again in a second life.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk, type SimulatedDiskOptions } from "../../adapters/simulated.ts";
import { Prng } from "../../src/base/prng.ts";
import { EndlessStream, isHoldfastError } from "../../mod.ts";
import { StreamLedger } from "./stream_ledger.ts";
import { numbered } from "./test_blocks.ts";

type Step = (log: EndlessStream, ledger: StreamLedger, random: Prng) => Promise<unknown>[];

const open = (disk: SimulatedDisk): Promise<EndlessStream> =>
  EndlessStream.open("/log", {
    io: disk.io,
    segmentBytes: 16 * 1024,
    span: { maxBytes: 60_000 },
  });

function append(
  log: EndlessStream,
  ledger: StreamLedger,
  lengths: readonly number[],
  durability: "os" | "disk" = "disk",
): Promise<unknown> {
  const first = ledger.records.length;
  const records = lengths.map((length, i) => numbered(first + i + length, length));
  ledger.submit(records);
  const done = records.length === 1
    ? log.append(records[0]!, { durability })
    : log.appendBatch(records, { durability });
  return done.then(({ offset }) => {
    assert.equal(offset, first);
    assert.ok(log.end >= first + records.length, "what is acknowledged can be read");
    ledger.acknowledge(first + records.length, durability);
  });
}

const small: Step = (log, ledger, random) =>
  Array.from({ length: 1 + random.below(3) }, () => append(log, ledger, [random.below(300)]));

const medium: Step = (log, ledger, random) => [append(log, ledger, [2000 + random.below(6000)])];

const batch: Step = (log, ledger, random) => [
  append(log, ledger, [random.below(900), random.below(900), 0, random.below(3000)]),
];

const spanning: Step = (log, ledger, random) => [
  append(log, ledger, [10]),
  append(log, ledger, [10_000 + random.below(30_000)]),
  append(log, ledger, [random.below(100)]),
];

const unsynced: Step = (log, ledger, random) => [
  append(log, ledger, [random.below(500)], "os"),
  append(log, ledger, [random.below(5000)], "os"),
];

const grow: Step = (log) => [log.grow()];

const trim: Step = (log, ledger, random) => {
  const before = log.start + random.below(log.end - log.start + 1);
  ledger.trim(before, false);
  return [log.trim(before).then(() => ledger.trim(before, true))];
};

const cursor: Step = (log, ledger, random) => {
  const name = `c${random.below(2)}`;
  const offset = log.start + random.below(log.end - log.start + 1);
  ledger.cursor(name, offset, false);
  return [log.setCursor(name, offset).then(() => ledger.cursor(name, offset, true))];
};

/** Runs steps until the power goes. @returns whether it went */
async function live(
  disk: SimulatedDisk,
  ledger: StreamLedger,
  steps: readonly Step[],
  random: Prng,
): Promise<boolean> {
  try {
    const log = await open(disk);
    for (const step of steps) {
      const running = step(log, ledger, random);
      const ends = await Promise.allSettled(running);
      ledger.assertSees(log);
      for (const end of ends) if (end.status === "rejected") throw end.reason;
    }
    await log.close();
    return false;
  } catch (error) {
    if (!isHoldfastError(error) || !disk.isDark) throw error;
    return true;
  }
}

/** Cuts every operation of the steps, and judges the images of each cut. */
async function campaign(
  name: string,
  steps: readonly Step[],
  options: SimulatedDiskOptions = {},
): Promise<number> {
  const rehearsal = new SimulatedDisk({ seed: 1, ...options });
  assert.equal(await live(rehearsal, new StreamLedger(), steps, new Prng(5)), false);
  let images = 0;
  for (let cut = 0; cut <= rehearsal.operations; cut++) {
    const disk = new SimulatedDisk({ seed: 1, ...options });
    disk.cutAt(cut);
    const ledger = new StreamLedger();
    await live(disk, ledger, steps, new Prng(5));
    for (const { policy, disk: image } of disk.images({ limit: 5, seed: cut })) {
      const where = `${name}, cut ${cut}, ${policy.label}`;
      await judge(image, ledger.clone(), where, cut + images);
      images++;
    }
  }
  return images;
}

/** Opens an image, and goes on with a second life that ends in another power cut. */
async function judge(
  disk: SimulatedDisk,
  ledger: StreamLedger,
  where: string,
  seed: number,
): Promise<void> {
  const log = await open(disk);
  ledger.assertRecovered(log, "power", where);
  assert.deepEqual((await log.verify()).problems, [], where);
  if (seed % 2 === 0) return await log.close();
  const random = new Prng(seed);
  await append(log, ledger, [random.below(6000)]);
  ledger.assertSees(log);
  disk.cutAt(disk.operations + random.below(12));
  const running = [
    append(log, ledger, [5]),
    append(log, ledger, [20_000]),
    append(log, ledger, [7]),
  ];
  await Promise.allSettled(running);
  if (!disk.isDark) await log.close().catch(() => {});
  const policies = disk.policies({ limit: 8, seed });
  const again = disk.crash(policies[random.below(policies.length)]!);
  const reopened = await open(again);
  ledger.assertRecovered(reopened, "power", `${where}, then ${seed}`);
  await append(reopened, ledger, [1]);
  ledger.assertSees(reopened);
  await reopened.close();
}

const workloads: readonly (readonly [string, readonly Step[], SimulatedDiskOptions?])[] = [
  ["append", [small, small, medium, small, medium, small]],
  ["multi-block append", [medium, medium, batch, medium, batch, medium]],
  ["spanning append", [small, spanning, spanning, small]],
  ["grow", [grow, small, grow, medium, medium, medium, grow, spanning]],
  ["trim", [medium, medium, medium, trim, medium, small, trim, trim, spanning, trim]],
  ["cursor", [small, cursor, cursor, medium, medium, cursor, medium, trim, cursor]],
  ["mixed durability", [unsynced, small, unsynced, unsynced, medium, unsynced, small]],
  ["no-psow", [unsynced, small, batch, unsynced, spanning, trim, small], { profile: "no-psow" }],
  ["hostile", [small, medium, spanning, trim, batch, small], { profile: "hostile" }],
  ["slow sync", [small, medium, batch, spanning], { syncMilliseconds: 10 }],
];

for (const [name, steps, options] of workloads) {
  test(
    `EndlessStream: "${name}" loses nothing acknowledged at any power cut`,
    { timeout: 120_000 },
    async () => {
      const images = await campaign(name, steps, options);
      assert.ok(images > 40, `${images} images`);
    },
  );
}

test(
  "EndlessStream: the death of the process loses nothing that was written",
  { timeout: 120_000 },
  async () => {
    for (let cut = 20; cut < 90; cut += 3) {
      const disk = new SimulatedDisk({ seed: 3 });
      disk.cutAt(cut);
      const ledger = new StreamLedger();
      await live(disk, ledger, [unsynced, small, spanning, unsynced, batch, unsynced], new Prng(9));
      const log = await open(disk.processDeath());
      ledger.assertRecovered(log, "process", `cut ${cut}`);
      await log.close();
    }
  },
);

test(
  "EndlessStream: recovery may be cut too, any number of times",
  { timeout: 120_000 },
  async () => {
    const disk = new SimulatedDisk({ seed: 4 });
    const ledger = new StreamLedger();
    const log = await open(disk);
    await append(log, ledger, [3000]);
    disk.cutAt(disk.operations + 1);
    await Promise.allSettled([append(log, ledger, [3000]), append(log, ledger, [900])]);
    let images = 0;
    for (const { disk: image } of disk.images({ limit: 20 })) {
      let now = image;
      for (let cut = 0; cut < 4; cut++) {
        now.cutAt(now.operations + cut);
        await open(now).catch(() => {});
        const policies = now.policies({ limit: 5, seed: cut });
        now = now.crash(policies[cut % policies.length]!);
      }
      const after = await open(now);
      ledger.clone().assertRecovered(after, "power", `image ${images}`);
      images++;
    }
    assert.ok(images > 5, `${images} images`);
  },
);
