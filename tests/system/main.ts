/**
 * The tests on real files with real processes of all three runtimes, as far as they take longer than a
 * test should.
 *
 * Arguments: `--rounds N` (of `kill -9`, of each runtime, default 30), `--faults N` (runs with failing
 * system calls, of each runtime, default 10), `--no-heap` (without the large store), `--runtime deno|bun|node|all` (default all), `--scene
 * NAME` (default all, the server included), `--seed N` (default: drawn and printed), which decides
 * about everything but time, `--json` (adds the line that `deno task prove` reads). The last line is
 * `N passed, N failed`.
 *
 * @module
 */

import { numberFlag, parseFlags } from "../../src/cli/flags.ts";
import { findRuntime, RUNTIME_NAMES } from "../tools/runtimes.ts";
import { runHeaps } from "./heap.ts";
import { noInjection } from "./injection.ts";
import { runKills } from "./kill.ts";
import { SCENE_NAMES } from "./scenes.ts";
import { runStrains } from "./strain.ts";
import type { Tally } from "./tally.ts";

const FLAGS = {
  rounds: { value: "N", help: "rounds of kill -9 of each runtime" },
  faults: { value: "N", help: "runs with failing system calls of each runtime" },
  runtime: { value: "NAME", help: "runtime of the processes" },
  heap: { help: "a store many times larger than a heap of 64 MiB; default on (--no-heap)" },
  scene: { value: "NAME", help: "what they work on" },
  seed: { value: "N", help: "seed of all that is random" },
  json: { help: "add the line that `deno task prove` reads, of the rounds" },
};

async function main(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, FLAGS);
  const rounds = numberFlag(flags, "rounds", 0, 100_000) ?? 30;
  const runs = numberFlag(flags, "faults", 0, 100_000) ?? 10;
  const seed = numberFlag(flags, "seed", 0) ?? Math.floor(Math.random() * 1_000_000_000);
  const wanted = flags.values.get("runtime") ?? "all";
  const names = RUNTIME_NAMES.filter((name) => wanted === "all" || wanted === name);
  if (names.length === 0) throw new RangeError(`--runtime is all or one of ${RUNTIME_NAMES}`);
  const scene = flags.values.get("scene") ?? "all";
  const isWanted = (name: string): boolean => scene === "all" || scene === name;
  if (!["server", ...SCENE_NAMES].some(isWanted)) {
    throw new RangeError(`--scene is all, server or one of ${SCENE_NAMES}`);
  }
  console.log(`seed ${seed}`);
  const runtimes = await Promise.all(names.map((name) => findRuntime(name)));
  const scenes = SCENE_NAMES.filter(isWanted);
  const tallies: Tally[] = [];
  const note = (what: string, tally: Tally, began: number): void => {
    tallies.push(tally);
    console.log(`${what}, ${((performance.now() - began) / 1000).toFixed(1)} s`);
    for (const line of tally.lines()) console.log(line);
  };
  if (rounds > 0) {
    const all = isWanted("server") ? [...scenes, "server"] : scenes;
    const began = performance.now();
    const tally = await runKills({ rounds, runtimes, seed, scenes: all });
    note("kill -9", tally, began);
    if (flags.values.get("json") === "true") {
      const row = { done: tally.passed, violations: tally.failed, more: tally.byRuntime() };
      console.log(JSON.stringify({ rows: [row] }));
    }
  }
  if (runs > 0) {
    const servers = isWanted("server") ? Math.ceil(runs / 10) : 0;
    const reason = await noInjection();
    const began = performance.now();
    if (reason !== undefined) console.log(`failing system calls: skipped, ${reason}`);
    else {note(
        "failing system calls",
        await runStrains({ runs, servers, runtimes, seed, scenes }),
        began,
      );}
  }
  if (scene === "all" && flags.values.get("heap") !== "false") {
    const began = performance.now();
    note("a heap of 64 MiB", await runHeaps(runtimes), began);
  }
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
  const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));
