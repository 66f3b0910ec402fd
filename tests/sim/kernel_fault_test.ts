/** A bounded share of the fault campaign for the ordinary test run. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { runFaultCampaign } from "./fault_campaign.ts";
import { RUNNING } from "../io/running_io.ts";
import { kernelSubjects } from "./kernel_subject.ts";
import { thirdOf } from "./third_of.ts";

for (const subject of thirdOf(kernelSubjects, RUNNING)) {
  test(`Database: "${subject.name}" loses nothing acknowledged when calls fail`, async () => {
    const report = await runFaultCampaign({ seed: 11, subjects: [subject], runs: 6 });
    assert.equal(report.violations[0] ?? "", "");
    assert.equal(report.runs, 6);
    assert.ok(report.states > report.runs);
  });
}
