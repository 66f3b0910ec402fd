/**
 * Two transactions in each other's way, from beginning to end.
 *
 * @module
 */

import fc from "fast-check";
import { ALWAYS, type Command, command } from "./command.ts";
import { anyDeed, themes } from "./any_deed.ts";
import { anyDecision, decideBoth, prepareBoth } from "./prepared_commands.ts";
import type { Decision } from "./prepared_model.ts";
import type { RealStore } from "./real_store.ts";
import type { StoreModel } from "./store_model.ts";
import {
  anyDurability,
  anyLevel,
  beginBoth,
  type Both,
  commitBoth,
} from "./transaction_commands.ts";

/** How the first of the two ends. */
interface Ending {
  /** After so many deeds. */
  readonly after: number;
  /** It is prepared then, and decided so; else it is committed. */
  readonly decision: Decision | undefined;
  /** Whether it is decided before the other one commits. */
  readonly isEarly: boolean;
}

const anyEnding: fc.Arbitrary<Ending> = fc.record({
  after: fc.nat(4),
  decision: fc.option(anyDecision, { nil: undefined, freq: 2 }),
  isEarly: fc.boolean(),
});

/** Ends the first. @returns what is left to do later */
function endFirst(
  store: StoreModel,
  real: RealStore,
  first: Both,
  { decision }: Ending,
  ends: Promise<void>[],
): () => void {
  ends.push(decision === undefined ? commitBoth(first, "awaited") : prepareBoth(first));
  return () => {
    const held = store.held.find(({ id }) => id === first.id);
    if (held !== undefined) ends.push(decideBoth(store, real, held, decision!));
  };
}

/** Who does something; what both do is likely to collide. */
const anyActor = fc.constantFrom("A", "B", "both");

const duel = fc.record({
  levels: fc.tuple(anyLevel, anyLevel),
  durability: anyDurability,
  deeds: fc.oneof(...[anyDeed, ...themes].map((deed) => {
    return fc.array(fc.tuple(anyActor, deed), { minLength: 2, maxLength: 5 });
  })),
  ending: anyEnding,
}).map(({ levels, durability, deeds, ending }) =>
  command(
    `duel(${levels.join()}, ${durability}, A ends ${JSON.stringify(ending)}): ` +
      deeds.map(([who, deed]) => `${who}: ${deed.text}`).join("; "),
    ALWAYS,
    async (store, real) => {
      const [first, second] = levels.map((level) => beginBoth(store, real, level, durability));
      const ends: Promise<void>[] = [];
      let decide: (() => void) | undefined;
      for (const [at, [who, deed]] of deeds.entries()) {
        if (at === ending.after) decide = endFirst(store, real, first!, ending, ends);
        // What A would do after its end, B does.
        if (decide === undefined && who !== "B") deed.run(first!);
        if (decide !== undefined || who !== "A") deed.run(second!);
      }
      decide ??= endFirst(store, real, first!, ending, ends);
      if (ending.isEarly) decide();
      ends.push(commitBoth(second!, "awaited"));
      if (!ending.isEarly) decide();
      await real.settle(Promise.all(ends));
    },
  )
);

/** All of them. */
export const duelCommands: readonly fc.WeightedArbitrary<Command>[] = [
  { weight: 12, arbitrary: duel },
];
