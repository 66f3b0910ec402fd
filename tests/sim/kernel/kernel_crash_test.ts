/** A bounded share of the crash campaign for the ordinary test run. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { runCampaign } from "../crash/campaign.ts";
import { describeViolation } from "../crash/campaign_report.ts";
import { kernelSubjects } from "./kernel_subject.ts";

const SEED = 7;

for (const workload of kernelSubjects) {
  test(`Database: "${workload.name}" loses nothing acknowledged at any power cut`, async () => {
    const report = await runCampaign({
      states: 1,
      seed: SEED,
      imagesPerCut: 3,
      innerEvery: 12,
      cutEvery: 29,
      violationsMax: 1,
      subjects: [workload],
    });
    const [violation] = report.violations;
    assert.equal(violation === undefined ? "" : describeViolation(violation, SEED), "");
    assert.ok((report.rows[0]?.operations ?? 0) > 10);
    assert.ok(report.states > (report.rows[0]?.operations ?? 0) / 29);
  });
}
