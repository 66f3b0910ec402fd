import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runningIo } from "../io/running_io.ts";
import { withFolder } from "../kernel/checked.ts";
import { mountMemory } from "./mounts.ts";
import { SCENE_NAMES, type SceneName } from "./scenes.ts";
import { Stage } from "./stage.ts";

const MIB = 1024 * 1024;

/** How large the disk is, and how much of that something else takes until it is full. */
const DISKS: Readonly<Record<SceneName, readonly [bytes: number, ballast: number]>> = {
  records: [4 * MIB, 2 * MIB],
  once: [4 * MIB, 2 * MIB],
  vector: [4 * MIB, 2 * MIB],
  content: [16 * MIB, 8 * MIB],
  endless: [3 * MIB, 2 * MIB],
  journal: [96 * 1024, 48 * 1024],
  streams: [4 * MIB, 2 * MIB],
};

/** Steps of each worker that fill any of these disks. */
const STEPS = 600;

for (const name of SCENE_NAMES) {
  test(`a full disk: ${name} goes on when there is space again`, async (t) => {
    await withFolder(async (folder) => {
      const [bytes, ballast] = DISKS[name];
      const mount = await mountMemory(join(folder, "disk"), bytes);
      if (typeof mount === "string") return t.skip(mount);
      try {
        await fillAndFree(name, mount.folder, ballast);
      } finally {
        await mount.end();
      }
    });
  });
}

async function fillAndFree(name: SceneName, folder: string, ballast: number): Promise<void> {
  const weight = join(folder, "ballast");
  writeFileSync(weight, new Uint8Array(ballast));
  const stage = new Stage(name, await runningIo(), folder);
  await stage.open();
  const codes = await stage.play(STEPS);
  assert.ok(codes.length > 0, "the disk was meant to be full");
  assert.deepEqual([...new Set(codes)].filter((code) => code !== "POISONED"), ["NO_SPACE"]);
  rmSync(weight);
  const later = await stage.play(3);
  assert.deepEqual(later.filter((code) => code !== "POISONED"), []);
  const acknowledged = stage.list.acknowledged;
  await stage.close();
  await stage.open();
  assert.deepEqual(await stage.play(3), []);
  assert.ok(stage.list.acknowledged > acknowledged);
  assert.equal(await stage.close(), undefined);
  await stage.open();
  assert.equal(await stage.close(), undefined);
  assert.equal(existsSync(weight), false);
}
