/** A bounded share of the fault campaign for the ordinary test run. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { runFaultCampaign } from "../fault/fault_campaign.ts";
import { kernelSubjects } from "./kernel_subject.ts";

for (const subject of kernelSubjects) {
  test(`Database: "${subject.name}" loses nothing acknowledged when calls fail`, async () => {
    const report = await runFaultCampaign({ seed: 11, subjects: [subject], runs: 6 });
    assert.equal(report.violations[0] ?? "", "");
    assert.equal(report.runs, 6);
    assert.ok(report.states > report.runs);
  });
}
