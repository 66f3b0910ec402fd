/**
 * Commands of plain readers and of snapshots.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { shownBy } from "./shown.ts";
import { ALWAYS, type Command, command, pick } from "./command.ts";
import { anyLook } from "./look.ts";
import { outcomeOf } from "./refusal.ts";
import { observe } from "./state.ts";
import { ViewModel } from "./view_model.ts";

const SNAPSHOTS_MAX = 4;

const read = anyLook.map((look) =>
  command(`db: ${look.text}`, ALWAYS, (store, real) => {
    const views = store.visible(real.isBusy).map((state) => new ViewModel(state));
    const results = views.map((view) => {
      const found = look.real(real.db, real, view);
      return { found, expected: look.model(view) };
    });
    if (results.some(({ found, expected }) => isSame(found, expected))) return;
    const { found, expected } = results.at(-1)!;
    assert.deepEqual(found, expected, look.text);
  })
);

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

const compare = fc.constant(
  command("db: compare everything", ALWAYS, (store, real) => {
    store.findVisible(real.shown(), real.isBusy);
  }),
);

const take = fc.constant(
  command(
    "snapshot",
    (model) => model.snapshots.length < SNAPSHOTS_MAX,
    (store, real) => {
      const snapshot = real.db.snapshot();
      const state = store.findVisible(shownBy(snapshot, real.withBallast), real.isBusy);
      store.snapshots.push({ view: new ViewModel(state), released: false });
      real.snapshots.push(snapshot);
    },
  ),
);

const lookAt = fc.tuple(fc.nat(SNAPSHOTS_MAX - 1), anyLook).map(([drawn, look]) =>
  command(
    `snapshot${drawn}: ${look.text}`,
    (model) => model.snapshots.length > 0,
    (store, real) => {
      const { view, released } = pick(store.snapshots, drawn);
      const found = outcomeOf(() => look.real(pick(real.snapshots, drawn), real, view));
      assert.deepEqual(found, released ? "refused: CLOSED" : look.model(view), look.text);
    },
  )
);

const release = fc.nat(SNAPSHOTS_MAX - 1).map((drawn) =>
  command(
    `snapshot${drawn}: compare everything, release`,
    (model) => model.snapshots.length > 0,
    (store, real) => {
      const held = pick(store.snapshots, drawn);
      const snapshot = pick(real.snapshots, drawn);
      if (!held.released) {
        assert.equal(shownBy(snapshot, real.withBallast), observe(held.view.state));
      }
      snapshot.release();
      held.released = true;
    },
  )
);

/** All of them. */
export const snapshotCommands: readonly fc.WeightedArbitrary<Command>[] = [
  { weight: 8, arbitrary: read },
  { weight: 3, arbitrary: compare },
  { weight: 3, arbitrary: take },
  { weight: 3, arbitrary: lookAt },
  { weight: 2, arbitrary: release },
];
