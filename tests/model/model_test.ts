/**
 * Random commands against plain models: what every read gives, how every change ends, and what is
 * left after every close, crash and power cut. `run.ts` runs more of them.
 */

import { test } from "node:test";
import { runCampaign } from "./campaign.ts";
import { SUBJECTS } from "./subjects.ts";

const RUNS = 30;

for (const subject of SUBJECTS.keys()) {
  test(`${subject.name}: random commands equal the model`, { timeout: 60_000 }, async () => {
    const { failure } = await runCampaign({ subject, runs: RUNS, seed: 1 });
    if (failure !== undefined) throw new Error(failure);
  });
}
