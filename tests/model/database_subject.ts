/**
 * A database as a whole: transactions, snapshots, upkeep and crashes.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Command } from "./command.ts";
import { crashCommands } from "./crash_commands.ts";
import { duelCommands } from "./duel_command.ts";
import { preparedCommands } from "./prepared_commands.ts";
import { snapshotCommands } from "./snapshot_commands.ts";
import { observe, observeAll } from "./state.ts";
import type { Subject } from "./subject.ts";
import { begin, type Beginning } from "./template.ts";
import { transactionCommands } from "./transaction_commands.ts";
import { upkeepCommands } from "./upkeep_commands.ts";

/** Commands of a run, at most. */
const COMMANDS_MAX = 50;

const kinds = [
  ...transactionCommands,
  ...duelCommands,
  ...preparedCommands,
  ...snapshotCommands,
  ...upkeepCommands,
  ...crashCommands,
] as const;

const anyBeginning: fc.Arbitrary<Beginning> = fc.record({
  profile: fc.constantFrom(
    "sector512" as const,
    "sector512" as const,
    "hostile" as const,
    "no-psow",
  ),
  slow: fc.boolean(),
  ballast: fc.nat(15).map((drawn) => drawn === 15),
});

/** All that a database does. */
export const databaseSubject: Subject = {
  name: "database",
  property: (replayPath) => {
    const commands = fc.commands([fc.oneof(...kinds)], {
      maxCommands: COMMANDS_MAX,
      size: "max",
      ...(replayPath === undefined ? {} : { replayPath }),
    });
    return fc.asyncProperty(anyBeginning, commands, run);
  },
};

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
