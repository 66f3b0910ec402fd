/** A bounded share of the power cuts under a store of streams, for the ordinary test run. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { runCampaign } from "./campaign.ts";
import { describeViolation } from "./campaign_report.ts";
import { streamsSubjects } from "./streams_subjects.ts";

const SEED = 5;

for (const subject of streamsSubjects) {
  test(`EmbeddedStreamStore: "${subject.name}" keeps its promises at any power cut`, async () => {
    const report = await runCampaign({
      subjects: [subject],
      states: 1,
      seed: SEED,
      imagesPerCut: 2,
      innerEvery: 8,
      cutEvery: 27,
      violationsMax: 1,
    });
    const [violation] = report.violations;
    assert.equal(violation === undefined ? "" : describeViolation(violation, SEED), "");
    assert.ok((report.rows[0]?.operations ?? 0) > 15);
    assert.ok(report.states > 1);
  });
}
