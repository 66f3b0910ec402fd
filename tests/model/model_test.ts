/**
 * Random commands against a plain model of a database: what every read gives, how every commit
 * ends, and what is left after every close, crash and power cut. `run.ts` runs more of them.
 */

import { test } from "node:test";
import { runCampaign } from "./campaign.ts";

const RUNS = 50;

for (const seed of [1, 2]) {
  test(`Database: random commands equal the model, seed ${seed}`, { timeout: 60_000 }, async () => {
    const { failure } = await runCampaign({ runs: RUNS, seed });
    if (failure !== undefined) throw new Error(failure);
  });
}
