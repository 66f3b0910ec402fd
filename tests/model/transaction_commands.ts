/**
 * Commands about transactions: up to three are open at once, and two that meet.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Durability, Isolation } from "../../mod.ts";
import { ALWAYS, type Command, command, pick } from "./command.ts";
import { anyDeed } from "./any_deed.ts";
import type { Deed, Scene } from "./deed.ts";
import { ledger, serialName } from "./definitions.ts";
import type { RealStore } from "./real_store.ts";
import { codeOf, outcomeOf } from "./refusal.ts";
import type { StoreModel } from "./store_model.ts";

const OPEN_MAX = 3;

export const anyLevel: fc.Arbitrary<Isolation> = fc.constantFrom(
  "snapshot",
  "serializable",
  "last-win",
  "version-on-write",
  "version-on-read",
);

export const anyDurability: fc.Arbitrary<Durability> = fc.constantFrom("disk", "os", "memory");

/** How a commit is made: awaited, left to go on, or on this thread. */
type Manner = "awaited" | "left" | "sync";

const anyManner: fc.Arbitrary<Manner> = fc.constantFrom("awaited", "awaited", "left", "sync");

const hasOpen = (model: Readonly<StoreModel>): boolean => model.transactions.length > 0;

/** A transaction on both sides. */
export interface Both extends Scene {
  readonly durability: Durability;
  readonly id: string;
}

/** Begins a transaction on both sides. */
export function beginBoth(
  store: StoreModel,
  real: RealStore,
  isolation: Isolation,
  durability: Durability,
): Both {
  const id = serialName(store.nextNumber());
  const transactionId = new TextEncoder().encode(id);
  const tx = real.db.begin({ isolation, durability, transactionId });
  return { model: store.begin(isolation), tx, store, real, durability, id };
}

/** The open transaction that a drawn number means, as a scene. */
function sceneOf(store: StoreModel, real: RealStore, drawn: number): Both & { at: number } {
  const at = drawn % store.transactions.length;
  const model = store.transactions[at]!;
  return { ...real.transactions[at]!, model, store, real, at };
}

/** The same, which is open no more. */
export function takeScene(store: StoreModel, real: RealStore, drawn: number): Both {
  const scene = sceneOf(store, real, drawn);
  forget(store, real, scene.at);
  return scene;
}

/** Takes a transaction out of the open ones. */
function forget(store: StoreModel, real: RealStore, at: number): void {
  store.transactions.splice(at, 1);
  real.transactions.splice(at, 1);
}

/** What changes something leaves its number. */
export function addToLedger({ model, tx, store }: Scene): void {
  if (model.changes.length === 0) return;
  const number = store.nextNumber();
  tx.open(ledger).put(number, number);
  model.put("ledger", serialName(number), String(number));
}

/** Asserts that it ended in one of the ways in which it may. */
export function assertOutcome(found: string, expected: readonly string[], what: string): void {
  assert.ok(expected.includes(found), `${what} ended with ${found}, not ${expected.join(", ")}`);
}

/**
 * Commits, and compares how that ends with what the level says. Once the power is gone nothing is
 * known any more: a commit may have failed before it had a place, or after.
 * @returns when it has ended
 */
export function commitBoth(scene: Both, manner: Manner): Promise<void> {
  const { model, tx, store, real, durability } = scene;
  addToLedger(scene);
  const expected = model.outcome();
  if (expected.includes("ok") && model.changes.length > 0) store.commit(model.changes);
  const { position } = store;
  const { disk } = real;
  const done = manner === "sync"
    ? new Promise<void>((resolve) => resolve(tx.commitSync()))
    : tx.commit();
  return real.follow(
    done.then(() => "ok", codeOf).then((outcome) => {
      if (!real.isOn(disk)) return;
      assertOutcome(outcome, expected, `commit at ${model.isolation}`);
      if (outcome === "ok") store.reached(position, durability);
    }),
  );
}

const begin = fc.tuple(anyLevel, anyDurability).map(([isolation, durability]) =>
  command(
    `begin(${isolation}, ${durability})`,
    (model) => model.transactions.length < OPEN_MAX,
    (store, real) => {
      const both = beginBoth(store, real, isolation, durability);
      store.transactions.push(both.model);
      const { tx, id } = both;
      real.transactions.push({ tx, id, durability, savepoints: [] });
    },
  )
);

