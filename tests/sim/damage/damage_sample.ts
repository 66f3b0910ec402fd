/**
 * A small part of the damage campaign, for the tests of a structure. `DAMAGE_RUNS` is how many
 * mutations of each golden store there are; `tests/sim/damage/damage_main.ts --every` does all of them.
 */

import assert from "node:assert/strict";
import process from "node:process";
import type { ErrorCode } from "../../../mod.ts";
import { RUNNING } from "../../io/running_io.ts";
import { type DamageRow, runDamage } from "./damage_campaign.ts";
import { goldenStores } from "../golden/golden_stores.ts";
import type { Kind } from "./mutations.ts";

const RUNS = Number(process.env["DAMAGE_RUNS"] ?? 60);

/** What is damaged, and what has to come of it beside what always holds. */
export interface DamageSample {
  /** Names of golden stores. */
  readonly stores: readonly string[];
  readonly state?: "closed" | "crashed";
  /** Default: all. */
  readonly kinds?: readonly Kind[];
  /** Codes that are met in each of the stores, or in one at least. */
  readonly codes: readonly ErrorCode[];
}

/** Damages the golden stores. What is read is right, or an error with a code. */
export async function assertDamage(
  { stores, state, kinds, codes }: DamageSample,
): Promise<readonly DamageRow[]> {
  const chosen = goldenStores.filter(({ name }) => stores.includes(name));
  assert.equal(chosen.length, stores.length, `${stores} are no golden stores`);
  const { rows } = await runDamage({
    stores: chosen.map((store) => ({
      ...store,
      build: async () =>
        (await store.build()).filter((golden) => state === undefined || golden.state === state),
    })),
    share: RUNS,
    // Each runtime takes others.
    seed: ["deno", "bun", "node"].indexOf(RUNNING) + 1,
    ...(kinds === undefined ? {} : { kinds }),
  });
  assert.ok(rows.length > 0);
  for (const row of rows) {
    assert.deepEqual(row.violations, [], `${row.name}, ${row.state}`);
    assert.ok(row.runs >= RUNS / 2, `${row.runs} mutations`);
    assert.equal(row.right + row.errors + row.tail + row.lastWrite + row.absent, row.runs);
  }
  const met = new Set(rows.flatMap((row) => Object.keys(row.codes)));
  for (const code of codes) assert.ok(met.has(code), `${code} is not among ${[...met]}`);
  return rows;
}
