/** A few seeds of the swarm for the ordinary test run, and the swarm itself. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { runSwarm, swarmWorlds } from "./swarm.ts";
import type { SwarmWorld } from "./swarm_run.ts";

for (const world of new Set(swarmWorlds)) {
  test(`swarm: ${world.name}: random lives keep what was acknowledged`, async () => {
    const report = await runSwarm({ seeds: 4, from: 100, operations: 150, worlds: [world] });
    assert.equal(report.violations[0] ?? "", "");
    assert.ok(report.states > 8);
  });
}

test("swarm: the same seeds give the same lives", async () => {
  const options = { seeds: 4, from: 7, operations: 60 };
  assert.deepEqual(await runSwarm(options), await runSwarm(options));
});

test("swarm: a fault planned for a recovery that meets the next life may lose what its kind may", async () => {
  const report = await runSwarm({ seeds: 1, from: 1285 });
  assert.deepEqual(report.violations, []);
});

/** Fails once it was poked after it had been wound up. */
const fragile: SwarmWorld = {
  name: "fragile",
  actions: { "wind up": 1, poke: 1, wait: 3 },
  always: ["wind up", "poke", "wait"],
  begin: () => {
    let isWound = false;
    return {
      open: () => Promise.resolve(),
      act: (action) => {
        if (action === "poke" && isWound) throw new Error("it broke");
        isWound ||= action === "wind up";
        return Promise.resolve();
      },
      settle: () => Promise.resolve(),
      halt: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  },
};

test("swarm: a failure is told with its seed and the few steps that it takes", async () => {
  const report = await runSwarm({ seeds: 1, from: 3, operations: 100, worlds: [fragile] });
  assert.equal(report.rows[0]?.violations, 1);
  const [violation = ""] = report.violations;
  assert.match(violation, /"fragile", seed 3: Error: it broke/);
  assert.match(violation, /2 steps: \[\{"action":"wind up","seed":\d+\},\{"action":"poke"/);
});
