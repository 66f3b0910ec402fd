/**
 * Random runs of commands against the model.
 *
 * @module
 */

import fc from "fast-check";
import { crashCommands } from "./crash_commands.ts";
import { duelCommands } from "./duel_command.ts";
import { preparedCommands } from "./prepared_commands.ts";
import { snapshotCommands } from "./snapshot_commands.ts";
import { observe, observeAll } from "./state.ts";
import { begin, type Beginning } from "./template.ts";
import { transactionCommands } from "./transaction_commands.ts";
import { upkeepCommands } from "./upkeep_commands.ts";
import type { Command } from "./command.ts";
import assert from "node:assert/strict";

/** Commands of a run, at most. */
const COMMANDS_MAX = 50;

/** When the runs end, or the shortening of one that failed: several times what they take. */
const LIMIT_MS = 240_000;

const kinds = [
  ...transactionCommands,
  ...duelCommands,
  ...preparedCommands,
  ...snapshotCommands,
  ...upkeepCommands,
  ...crashCommands,
] as const;

const anyBeginning: fc.Arbitrary<Beginning> = fc.record({
  profile: fc.constantFrom("strict" as const, "strict" as const, "hostile" as const, "no-psow"),
  slow: fc.boolean(),
  ballast: fc.nat(15).map((drawn) => drawn === 15),
});

/** Which runs. */
export interface CampaignPlan {
  readonly runs: number;
  readonly seed: number;
  /** Where a failure was found: its run, and the steps of its shrinking. */
  readonly path?: string | undefined;
  /** The commands of that failure that were run. */
  readonly replayPath?: string | undefined;
}

/** How runs ended. */
export interface CampaignResult {
  readonly passed: number;
  /** What went wrong, and how to see it again. */
  readonly failure?: string;
}

/** Runs `plan.runs` runs, up to the first that fails, which is made as short as it gets. */
export async function runCampaign(plan: CampaignPlan): Promise<CampaignResult> {
  const { runs, seed, path, replayPath } = plan;
  const commands = fc.commands([fc.oneof(...kinds)], {
    maxCommands: COMMANDS_MAX,
    size: "max",
    ...(replayPath === undefined ? {} : { replayPath }),
  });
  const property = fc.asyncProperty(anyBeginning, commands, run);
  const details = await fc.check(property, {
    seed,
    numRuns: runs,
    endOnFailure: false,
    interruptAfterTimeLimit: LIMIT_MS,
    markInterruptAsFailure: true,
    ...(path === undefined ? {} : { path }),
  });
  if (!details.failed) return { passed: details.numRuns };
  if (details.counterexample === null) {
    return { passed: details.numRuns, failure: `seed ${seed}: no end within ${LIMIT_MS} ms` };
  }
  const at = details.counterexamplePath;
  const error = details.errorInstance;
  return {
    passed: details.numRuns - 1,
    failure: `share.ts --seed ${seed} --path ${at}${replayOf(details.counterexample)} shows it ` +
      `again, ${details.numShrinks} times made shorter:\n${describe(details.counterexample)}\n` +
      `${error instanceof Error ? error.stack : error}`,
  };
}

/** The flag that says which of the commands were run. */
function replayOf([, commands]: [Beginning, Iterable<Command>]): string {
  const [, path] = /replayPath="([^"]*)"/.exec(`${commands}`) ?? [];
  return path === undefined ? "" : ` --replay ${path}`;
}

function describe([beginning, commands]: [Beginning, Iterable<Command>]): string {
  return `${JSON.stringify(beginning)}${commands}`;
}

async function run(beginning: Beginning, commands: Iterable<Command>): Promise<void> {
  const { model, real } = await begin(beginning);
  await fc.asyncModelRun(() => ({ model, real }), commands);
  await real.drain();
  for (const { tx } of real.transactions) tx.rollback();
  assert.equal(real.shown(), observe(model.newest));
  await real.settle(real.db.close());
  assert.equal(await real.reopen(real.disk, false), observeAll(model.newest));
  await real.settle(real.db.close());
}
