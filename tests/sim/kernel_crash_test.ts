/** A bounded share of the crash campaign for the ordinary test run. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { describeViolation, runCampaign } from "./campaign.ts";
import { workloads } from "./workloads.ts";

const SEED = 7;

for (const workload of workloads) {
  test(`Database: "${workload.name}" loses nothing acknowledged at any power cut`, async () => {
    const report = await runCampaign({
      states: 1,
      seed: SEED,
      imagesPerCut: 3,
      innerEvery: 12,
      cutEvery: 11,
      violationsMax: 1,
      workloads: [workload],
    });
    const [violation] = report.violations;
    assert.equal(violation === undefined ? "" : describeViolation(violation, SEED), "");
    assert.ok((report.rows[0]?.operations ?? 0) > 10);
    assert.ok(report.states > (report.rows[0]?.operations ?? 0) / 11);
  });
}
