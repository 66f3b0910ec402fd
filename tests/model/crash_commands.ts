/**
 * Commands that end the life of a database: close, the death of the process, and power cuts, at rest
 * or in the middle of something.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { SimulatedDisk } from "../../adapters/simulated.ts";
import { ALWAYS, type Command, command } from "./command.ts";
import type { Decision } from "./prepared_model.ts";
import { idText, openOn, type RealStore, recoverOn } from "./real_store.ts";
import { observeAll } from "./state.ts";
import type { Death, StoreModel } from "./store_model.ts";
import { anyDeed } from "./any_deed.ts";
import { endAllDying } from "./prepared_commands.ts";
import { anyDurability, beginBoth, commitBoth } from "./transaction_commands.ts";

/** What runs while the store dies. */
type During = "rest" | "commits" | "checkpoint" | "compact" | "close";

const ACTIVITIES: readonly During[] = [
  "rest",
  "commits",
  "commits",
  "checkpoint",
  "compact",
  "close",
];

/** Beyond any number of writes. */
const NEVER = 1_000_000;

/** Policies of a power cut among which one is taken. */
const POLICIES = 24;

/** What becomes of what is in doubt when the store is opened after a close, and who says so. */
const anyJudge = fc.record({
  by: fc.constantFrom("nobody", "option", "recovery"),
  decision: fc.constantFrom<Decision | "keep">("commit", "rollback", "keep"),
});

const reopen = fc.tuple(fc.boolean(), anyJudge).map(([look, { by, decision }]) =>
  command(
    `close and open${look ? ", with a look" : ""}, ${by} says ${decision}`,
    ALWAYS,
    async (store, real) => {
      await real.settle(real.db.close());
      await real.drain();
      store.reopened();
      // Of several every second one stays in doubt.
      const decided = by === "nobody" || decision === "keep"
        ? []
        : store.held.filter((_, at) => at % 2 === 0);
      const ids = new Set(decided.map(({ id }) => id));
      const decide = (id: string): Decision | "keep" => ids.has(id) ? decision : "keep";
      const shown = await real.reopen(real.disk, look && ids.size === 0, (disk) => {
        if (by === "recovery") return recoverOn(disk, decide);
        return openOn(disk, { decide: (id) => decide(idText(id)) });
      });
      for (const held of decided) store.decide(held, decision as Decision);
      store.reached(store.position, "disk");
      assert.equal(shown, observeAll(store.newest), "what was closed is there");
    },
  )
);

const crash = fc.record({
  death: fc.constantFrom<Death>("power", "power", "process"),
  during: fc.constantFrom(...ACTIVITIES),
  after: fc.oneof(fc.nat(4), fc.nat(12), fc.constant(NEVER)),
  policy: fc.nat(POLICIES - 1),
  look: fc.boolean(),
  prepares: fc.boolean(),
  last: fc.array(fc.tuple(anyDeed, anyDurability), { maxLength: 3 }),
}).map(({ death, during, after, policy, look, prepares, last }) =>
  command(
    `${death} dies at ${during}${prepares ? " and prepares" : ""} after ${after}, ` +
      `policy ${policy}${look ? ", with a look" : ""}` +
      last.map(([{ text }, durability]) => `; ${durability}: ${text}`).join(""),
    ALWAYS,
    async (store, real) => {
      // One transaction each, in order: what is left of them is a prefix.
      const commits = (during === "rest" ? [] : last).map(([deed, durability]) => {
        const scene = beginBoth(store, real, "last-win", durability);
        deed.run(scene);
        return commitBoth(scene, "left");
      });
      real.isDying = true;
      real.disk.cutAt(real.disk.operations + after);
      await real.settle(Promise.all([...commits, ...beginDying(store, real, during, prepares)]));
      const next = death === "process" ? real.disk.processDeath() : cut(real.disk, policy);
      real.disk.cutAt(real.disk.operations);
      store.recovered(death, await real.reopen(next, look));
    },
  )
);

/** The disk as it comes up again. */
function cut(disk: SimulatedDisk, policy: number): SimulatedDisk {
  const policies = disk.policies({ limit: POLICIES, seed: policy });
  return disk.crash(policies[policy % policies.length]!);
}

/** Begins what is to be interrupted; it ends in any way. */
function beginDying(
  store: StoreModel,
  real: RealStore,
  during: During,
  prepares: boolean,
): Promise<unknown>[] {
  if (during === "rest") return [];
  const dying = endAllDying(store, real, prepares);
  const { position } = store;
  const { disk } = real;
  const whole = (done: Promise<unknown>): Promise<unknown> =>
    done.then(() => {
      // A store that has met the power cut can be closed, too: it is only freed.
      if (real.isOn(disk)) store.reached(position, "disk");
    });
  if (during === "checkpoint") dying.push(real.follow(whole(real.db.checkpoint())));
  if (during === "close") dying.push(real.follow(whole(real.db.close())));
  // It is refused at once where the commits have met the power cut already.
  if (during === "compact") {
    dying.push(real.follow(new Promise((resolve) => resolve(real.db.compact()))));
  }
  return dying;
}

/** All of them. */
export const crashCommands: readonly fc.WeightedArbitrary<Command>[] = [
  { weight: 2, arbitrary: reopen },
  { weight: 4, arbitrary: crash },
];
