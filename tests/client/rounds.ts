/**
 * The official client against the real server process on a real file, through `kill -9` and restart.
 *
 * Arguments: `--rounds N` (default 20), `--runtime deno|bun|node|all` (of the server; default all,
 * side by side), `--seed N` (default: drawn and printed). Each round is one test; the last line is
 * `N passed, N failed`, and the exit code is 0 only when nothing failed.
 *
 * @module
 */

import { numberFlag, parseFlags } from "../../src/cli/flags.ts";
import { installDependencies } from "../tools/npm_folder.ts";
import { findRuntime, RUNTIME_NAMES } from "../tools/runtimes.ts";
import type { CampaignCounts } from "./campaign.ts";
import { Campaign } from "./campaign.ts";

const FLAGS = {
  rounds: { value: "N", help: "rounds of each runtime" },
  runtime: { value: "NAME", help: "runtime of the server" },
  seed: { value: "N", help: "seed of all that is random" },
};

async function main(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, FLAGS);
  const rounds = numberFlag(flags, "rounds", 1, 100_000) ?? 20;
  const seed = numberFlag(flags, "seed", 0) ?? Math.floor(Math.random() * 1_000_000_000);
  const wanted = flags.values.get("runtime") ?? "all";
  const names = RUNTIME_NAMES.filter((name) => wanted === "all" || wanted === name);
  if (names.length === 0) throw new RangeError(`--runtime is all or one of ${RUNTIME_NAMES}`);
  console.log(`seed ${seed}`);
  await installDependencies();
  const counts = await Promise.all(names.map(async (name): Promise<CampaignCounts> => {
    try {
      return await Campaign.run(await findRuntime(name), rounds, seed);
    } catch (error) {
      console.log(`${name}: ${error instanceof Error ? error.stack : error}`);
      return { passed: 0, failed: rounds };
    }
  }));
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));
