/**
 * Endless streams lose nothing acknowledged, show no part of a record and open after every power cut:
 * at operations of appends, spanning appends, batches, growth, trims and cursors, with images of what
 * the disk kept, in recoveries, and in second lives. A small share of the campaign, which takes all.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { Prng } from "../../src/base/prng.ts";
import { assertCrashSample } from "../sim/crash/crash_sample.ts";
import { logSubjects } from "../sim/block/log_subjects.ts";

for (const subject of logSubjects) {
  const { name } = subject;
  test(`EndlessStream: "${name}" loses nothing acknowledged at any power cut`, async () => {
    await assertCrashSample(subject, 23);
  });
}

test("EndlessStream: the death of the process loses nothing that was written", async () => {
  const subject = logSubjects.find(({ name }) => name === "log: durability")!;
  let deaths = 0;
  for (let cut = 20; cut < 50; cut += 2) {
    const disk = new SimulatedDisk({ seed: 3 });
    disk.cutAt(cut);
    const witness = await subject.play(disk, new Prng(9));
    if (!disk.isDark) break;
    await witness.judge(disk.processDeath(), "process");
    deaths++;
  }
  assert.ok(deaths > 10, `${deaths} deaths`);
});

test("EndlessStream: recovery may be cut too, any number of times", async () => {
  const subject = logSubjects.find(({ name }) => name === "log: batch")!;
  let images = 0;
  for (const cut of [26, 34, 41]) {
    const disk = new SimulatedDisk({ seed: 4 });
    disk.cutAt(cut);
    const witness = await subject.play(disk, new Prng(5));
    assert.ok(disk.isDark);
    for (const { disk: image } of disk.images({ limit: 8 })) {
      const { content } = await witness.judge(image.processDeath(), "power");
      let now = image;
      for (let inner = 0; inner < 4; inner++) {
        now.cutAt(now.operations + inner);
        await witness.recover(now).catch(() => {});
        assert.ok(now.isDark);
        const policies = now.policies({ limit: 5, seed: inner });
        now = now.crash(policies[inner % policies.length]!);
      }
      assert.equal((await witness.judge(now, "power")).content, content);
      images++;
    }
  }
  assert.ok(images > 10, `${images} images`);
});