const inOpen = fc.tuple(fc.nat(OPEN_MAX - 1), anyDeed).map(([drawn, deed]) =>
  command(`tx${drawn}: ${deed.text}`, hasOpen, (store, real) => {
    deed.run(sceneOf(store, real, drawn));
  })
);

/** What all do is likely to collide. */
const inAll = anyDeed.map((deed) =>
  command(`every tx: ${deed.text}`, hasOpen, (store, real) => {
    for (const at of store.transactions.keys()) deed.run(sceneOf(store, real, at));
  })
);

const commit = fc.tuple(fc.nat(OPEN_MAX - 1), anyManner).map(([drawn, manner]) =>
  command(`tx${drawn}: commit, ${manner}`, hasOpen, async (store, real) => {
    const ended = commitBoth(takeScene(store, real, drawn), manner);
    if (manner !== "left") await real.settle(ended);
  })
);

const rollback = fc.nat(OPEN_MAX - 1).map((drawn) =>
  command(`tx${drawn}: rollback`, hasOpen, (store, real) => {
    const { tx } = takeScene(store, real, drawn);
    tx.rollback();
    assert.equal(outcomeOf(() => tx.open(ledger)), "refused: TRANSACTION_DONE");
  })
);

const savepoint = fc.nat(OPEN_MAX - 1).map((drawn) =>
  command(`tx${drawn}: savepoint`, hasOpen, (store, real) => {
    const { at, model, tx } = sceneOf(store, real, drawn);
    model.savepoint();
    real.transactions[at]!.savepoints.push(tx.savepoint());
  })
);

const endSavepoint = fc.record({
  drawn: fc.nat(OPEN_MAX - 1),
  back: fc.nat(3),
  how: fc.constantFrom("rollback" as const, "rollback" as const, "release" as const),
}).map(({ drawn, back, how }) =>
  command(
    `tx${drawn}: ${how} of savepoint -${back}`,
    (model) => hasOpen(model) && pick(model.transactions, drawn).marks.length > 0,
    (store, real) => {
      const { at, model } = sceneOf(store, real, drawn);
      const which = model.marks.length - 1 - back % model.marks.length;
      const expected = outcomeOf(() => model.endSavepoint(which, how));
      const { savepoints } = real.transactions[at]!;
      assert.equal(outcomeOf(() => savepoints[which]![how]()), expected);
    },
  )
);

/** `Database.update`: nothing can come between its body and its commit. */
const update = fc.record({
  isolation: anyLevel,
  durability: anyDurability,
  deeds: fc.array(anyDeed, { minLength: 1, maxLength: 4 }),
}).map(({ isolation, durability, deeds }) =>
  command(
    `update(${isolation}, ${durability}): ${deeds.map(({ text }) => text).join("; ")}`,
    ALWAYS,
    (store, real) => updateBoth(store, real, isolation, durability, deeds),
  )
);

async function updateBoth(
  store: StoreModel,
  real: RealStore,
  isolation: Isolation,
  durability: Durability,
  deeds: readonly Deed[],
): Promise<void> {
  const model = store.begin(isolation);
  let expected: readonly string[] = [];
  const done = real.db.update((tx) => {
    const scene = { model, tx, store, real };
    for (const deed of deeds) deed.run(scene);
    addToLedger(scene);
    expected = model.outcome();
    if (expected.includes("ok") && model.changes.length > 0) store.commit(model.changes);
  }, { isolation, durability, retries: 0 });
  const { position } = store;
  const outcome = await real.settle(done.then(() => "ok", codeOf));
  assertOutcome(outcome, expected, `update at ${isolation}`);
  if (outcome === "ok") store.reached(position, durability);
}

/** All of them. */
export const transactionCommands: readonly fc.WeightedArbitrary<Command>[] = [
  { weight: 10, arbitrary: begin },
  { weight: 30, arbitrary: inOpen },
  { weight: 15, arbitrary: inAll },
  { weight: 9, arbitrary: commit },
  { weight: 1, arbitrary: rollback },
  { weight: 3, arbitrary: savepoint },
  { weight: 3, arbitrary: endSavepoint },
  { weight: 6, arbitrary: update },
];
