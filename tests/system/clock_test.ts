import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, expiringIndex, type IoAdapter } from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import { runningIo } from "../io/running_io.ts";
import { runCommand } from "../tools/run_command.ts";
import { withFolder } from "../kernel/checked.ts";
import { Child } from "./child.ts";
import { PROGRAM } from "./kill_chain.ts";
import { OutsideList } from "./outside_list.ts";
import { presentRuntimes } from "./present_runtimes.ts";
import { SCENE_NAMES } from "./scenes.ts";
import { Stage } from "./stage.ts";

const YEAR_MS = 365 * 24 * 3600 * 1000;

for (const name of SCENE_NAMES) {
  test(`a clock that jumps by years at every look does nothing to ${name}`, async () => {
    await withFolder(async (folder) => {
      const random = new Prng(7);
      const real = await runningIo();
      const io: IoAdapter = {
        ...real,
        now: () => (random.below(60) - 30) * YEAR_MS + random.below(1000),
      };
      const stage = new Stage(name, io, folder);
      for (let round = 0; round < 2; round++) {
        await stage.open();
        assert.deepEqual(await stage.play(12), []);
        assert.equal(await stage.close(), undefined);
      }
      await stage.open();
      assert.equal(stage.list.unacknowledged, 0);
      assert.equal(await stage.close(), undefined);
    });
  });
}

test("expiry alone looks at the clock: forward it hides, back it shows what is still there", async () => {
  await withFolder(async (folder) => {
    const real = await runningIo();
    let now = Date.UTC(2026, 0, 1);
    const io: IoAdapter = { ...real, now: () => now };
    const path = `${folder}/data.hold`;
    const sessions = expiringIndex("sessions", { key: codec.string, value: codec.u32 });
    let database = await Database.open(path, { io });
    await database.update((tx) => tx.open(sessions).put("a", 1, { ttlMs: 1000 }));
    await database.update((tx) => tx.open(sessions).put("b", 2));
    const shown =
      (): unknown[] => [database.open(sessions).get("a"), database.open(sessions).get("b")];
    assert.deepEqual(shown(), [1, 2]);
    now += YEAR_MS;
    assert.deepEqual(shown(), [undefined, 2]);
    await database.close();
    now -= YEAR_MS;
    database = await Database.open(path, { io });
    assert.deepEqual(shown(), [1, 2]);
    await database.close();
  });
});

test("processes of other years follow each other on one store", async (t) => {
  let reason: string | undefined;
  // Its library alone: the wrapper leaves semaphores behind that are killed with it.
  let library = "";
  try {
    const words = ["-f", "-3650d", "printenv", "LD_PRELOAD"];
    const probe = await runCommand("faketime", words, { timeoutMs: 10_000 });
    library = probe.stdout.trim();
    if (probe.code !== 0) reason = `faketime does not work here: ${probe.output}`;
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
    reason = "there is no faketime";
  }
  if (reason !== undefined) return t.skip(reason);
  await withFolder(async (folder) => {
    const list = new OutsideList();
    const years = ["-3650d", "+3650d"];
    for (const [round, year] of years.entries()) {
      const [runtime] = presentRuntimes();
      const child = Child.start(runtime!, PROGRAM, ["records", folder, "write"], {
        wrap: ["env", `LD_PRELOAD=${library}`, `FAKETIME=${year}`],
        onLine: (line) => list.hear(line),
      });
      const wanted = list.acknowledged + 10;
      while (list.acknowledged < wanted && await child.line(/^/) !== undefined);
      await child.kill();
      assert.deepEqual(list.wrong, [], child.errors);
      assert.equal(list.openings, round + 1, child.errors);
    }
  });
});
