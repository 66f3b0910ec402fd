/**
 * Commands of two-phase commit: to prepare an open transaction, and to decide one in doubt.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { isHoldfastError } from "../../mod.ts";
import { type Command, command, pick } from "./command.ts";
import type { Decision, PreparedModel } from "./prepared_model.ts";
import type { RealStore } from "./real_store.ts";
import { codeOf } from "./refusal.ts";
import type { StoreModel } from "./store_model.ts";
import {
  addToLedger,
  assertOutcome,
  type Both,
  commitBoth,
  takeScene,
} from "./transaction_commands.ts";

/** Most that are in doubt at once, so that not everything is held. */
const HELD_MAX = 3;

export const anyDecision: fc.Arbitrary<Decision> = fc.constantFrom("commit", "rollback");

/** Prepares, and compares how that ends with what the model says. @returns when it has ended */
export function prepareBoth(scene: Both): Promise<void> {
  const { model, tx, store, real, id } = scene;
  addToLedger(scene);
  const expected = model.outcome();
  if (expected.includes("ok")) store.prepare(id, model.changes);
  const { position } = store;
  const { disk } = real;
  return real.follow(
    tx.prepare().then(() => "ok", codeOf).then((outcome) => {
      if (!real.isOn(disk)) return;
      assertOutcome(outcome, expected, `prepare at ${model.isolation}`);
      if (outcome === "ok") store.reached(position, "disk");
    }),
  );
}

/** Decides one in doubt. @returns when it has ended */
export function decideBoth(
  store: StoreModel,
  real: RealStore,
  held: PreparedModel,
  decision: Decision,
): Promise<void> {
  const handle = real.prepared().get(held.id);
  const { disk } = real;
  if (disk.isDark && handle === undefined) return Promise.resolve();
  assert.ok(handle !== undefined, `${held.id} is not in doubt`);
  store.decide(held, decision);
  const { position } = store;
  return real.follow(
    handle[decision]().then(() => {
      if (real.isOn(disk)) store.reached(position, "disk");
    }),
  );
}

/**
 * Ends everything that is open, and decides some of what is in doubt, while the store dies.
 * `prepares` says of every second transaction that it is prepared only.
 */
export function endAllDying(
  store: StoreModel,
  real: RealStore,
  prepares: boolean,
): Promise<void>[] {
  const ends: Promise<void>[] = [];
  try {
    for (const [at, held] of store.held.entries()) {
      ends.push(decideBoth(store, real, held, at % 2 === 0 ? "commit" : "rollback"));
    }
    for (let at = 0; store.transactions.length > 0; at++) {
      const scene = takeScene(store, real, 0);
      ends.push(prepares && at % 2 === 0 ? prepareBoth(scene) : commitBoth(scene, "left"));
    }
  } catch (error) {
    // A read has met the power cut.
    if (!real.disk.isDark || !isHoldfastError(error)) throw error;
  }
  return ends;
}

const prepare = fc.tuple(fc.nat(2), fc.boolean()).map(([drawn, isAwaited]) =>
  command(
    `tx${drawn}: prepare${isAwaited ? "" : ", left"}`,
    (store) => store.transactions.length > 0 && store.held.length < HELD_MAX,
    async (store, real) => {
      const ended = prepareBoth(takeScene(store, real, drawn));
      if (isAwaited) await real.settle(ended);
    },
  )
);

const decide = fc.tuple(fc.nat(HELD_MAX - 1), anyDecision, fc.boolean())
  .map(([drawn, decision, isAwaited]) =>
    command(
      `${decision} prepared${drawn}${isAwaited ? "" : ", left"}`,
      (store) => store.held.length > 0,
      async (store, real) => {
        assert.deepEqual([...real.prepared().keys()].sort(), store.held.map(({ id }) => id).sort());
        const ended = decideBoth(store, real, pick(store.held, drawn), decision);
        if (isAwaited) await real.settle(ended);
      },
    )
  );

/** All of them. */
export const preparedCommands: readonly fc.WeightedArbitrary<Command>[] = [
  { weight: 6, arbitrary: prepare },
  { weight: 4, arbitrary: decide },
];
