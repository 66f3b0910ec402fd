/** A bounded share of the fault campaign for the ordinary test run. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { runFaultCampaign } from "./fault_campaign.ts";
import { workloads } from "./workloads.ts";

for (const workload of workloads) {
  test(`Database: "${workload.name}" loses nothing acknowledged when calls fail`, async () => {
    const report = await runFaultCampaign({ seed: 11, workloads: [workload], callsMax: 2 });
    assert.equal(report.violations[0] ?? "", "");
    assert.ok(report.runs > 15);
    assert.ok(report.states > report.runs);
  });
}
